// One run at a program that talks in JSON lines over its standard streams: from its gate to the end of its process group.
import { failure, type Failure } from '#machines/nouns/error';
import type { InvokeRequest, NativeHandle, Outcome, Sink } from '../agents/adapter.ts';
import type { Clock } from '../ports.ts';
import { AgentFault } from './agent-fault.ts';
import { attend, GRACE_MS, howEnded, pause, type Attendance, type PipeReader } from './attendance.ts';
import { startGated, type Gated } from './gate.ts';
import { JsonLines, type Line } from './json-lines.ts';
import { LogLines } from './log-lines.ts';
import { endMarked, groupAlive } from './process-group.ts';
import { keyVariable, markedEnvironment, type Program } from './program.ts';
import { Story } from './story.ts';

/** An agent that was asked to stop gets this long to say that it did; then its processes are ended. */
const CONFIRM_MS = 2_000;
/** After the end of a run the program gets this long to go by itself; it may be saving its session. */
const LINGER_MS = 1_000;
/** The same after a cancel, which should be over within two seconds. */
const LINGER_AFTER_STOP_MS = 300;

/** How the agent itself said that the run ended. `text` is the answer where the agent repeats it with the end. */
export interface Ending {
  readonly status: Outcome['status'];
  readonly error?: Failure;
  readonly text?: string;
}

/** What a manner of talking works with. */
export interface Stage {
  readonly clock: Clock;
  readonly request: InvokeRequest;
  readonly sink: Sink;
  readonly story: Story;
  /** Writes one JSON value as a line to the program’s stdin. What a program that has gone does not read is lost. */
  say(value: unknown): void;
  /** Gives the program a text as its whole stdin: nothing can be said after it. */
  sayAll(text: string): void;
  /** Saves the agent’s own id of the run, with what finds it again. */
  remember(taskId: string, more: NativeHandle): Promise<void>;
}

/** How one make of agent talks; made anew for each run. */
export interface Manner {
  /** Called once, when the gate is open: says what begins the run. */
  begin(): void;
  /** Takes one JSON value of stdout; the next is read when it is done. Throws AgentFault for what no agent may say. */
  take(value: unknown): Promise<void>;
  /** Asks the agent to end the run. False: it cannot be asked (now), so its processes are ended. */
  cancel(): boolean;
  /** Nothing more comes. `ended` must settle now, with `gone` when the agent never said how the run ended. */
  over(): void;
  /** The agent’s word about the end. Rejects with AgentFault, or with a fault of ours. */
  readonly ended: Promise<Ending | 'gone'>;
}

const failed = (error: Failure): Outcome => ({ status: 'failed', artifacts: [], error });

const withCause = (error: Failure, tail: string | undefined): Failure =>
  error.cause !== undefined || tail === undefined ? error : { ...error, cause: tail };

interface Reading {
  readonly stdout: PipeReader;
  readonly stderr: PipeReader;
  /** The last lines for people. */
  readonly tail: () => string | undefined;
}

/** What the program prints, taken apart and handed on. */
const createReading = (manner: Manner, story: Story): Reading => {
  const lines = new JsonLines();
  const talk = new LogLines();
  const stderr = new LogLines();
  const log = async (texts: readonly string[]): Promise<void> => {
    for (const text of texts) await story.status(text);
  };
  const takeAll = async (found: Iterable<Line>): Promise<void> => {
    for (const line of found) {
      if ('value' in line) await manner.take(line.value);
      else await log(talk.line(line.text));
    }
  };
  return {
    stdout: {
      push: (bytes) => takeAll(lines.push(bytes)),
      end: async () => {
        await takeAll(lines.end());
        await log(talk.end());
        manner.over();
      },
    },
    stderr: { push: (bytes) => log(stderr.push(bytes)), end: () => log(stderr.end()) },
    tail: () => stderr.tail ?? talk.tail,
  };
};

/**
 * Lets the program go when the run has ended: stdin closed, a moment to leave, then the end of its group. Resolves to
 * whether it left by itself.
 */
