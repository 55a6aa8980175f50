// One run at an A2A agent: send or find it, follow it turn by turn to its end, cancel it when the engine asks.
import type { Task } from '@a2a-js/sdk';
import { failure, type Failure } from '#machines/nouns/error';
import type { Clock, Net } from '../../ports.ts';
import type { InvokeRequest, NativeHandle, Outcome, Reattached, Sink } from '../adapter.ts';
import { contextIdOf, toMessage } from './ask.ts';
import { askToCancel, cancel } from './cancel.ts';
import { connect, type Connection } from './connect.ts';
import { toFailure } from './faults.ts';
import { findTask, follow, SinkBroken, type Ending, type Following, type Source } from './follow.ts';
import { askPerson, asksNothing, isFinished } from './questions.ts';
import { send, sendAnswer } from './send.ts';
import { waitsFor } from './states.ts';
import { TaskView } from './task-view.ts';
import { pause, untilAborted } from './time.ts';

/** An agent that is away when we come back gets this long to say whether it knows the key. */
const FIND_AGAIN_MS = 30_000;

export interface RunPorts {
  readonly clock: Clock;
  readonly net: Net;
}

const failed = (error: Failure): Outcome => ({ status: 'failed', artifacts: [], error });

/** The end of a run that was not the agent’s own word. */
const broken = (view: TaskView, error: Failure): Outcome => {
  const { text, artifacts } = view.outcome();
  return {
    status: error.code === 'agent_rejected' ? 'rejected' : 'failed',
    ...(text === undefined ? {} : { text }),
    artifacts,
    error,
  };
};

/** What a run is attended with. */
interface Attended {
  readonly ports: RunPorts;
  readonly connection: Connection;
  readonly request: InvokeRequest;
  readonly sink: Sink;
  readonly view: TaskView;
}

/** Goes from turn to turn until the task ends, the engine wants it ended, or something breaks. */
const turns = async (
  { ports, connection, request, sink, view }: Attended,
  following: Following,
  first: Source | null,
  stop: () => void,
): Promise<Outcome> => {
  const { clock } = ports;
  let wasRefused = false;
  for (let source = first; ;) {
    const reading: Promise<Ending> = follow(following, source);
    const ending = await Promise.race([reading, untilAborted(request.signal)]);
    if (ending === 'cancel') return cancel(following, reading, stop, sink);
    if (ending === 'waiting' && !isFinished(view, connection.settings)) {
      if (wasRefused && asksNothing(view)) {
        view.leave();
        await view.finish();
        return view.outcome();
      }
      const next = await askPerson(following, request, sink);
      if (request.signal.aborted) return cancel(following, reading, stop, sink);
      if (next === 'withdrawn') {
        await view.finish();
        return view.outcome();
      }
      const { waiting } = view;
      const stillWaits = (task: Task): boolean => waitsFor(task, waiting);
      view.goOn();
      wasRefused = typeof next === 'object' && next.isRefusal;
      source =
        next === 'moved'
          ? null
          : sendAnswer(connection, next.message, { clock, signal: following.signal, stillWaits });
      continue;
    }
    if (ending === 'waiting') view.settle();
    await view.finish();
    if (ending === 'ended' || ending === 'waiting') return view.outcome();
    if (ending === 'stopped') return broken(view, failure('agent_unreachable'));
    // An answer that cannot be used: the agent need not go on with it.
    if (ending.code === 'invalid_agent_response') await askToCancel(following, reading);
    return broken(view, ending);
  }
};

const attend = async (attended: Attended, open: (signal: AbortSignal) => Source | null): Promise<Outcome> => {
  const { ports, connection, request, view } = attended;
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
  };
  const following: Following = {
    clock: ports.clock,
    client: connection.client,
    streams: connection.streams,
    takesIds: connection.takesIds,
    view,
    contextId: contextIdOf(request.key),
    key: request.key,
    signal: stopping.signal,
  };
  try {
    return await turns(attended, following, open(stopping.signal), stop);
  } catch (error) {
    // Our own sink failed: the agent is told to stop, and the fault goes up.
    await askToCancel(following, Promise.resolve());
    throw error instanceof SinkBroken ? error.cause : error;
  } finally {
    stop();
  }
};

/** Runs a request at its agent. Faults of the agent are outcomes. */
export const invoke = async (ports: RunPorts, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  const { signal } = request;
  if (signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
  let connection: Connection;
  try {
    let isSent = false;
    const onSent = (): void => {
      if (!isSent) sink.sent();
      isSent = true;
    };
    connection = await connect(ports, request.target, { signal, onSent });
  } catch (error) {
    if (signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
    return failed(toFailure(error));
  }
  const view = new TaskView(sink, contextIdOf(request.key));
  return attend({ ports, connection, request, sink, view }, (stopped) =>
    send(connection, toMessage(request), stopped),
  );
};

/** Tries until the agent can be reached, the request is aborted, or `forMs` have passed. */
const persist = async <T>(
  clock: Clock,
  signal: AbortSignal,
  forMs: number,
  attempt: () => Promise<T>,
): Promise<T> => {
  const end = clock.now() + forMs;
  for (let waitMs = 200; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await attempt();
    } catch (error) {
      const isAway = toFailure(error).code === 'agent_unreachable';
      if (!isAway || signal.aborted || clock.now() + waitMs >= end) throw error;
      await pause(clock, waitMs, signal);
    }
  }
};

/** Failures that say that the agent may not be asked, not that it forgot. */
const CLOSED = ['auth', 'invalid_card', 'card_signature_invalid', 'address_refused', 'bad_request'];

/** Finds a run again after a restart of ours. */
export const reattach = async (
  ports: RunPorts,
  request: InvokeRequest,
  handle: NativeHandle | null,
  sink: Sink,
): Promise<Reattached> => {
  const { clock } = ports;
  const { signal, target, key } = request;
  const contextId = contextIdOf(key);
  const known = handle?.['taskId'];
  // A direct answer has no task: what it said went with the daemon that heard it.
  if (handle !== null && typeof known !== 'string') return { status: 'unknown' };
  const patienceMs = typeof known === 'string' ? Math.max(request.deadline - clock.now(), 0) : FIND_AGAIN_MS;
  let connection: Connection;
  const view = new TaskView(sink, contextId, typeof known === 'string' ? known : null);
  try {
    connection = await persist(clock, signal, patienceMs, () => connect(ports, target, { signal }));
    if (view.taskId === null) {
      const { client, streams, takesIds } = connection;
      const following: Following = { clock, client, view, contextId, key, streams, takesIds, signal };
      const task = await persist(clock, signal, patienceMs, () => findTask(following));
      if (task === null) return { status: 'never-received' };
      if (task === undefined) return { status: 'unknown' };
    } else {
      // An agent that forgot the task cannot say how it ended.
      const id = view.taskId;
      await persist(clock, signal, patienceMs, () =>
        connection.client.getTask({ tenant: '', id }, { signal }),
      );
    }
  } catch (error) {
    if (signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: false };
    const problem = toFailure(error);
    return CLOSED.includes(problem.code) ? failed(problem) : { status: 'unknown' };
  }
  return attend({ ports, connection, request, sink, view }, () => null);
};
