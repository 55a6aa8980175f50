// One run at a program that takes all it needs on its stdin and answers by what it prints: from its gate to the end of its
// process group.
import type { InvokeRequest, Sink } from '../agents/adapter.ts';
import type { Clock } from '../ports.ts';
import { attend, GRACE_MS, type Exit, type PipeReader } from './attendance.ts';
import type { Gated } from './gate.ts';
import { endMarked } from './process-group.ts';
import { keyVariable } from './program.ts';

export interface OneShot {
  readonly input: string;
  readonly stdout: PipeReader;
  readonly stderr: PipeReader;
}

export interface ShotEnd {
  readonly exit: Exit;
  /** The request was aborted before the program had exited, so its processes were ended. */
  readonly wasStopped: boolean;
  /** Whether nothing of it runs any more, also not in sessions of its own. */
  readonly isGone: boolean;
}

/**
 * Attends a gated program: saves its handle, opens its gate, reads it to its end, ends its processes when the request is
 * aborted. Rejects with what a reader or the sink throws; nothing of the program runs then.
 */
export const attendOnce = async (
  clock: Clock,
  gated: Gated,
  request: InvokeRequest,
  sink: Sink,
  { input, stdout, stderr }: OneShot,
): Promise<ShotEnd> => {
  const { signal } = request;
  const attendance = attend(clock, gated);
  let wasStopped = false;
  const end = async (): Promise<boolean> => {
    wasStopped = true;
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
      gated.open(input);
      sink.sent();
    }
    const exit = await attendance.read(stdout, stderr);
    return { exit, wasStopped, isGone: wasStopped ? await end() : true };
  } catch (error) {
    await end();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    attendance.close();
  }
};
