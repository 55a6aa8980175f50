// One run of a program, from its gate to the end of its process group.
import { failure, type Failure } from '#machines/nouns/error';
import type { Clock } from '../../ports.ts';
import { attend, GRACE_MS, howEnded, type Exit } from '../../processes/attendance.ts';
import { startGated, type Gated } from '../../processes/gate.ts';
import { LogLines } from '../../processes/log-lines.ts';
import { endMarked } from '../../processes/process-group.ts';
import { findProgram, keyVariable } from '../../processes/program.ts';
import type { InvokeRequest, Outcome, Sink } from '../adapter.ts';
import { runEnvironment } from './environment.ts';
import { StdoutLines, type Piece } from './stdout-lines.ts';
import { OutputTooLarge, Transcript } from './transcript.ts';

const failed = (error: Failure): Outcome => ({ status: 'failed', artifacts: [], error });

const outcomeOf = (
  exit: Exit,
  said: Pick<Outcome, 'text' | 'artifacts'>,
  reported: Failure | null,
  tail?: string,
): Outcome => {
  if (exit.code === 0) return { status: 'completed', ...said };
  const error = reported ?? failure('agent_failed', `The program ${howEnded(exit)}`, tail);
  const status = error.code === 'agent_rejected' ? 'rejected' : 'failed';
  return {
    status,
    ...said,
    error: error.cause === undefined && tail !== undefined ? { ...error, cause: tail } : error,
  };
};

const converse = async (clock: Clock, gated: Gated, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  const { signal } = request;
  const attendance = attend(clock, gated);
  const transcript = new Transcript(sink);
  const stdout = new StdoutLines();
  const stderr = new LogLines();
  let wasEnded = false;
  const end = async (): Promise<boolean> => {
    wasEnded = true;
    const isGone = await attendance.end();
    // What it has started in sessions of its own is of no use to anybody now.
    return (await endMarked(clock, keyVariable(request.key), GRACE_MS)) && isGone;
  };
  // What has exited cannot be cancelled any more: its result stands.
  const onAbort = (): void => {
    if (!attendance.hasExited()) void end();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await sink.handle({ pid: gated.pid, started: gated.started }, null);
    if (signal.aborted) await end();
    else {
      gated.open(request.prompt);
      sink.sent();
    }
    const log = async (lines: readonly string[]): Promise<void> => {
      await Promise.all(
        lines.map((text) => transcript.report({ kind: 'status', payload: { state: 'working', text } })),
      );
    };
    const take = async (pieces: readonly Piece[]): Promise<void> => {
      for (const piece of pieces) await transcript.take(piece);
    };
    const exit = await attendance.read(
      { push: (bytes) => take(stdout.push(bytes)), end: () => take(stdout.end()) },
      { push: (bytes) => log(stderr.push(bytes)), end: () => log(stderr.end()) },
    );
    const said = await transcript.close();
    if (!wasEnded) return outcomeOf(exit, said, transcript.failure, stderr.tail);
    return { status: 'cancelled', ...said, cancelConfirmed: await end() };
  } catch (error) {
    await end();
    if (!(error instanceof OutputTooLarge)) throw error;
    const said = await transcript.close();
    return { ...failed(failure('invalid_agent_response', `The program printed ${error.message}`)), ...said };
  } finally {
    signal.removeEventListener('abort', onAbort);
    attendance.close();
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
  return 'child' in gated ? converse(clock, gated, request, sink) : failed(gated);
};
