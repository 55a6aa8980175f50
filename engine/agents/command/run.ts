// One run of a program, from its gate to the end of its process group.
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { failure, type Failure } from '#machines/nouns/error';
import type { Clock } from '../../ports.ts';
import type { InvokeRequest, Outcome, Sink } from '../adapter.ts';
import { startGated, type Gated } from './gate.ts';
import { endGroup, groupAlive } from './process-group.ts';
import { findProgram, runEnvironment } from './program.ts';
import { StderrLines } from './stderr-lines.ts';
import { StdoutLines } from './stdout-lines.ts';
import { OutputTooLarge, Transcript } from './transcript.ts';

/** Between SIGTERM and SIGKILL: enough to save work, short enough that a cancel is over within two seconds. */
export const GRACE_MS = 1_500;
/** Processes that a program leaves behind in its group get this long to end by themselves. */
const LEFTOVER_MS = 500;
/** A pipe that a process outside the group holds open is given up after this long without a byte. */
const IDLE_PIPE_MS = 1_000;

const failed = (error: Failure): Outcome => ({ status: 'failed', artifacts: [], error });

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Reads a pipe to its end, piece by piece; `busyAt` is told whenever a byte was read or dealt with. */
const readAll = async (
  pipe: Readable,
  onBytes: (bytes: Uint8Array) => Promise<void>,
  activity: Activity,
): Promise<void> => {
  try {
    for await (const bytes of pipe as AsyncIterable<Uint8Array>) {
      activity.working += 1;
      try {
        await onBytes(bytes);
      } finally {
        activity.working -= 1;
        activity.lastAt = activity.clock.now();
      }
    }
  } catch (error) {
    if (!activity.isGivenUp || error instanceof OutputTooLarge) throw error;
  }
};

interface Activity {
  readonly clock: Clock;
  lastAt: number;
  working: number;
  isGivenUp: boolean;
}

/** After the program’s exit: ends what is left of its group, then gives up pipes that strangers hold open. */
const sweepAfterExit = async (
  { child, pid }: Gated,
  activity: Activity,
  isRead: () => boolean,
): Promise<void> => {
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      activity.clock.after(ms, resolve);
    });
  for (let waited = 0; groupAlive(pid) && waited < LEFTOVER_MS; waited += 50) await pause(50);
  if (groupAlive(pid)) await endGroup(activity.clock, pid, GRACE_MS);
  activity.lastAt = activity.clock.now();
  while (!isRead()) {
    if (activity.working === 0 && activity.clock.now() - activity.lastAt >= IDLE_PIPE_MS) {
      activity.isGivenUp = true;
      child.stdout.destroy();
      child.stderr.destroy();
    }
    await pause(50);
  }
};

const outcomeOf = (
  exit: Exit,
  said: Pick<Outcome, 'text' | 'artifacts'>,
  reported: Failure | null,
  tail?: string,
): Outcome => {
  if (exit.code === 0) return { status: 'completed', ...said };
  const how =
    exit.code === null ? `was ended by ${exit.signal ?? 'a signal'}` : `exited with ${String(exit.code)}`;
  const error = reported ?? failure('agent_failed', `The program ${how}`, tail);
  const status = error.code === 'agent_rejected' ? 'rejected' : 'failed';
  return {
    status,
    ...said,
    error: error.cause === undefined && tail !== undefined ? { ...error, cause: tail } : error,
  };
};

const attend = async (clock: Clock, gated: Gated, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  const { child, pid } = gated;
  const { signal } = request;
  const transcript = new Transcript(sink);
  const stdout = new StdoutLines();
  const stderr = new StderrLines();
  const activity: Activity = { clock, lastAt: clock.now(), working: 0, isGivenUp: false };
  let hasExited = false;
  const exited: Promise<Exit> = once(child, 'exit').then(([code, by]: unknown[]) => {
    hasExited = true;
    return { code: typeof code === 'number' ? code : null, signal: (by ?? null) as NodeJS.Signals | null };
  });
  exited.catch(() => undefined);
  let ending: Promise<boolean> | null = null;
  const end = (): Promise<boolean> => (ending ??= endGroup(clock, pid, GRACE_MS));
  // What has exited cannot be cancelled any more: its result stands.
  const onAbort = (): void => {
    if (!hasExited) void end();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await sink.handle({ pid, started: gated.started }, null);
    if (signal.aborted) await end();
    else {
      gated.open(request.prompt);
      sink.sent();
    }
    const log = (lines: readonly string[]): Promise<unknown> =>
      Promise.all(
        lines.map((text) => transcript.report({ kind: 'status', payload: { state: 'working', text } })),
      );
    let isRead = false;
    const reading = Promise.all([
      readAll(
        child.stdout,
        async (bytes) => {
          for (const piece of stdout.push(bytes)) await transcript.take(piece);
        },
        activity,
      ),
      readAll(
        child.stderr,
        async (bytes) => {
          await log(stderr.push(bytes));
        },
        activity,
      ),
    ]).finally(() => {
      isRead = true;
    });
    const swept = exited.then(() => sweepAfterExit(gated, activity, () => isRead));
    await reading;
    for (const piece of stdout.end()) await transcript.take(piece);
    await log(stderr.end());
    const exit = await exited;
    await swept;
    const said = await transcript.close();
    if (ending === null) return outcomeOf(exit, said, transcript.failure, stderr.tail);
    return { status: 'cancelled', ...said, cancelConfirmed: await end() };
  } catch (error) {
    await end();
    if (!(error instanceof OutputTooLarge)) throw error;
    const said = await transcript.close();
    return { ...failed(failure('invalid_agent_response', `The program printed ${error.message}`)), ...said };
  } finally {
    signal.removeEventListener('abort', onAbort);
    child.stdout.destroy();
    child.stderr.destroy();
  }
};

/** Runs the program of a request to its end. A program that cannot be started is a failed outcome. */
export const runProgram = async (clock: Clock, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  if (request.signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
  const program = findProgram(request.target.entry);
  if (!('file' in program)) return failed(program);
  const env = runEnvironment(program, request);
  if ('retryable' in env) return failed(env as Failure);
  const gated = await startGated(program, env);
  return 'child' in gated ? attend(clock, gated, request, sink) : failed(gated);
};