const dismiss = async (
  clock: Clock,
  { child }: Gated,
  attendance: Attendance,
  lingerMs: number,
): Promise<boolean> => {
  child.stdin.end();
  await Promise.race([attendance.exited, pause(clock, lingerMs)]);
  if (attendance.hasExited()) return true;
  await attendance.end();
  return false;
};

const attendTo = async (
  clock: Clock,
  gated: Gated,
  request: InvokeRequest,
  sink: Sink,
  mannerOf: (stage: Stage) => Manner,
): Promise<Outcome> => {
  const { child, pid, started } = gated;
  const { signal } = request;
  const attendance = attend(clock, gated);
  const story = new Story(sink);
  const manner = mannerOf({
    clock,
    request,
    sink,
    story,
    say: (value) => child.stdin.write(`${JSON.stringify(value)}\n`),
    sayAll: (text) => child.stdin.end(text),
    remember: (taskId, more) => story.handle({ pid, started, ...more }, taskId),
  });
  manner.ended.catch(() => undefined);
  const { stdout, stderr, tail } = createReading(manner, story);
  let wasStopped = false;
  let stopClock = (): void => undefined;
  const onAbort = (): void => {
    // What has exited cannot be cancelled any more: its word stands.
    if (attendance.hasExited()) return;
    wasStopped = true;
    if (manner.cancel()) stopClock = clock.after(CONFIRM_MS, () => void attendance.end());
    else void attendance.end();
  };
  try {
    await sink.handle({ pid, started }, null);
    if (signal.aborted)
      return { status: 'cancelled', artifacts: [], cancelConfirmed: await attendance.end() };
    signal.addEventListener('abort', onAbort, { once: true });
    gated.open();
    manner.begin();
    const reading = attendance.read(stdout, stderr);
    // A fault while reading comes up here; the end of stdout alone only makes `ended` settle.
    const ending = await Promise.race([manner.ended, reading.then(() => manner.ended)]);
    stopClock();
    signal.removeEventListener('abort', onAbort);
    const lingerMs = wasStopped ? LINGER_AFTER_STOP_MS : LINGER_MS;
    const hasLeft = await dismiss(clock, gated, attendance, lingerMs);
    const exit = await reading;
    // Tools in sessions of their own outlive an agent that was stopped; after a good end they are its own business.
    const isClean =
      (!wasStopped && ending !== 'gone') || (await endMarked(clock, keyVariable(request.key), GRACE_MS));
    const said = await story.close();
    if (ending !== 'gone') {
      const { status, error, text = said.text } = ending;
      return {
        status,
        ...said,
        ...(text === undefined ? {} : { text }),
        ...(error === undefined ? {} : { error: withCause(error, tail()) }),
        ...(status === 'cancelled' ? { cancelConfirmed: true } : {}),
      };
    }
    if (wasStopped) return { status: 'cancelled', ...said, cancelConfirmed: isClean && !groupAlive(pid) };
    const how = hasLeft ? howEnded(exit) : 'closed its output';
    const error = failure('agent_failed', `The program ${how} before it had answered`, tail());
    return { status: 'failed', ...said, error };
  } catch (error) {
    await attendance.end();
    await endMarked(clock, keyVariable(request.key), GRACE_MS);
    if (!(error instanceof AgentFault)) throw error;
    const said = await story.close();
    return { status: 'failed', ...said, error: withCause(error.failure, tail()) };
  } finally {
    stopClock();
    signal.removeEventListener('abort', onAbort);
    attendance.close();
  }
};

/**
 * Runs one request at a program. Nothing of it runs before its handle is saved, and nothing of it runs when this
 * resolves. A program that cannot be started, says what its protocol does not allow, or goes without a word is a failed
 * outcome; faults of ours (the sink’s) reject.
 */
export const converse = async (
  clock: Clock,
  program: Program,
  request: InvokeRequest,
  sink: Sink,
  mannerOf: (stage: Stage) => Manner,
): Promise<Outcome> => {
  if (request.signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
  const gated = await startGated(program, markedEnvironment(program, request));
  return 'child' in gated ? attendTo(clock, gated, request, sink, mannerOf) : failed(gated);
};
