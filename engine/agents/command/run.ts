// One run of a program, from its gate to the end of its process group.
import { failure, type Failure } from '#machines/nouns/error';
import type { Clock } from '../../ports.ts';
import { howEnded, type Exit } from '../../processes/attendance.ts';
import { startGated, type Gated } from '../../processes/gate.ts';
import { LogLines } from '../../processes/log-lines.ts';
import { attendOnce } from '../../processes/one-shot.ts';
import { findProgram } from '../../processes/program.ts';
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
  const transcript = new Transcript(sink);
  const stdout = new StdoutLines();
  const stderr = new LogLines();
  const log = async (lines: readonly string[]): Promise<void> => {
    await Promise.all(
      lines.map((text) => transcript.report({ kind: 'status', payload: { state: 'working', text } })),
    );
  };
  const take = async (pieces: readonly Piece[]): Promise<void> => {
    for (const piece of pieces) await transcript.take(piece);
  };
  try {
    const { exit, wasStopped, isGone } = await attendOnce(clock, gated, request, sink, {
      input: request.prompt,
      stdout: { push: (bytes) => take(stdout.push(bytes)), end: () => take(stdout.end()) },
      stderr: { push: (bytes) => log(stderr.push(bytes)), end: () => log(stderr.end()) },
    });
    const said = await transcript.close();
    if (!wasStopped) return outcomeOf(exit, said, transcript.failure, stderr.tail);
    return { status: 'cancelled', ...said, cancelConfirmed: isGone };
  } catch (error) {
    if (!(error instanceof OutputTooLarge)) throw error;
    const said = await transcript.close();
    return { ...failed(failure('invalid_agent_response', `The program printed ${error.message}`)), ...said };
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
