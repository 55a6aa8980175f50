// One run at an A2A agent: send or find it, follow it to its end, cancel it when the engine asks.
import type { StreamResponse } from '@a2a-js/sdk';
import { failure, type Failure } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { Clock, Net } from '../../ports.ts';
import type { InvokeRequest, NativeHandle, Outcome, Reattached, Sink } from '../adapter.ts';
import { contextIdOf, toMessage } from './ask.ts';
import { connect, type Connection } from './connect.ts';
import { isConnectionLost, isNotOffered, isTaskNotFound, toFailure } from './faults.ts';
import { findTask, follow, SinkBroken, type Ending, type Following, type Source } from './follow.ts';
import { TaskView } from './task-view.ts';

/** A cancel that comes before the agent’s first answer waits this long for the task’s id. */
const ID_WAIT_MS = 1_000;
/** After CancelTask the stream brings the end; an agent that says nothing is asked after this. */
const END_WAIT_MS = 1_000;
/** Well within what the engine waits for a confirmed cancel. */
const CANCEL_CALL_MS = LIMITS.cancelConfirmMs / 2;
/** An agent that is away when we come back gets this long to say whether it knows the key. */
const FIND_AGAIN_MS = 30_000;

export interface RunPorts {
  readonly clock: Clock;
  readonly net: Net;
}

const failed = (error: Failure): Outcome => ({ status: 'failed', artifacts: [], error });

const pause = (clock: Clock, ms: number): Promise<'late'> =>
  new Promise((resolve) => {
    clock.after(ms, () => {
      resolve('late');
    });
  });

const untilAborted = (signal: AbortSignal): Promise<'cancel'> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve('cancel');
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve('cancel');
        },
        { once: true },
      );
  });

/** Sends the message; agents that do not stream answer at once and are polled. */
async function* send(
  { client, streams }: Connection,
  request: InvokeRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamResponse> {
  if (streams) {
    try {
      yield* client.sendMessageStream(toMessage(request, false), { signal });
      return;
    } catch (error) {
      // The card promised a stream that the agent refuses: nothing has begun.
      if (!isNotOffered(error)) throw error;
    }
  }
  const answer = await client.sendMessage(toMessage(request, true), { signal });
  yield 'messageId' in answer
    ? { payload: { $case: 'message', value: answer } }
    : { payload: { $case: 'task', value: answer } };
}

/** Asks the agent to cancel; resolves to whether it took the request. */
const askToCancel = async (following: Following, reading: Promise<unknown>): Promise<boolean> => {
  const { client, view, clock } = following;
  const signal = AbortSignal.timeout(CANCEL_CALL_MS);
  for (let waited = 0; view.taskId === null && waited < ID_WAIT_MS; waited += 50) {
    if ((await Promise.race([reading.then(() => 'over'), pause(clock, 50)])) === 'over') break;
  }
  if (view.hasEnded) return true;
  try {
    const id = view.taskId ?? (await findTask({ ...following, signal }))?.id;
    if (id === undefined) return false;
    await client.cancelTask({ tenant: '', id, metadata: undefined }, { signal });
    return true;
  } catch {
    // Ended meanwhile, cannot be cancelled, or not reachable: a look at the task tells.
    return false;
  }
};

const cancel = async (following: Following, reading: Promise<Ending>, stop: () => void): Promise<Outcome> => {
  const { clock, client, view } = following;
  const unconfirmed: Outcome = { status: 'cancelled', artifacts: [], cancelConfirmed: false };
  const isTaken = await askToCancel(following, reading);
  await Promise.race([reading, pause(clock, isTaken && following.streams ? END_WAIT_MS : 0)]);
  stop();
  await reading;
  if (!view.hasEnded && view.taskId !== null) {
    try {
      const signal = AbortSignal.timeout(CANCEL_CALL_MS / 2);
      await view.snapshot(await client.getTask({ tenant: '', id: view.taskId }, { signal }));
    } catch (error) {
      if (!isConnectionLost(error) && !isTaskNotFound(error)) return unconfirmed;
    }
  }
  await view.finish();
  return view.hasEnded ? view.outcome() : { ...unconfirmed, artifacts: view.outcome().artifacts };
};

const attend = async (
  ports: RunPorts,
  connection: Connection,
  request: InvokeRequest,
  view: TaskView,
  open: (signal: AbortSignal) => Source | null,
): Promise<Outcome> => {
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort();
  };
  const following: Following = {
    clock: ports.clock,
    client: connection.client,
    streams: connection.streams,
    view,
    contextId: contextIdOf(request.key),
    key: request.key,
    signal: stopping.signal,
  };
  const reading = follow(following, open(stopping.signal));
  try {
    const first = await Promise.race([reading, untilAborted(request.signal)]);
    if (first === 'cancel') return await cancel(following, reading, stop);
    await view.finish();
    if (first === 'ended') return view.outcome();
    // An answer that cannot be used: the agent need not go on with it.
    if (first !== 'stopped' && first.code === 'invalid_agent_response') await askToCancel(following, reading);
    const { text, artifacts } = view.outcome();
    const error = first === 'stopped' ? failure('agent_unreachable') : first;
    return {
      status: error.code === 'agent_rejected' ? 'rejected' : 'failed',
      ...(text === undefined ? {} : { text }),
      artifacts,
      error,
    };
  } catch (error) {
    // Our own sink failed: the agent is told to stop, and the fault goes up.
    if (error instanceof SinkBroken) {
      await askToCancel(following, Promise.resolve());
      throw error.cause;
    }
    throw error;
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
    connection = await connect(ports.net, request.target, { signal, onSent });
  } catch (error) {
    if (signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
    return failed(toFailure(error));
  }
  const view = new TaskView(sink, contextIdOf(request.key));
  return attend(ports, connection, request, view, (stopped) => send(connection, request, stopped));
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
      await Promise.race([pause(clock, waitMs), untilAborted(signal)]);
    }
  }
};

/** Finds a run again after a restart of ours. */
export const reattach = async (
  ports: RunPorts,
  request: InvokeRequest,
  handle: NativeHandle | null,
  sink: Sink,
): Promise<Reattached> => {
  const { clock, net } = ports;
  const { signal, target, key } = request;
  const contextId = contextIdOf(key);
  const known = handle?.['taskId'];
  // A direct answer has no task: what it said went with the daemon that heard it.
  if (handle !== null && typeof known !== 'string') return { status: 'unknown' };
  const patienceMs = typeof known === 'string' ? Math.max(request.deadline - clock.now(), 0) : FIND_AGAIN_MS;
  let connection: Connection;
  const view = new TaskView(sink, contextId, typeof known === 'string' ? known : null);
  try {
    connection = await persist(clock, signal, patienceMs, () => connect(net, target, { signal }));
    if (view.taskId === null) {
      const { client, streams } = connection;
      const following: Following = { clock, client, view, contextId, key, streams, signal };
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
    return problem.code === 'auth' || problem.code === 'invalid_card'
      ? failed(problem)
      : { status: 'unknown' };
  }
  return attend(ports, connection, request, view, () => null);
};
