// Attends one run: hands on what the gateway tells, finds the run again when the line breaks, aborts it when it is told to.
import { failure } from '#machines/nouns/error';
import type { AdapterEvent, InvokeRequest, Outcome, Sink } from '../adapter.ts';
import type { Connection, GatewayEvent } from './connection.ts';
import { Approvals } from './approvals.ts';
import { LineLost, toFailure } from './faults.ts';
import type { Lease, LinkPorts, Links } from './link.ts';
import { findRun, type FoundRun } from './find-run.ts';
import { RunView } from './run-view.ts';

/** lifecycle tells the end a moment before chat, which has the text. */
const CHAT_FOLLOWS_MS = 1_000;
/** An abort that the gateway never confirms is given up; the engine has long stopped waiting then. */
const ABORT_MS = 30_000;

export const cancelled = (isConfirmed: boolean): Outcome => ({
  status: 'cancelled',
  artifacts: [],
  cancelConfirmed: isConfirmed,
});

/** The gateway was restarted while the agent worked, and knows the run no longer. */
const forgotten: Outcome = {
  status: 'failed',
  artifacts: [],
  error: failure('outcome_unknown', 'The gateway no longer knows the run'),
};

/** The outcome of a fault of the gateway or the line. Throws what is neither. */
export const failedBy = (error: unknown): Outcome => {
  const failure = toFailure(error);
  if (failure === null) throw error;
  return { status: 'failed', artifacts: [], error: failure };
};

export const isStopped = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'AbortError';

export interface AttendedRun {
  readonly lease: Lease;
  /** Looks what became of the run, and attends it when it is still in flight. */
  pickUp(connection: Connection): Promise<FoundRun>;
  /** The agent’s own end of the run. Rejects when the sink fails; the run is aborted then. */
  readonly ended: Promise<Outcome>;
  /** The gateway has taken the run over this connection: from now on an abort of the request’s signal is passed on. */
  begun(line: Connection): void;
  /** Ends the attending with what is known otherwise. */
  conclude(outcome: Outcome): void;
  close(): void;
}

/** Begins to listen for a run; nothing is asked of the gateway yet. */
export const attend = (
  parts: { readonly ports: LinkPorts; readonly links: Links },
  request: InvokeRequest,
  sessionKey: string,
  sink: Sink,
): AttendedRun => {
  const { clock } = parts.ports;
  const view = new RunView(request.key);
  /** Ends our own waiting; the agent does not notice. */
  const attending = new AbortController();
  const forget: (() => void)[] = [];
  let connection: Connection | null = null;
  /** Whether the gateway has taken the run: only then there is something to find or to abort. */
  let isBegun = false;
  let isAborting = false;
  let isEnding = false;
  let reported: Promise<void> = Promise.resolve();
  const { promise: ended, resolve, reject } = Promise.withResolvers<Outcome>();
  // A run that is given up before anybody waits for its end must not end the process.
  ended.catch(() => undefined);

  /** After all that was said before is durable. */
  const conclude = (outcome: Outcome): void => {
    reported.then(() => {
      resolve(outcome);
    }, reject);
  };

  const requestAbort = async (): Promise<void> => {
    const line = await lease.reconnect(AbortSignal.any([attending.signal, AbortSignal.timeout(ABORT_MS)]));
    connection = line;
    await line.request('chat.abort', { sessionKey, runId: request.key });
    // Not there any more: it has ended by itself, and the gateway tells how.
    const found = await pickUp(line);
    if (found.status === 'ended') conclude(found.outcome);
    else if (found.status !== 'in-flight') conclude(cancelled(found.status === 'never-received'));
  };

  const abort = (): void => {
    if (isAborting) return;
    isAborting = true;
    forget.push(
      clock.after(ABORT_MS, () => {
        conclude(cancelled(false));
      }),
    );
    requestAbort().catch(() => {
      conclude(cancelled(false));
    });
  };

  /** A fault of ours: the run is ended at the agent, and whoever waits hears of the fault. */
  const fault = (error: unknown): void => {
    const wasAborting = isAborting;
    isAborting = true;
    const stopped = wasAborting ? Promise.resolve() : requestAbort().catch(() => undefined);
    void stopped.then(() => {
      reject(error);
    });
  };

  const report = (said: AdapterEvent): void => {
    reported = reported.then(() => sink.event(said));
    reported.catch(fault);
  };

  const approvals = new Approvals({
    request,
    sessionKey,
    sink,
    connection: () => (connection?.isOpen === true ? connection : null),
    tell: (text) => {
      report({ kind: 'status', payload: { state: 'working', text } });
    },
    onFault: fault,
  });

  const look = (): void => {
    const { outcome, ending } = view;
    if (outcome !== null) conclude(outcome);
    else if (ending !== null && !isEnding) {
      isEnding = true;
      forget.push(
        clock.after(CHAT_FOLLOWS_MS, () => {
          conclude(view.outcome ?? ending);
        }),
      );
    }
  };

  const onEvent = (event: GatewayEvent): void => {
    if (attending.signal.aborted) return;
    approvals.take(event);
    for (const said of view.take(event)) report(said);
    look();
  };

  /** The line broke while the run is in flight: it goes on at the gateway, and is looked for there. */
  const onLost = (): void => {
    connection = null;
    if (attending.signal.aborted || isAborting || !isBegun) return;
    void (async () => {
      try {
        const line = await lease.reconnect(attending.signal);
        const found = await pickUp(line);
        if (found.status === 'ended') conclude(found.outcome);
        else if (found.status !== 'in-flight') conclude(forgotten);
      } catch (error) {
        if (error instanceof LineLost) return;
        if (!isStopped(error)) conclude(failedBy(error));
      }
    })().catch(fault);
  };

  const lease = parts.links.lease(request.target, { onEvent, onLost });

  const pickUp = async (line: Connection): Promise<FoundRun> => {
    connection = line;
    const found = await findRun(line, sessionKey, request.key);
    if (found.status !== 'in-flight') return found;
    view.becomeForeign(found.text);
    await approvals.backfill(line);
    return found;
  };

  return {
    lease,
    pickUp,
    ended,
    conclude,
    begun(line) {
      isBegun = true;
      connection = line;
      if (request.signal.aborted) abort();
      else request.signal.addEventListener('abort', abort, { once: true });
    },
    close() {
      attending.abort();
      approvals.close();
      request.signal.removeEventListener('abort', abort);
      for (const each of forget) each();
      lease.release();
    },
  };
};
