// Runs at an OpenClaw agent over its gateway: begun once by our key, attended to the end, found again after a crash.
import { z } from 'zod';
import type { InvokeRequest, NativeHandle, Outcome, Reattached, Sink } from '../adapter.ts';
import { attend, cancelled, failedBy, isStopped, type AttendedRun } from './attend.ts';
import type { Connection } from './connection.ts';
import { LineLost, NotAGateway } from './faults.ts';
import { gatewayOf, type LinkPorts, type Links } from './link.ts';
import { asWords, literal } from './literal.ts';
import { sessionKeyOf } from './session-key.ts';

/** The gateway ends a run by itself this long after our deadline, should nobody be left to abort it. */
const GRACE_MS = 30_000;

export interface RunParts {
  readonly ports: LinkPorts;
  readonly links: Links;
}

const handleOf = (request: InvokeRequest, sessionKey: string): NativeHandle => ({
  gateway: gatewayOf(request.target),
  session_key: sessionKey,
  run_id: request.key,
});

/** What the gateway answers to chat.send; without a run it took the words for one of its stop words. */
const SentSchema = z.looseObject({ runId: z.string().optional(), status: z.string().optional() });

/** Sends the run; the same key again is the same run, so a line that broke meanwhile does no harm. */
const begin = async (
  { ports }: RunParts,
  run: AttendedRun,
  first: Connection,
  request: InvokeRequest,
  sessionKey: string,
  sink: Sink,
): Promise<void> => {
  let message = literal(request.prompt);
  let isSent = false;
  for (let line = first; ;) {
    try {
      const answer = await line.request(
        'chat.send',
        {
          sessionKey,
          message,
          idempotencyKey: request.key,
          timeoutMs: Math.max(1, request.deadline - ports.clock.now()) + GRACE_MS,
        },
        () => {
          if (!isSent) sink.sent();
          isSent = true;
        },
      );
      const { runId, status } = SentSchema.parse(answer);
      if (runId === undefined) {
        // `stop`, `please stop`, `停止` …: nothing was begun, so that it can be said again.
        if (message.startsWith(asWords(''))) throw new NotAGateway('chat.send began nothing');
        message = asWords(message);
        continue;
      }
      run.begun(line);
      if (status === 'started') return;
      // The gateway knows the key: the run is there, or has ended.
      const found = await run.pickUp(line);
      if (found.status === 'ended') run.conclude(found.outcome);
      return;
    } catch (error) {
      if (!(error instanceof LineLost)) throw error;
      line = await run.lease.reconnect(request.signal);
    }
  }
};

/** Runs a request to the agent’s own end. */
export const invoke = async (parts: RunParts, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  if (request.signal.aborted) return cancelled(true);
  const sessionKey = sessionKeyOf(request);
  const run = attend(parts, request, sessionKey, sink);
  try {
    const line = await run.lease.connect(request.signal);
    await sink.handle(handleOf(request, sessionKey), null);
    if (request.signal.aborted) return cancelled(true);
    await begin(parts, run, line, request, sessionKey, sink);
    return await run.ended;
  } catch (error) {
    return isStopped(error) ? cancelled(true) : failedBy(error);
  } finally {
    run.close();
  }
};

/** What became of a run after the daemon was away; it is attended to its end when it still goes on. */
export const reattach = async (
  parts: RunParts,
  request: InvokeRequest,
  handle: NativeHandle | null,
  sink: Sink,
): Promise<Reattached> => {
  const known = handle?.['session_key'];
  const sessionKey = typeof known === 'string' ? known : sessionKeyOf(request);
  const run = attend(parts, request, sessionKey, sink);
  try {
    for (;;) {
      try {
        const line = await run.lease.reconnect(request.signal);
        const found = await run.pickUp(line);
        if (found.status === 'ended') return found.outcome;
        if (found.status !== 'in-flight') return found;
        run.begun(line);
        return await run.ended;
      } catch (error) {
        if (!(error instanceof LineLost)) throw error;
      }
    }
  } catch (error) {
    return isStopped(error) ? cancelled(false) : failedBy(error);
  } finally {
    run.close();
  }
};
