// Follows one task to its end: reads its stream, finds it again when the connection breaks, polls where nothing streams.
import type { StreamResponse, Task } from '@a2a-js/sdk';
import { TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { failure, type Failure } from '#machines/nouns/error';
import type { Clock } from '../../ports.ts';
import { Fault, isConnectionLost, isNotOffered, isTaskNotFound, isUnsent, toFailure } from './faults.ts';
import type { TaskView } from './task-view.ts';
import { pause } from './time.ts';

/** Some agents send an artifact after the final status: the stream is read this much longer. */
const AFTER_END_MS = 500;
/** Between two looks at a task, growing from the first to the second. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/** Thrown through the SDK’s generators when our own sink fails: a fault of ours, never of the agent. */
export class SinkBroken extends Error {}

export interface Following {
  readonly clock: Clock;
  readonly client: Client;
  readonly view: TaskView;
  readonly contextId: string;
  readonly key: string;
  readonly streams: boolean;
  /** Whether the agent takes the id that a task shall have. */
  readonly takesIds: boolean;
  /** Ends our own reading; the agent does not notice. */
  readonly signal: AbortSignal;
}

export type Source = AsyncIterable<StreamResponse>;

/** How the following ended: the task has ended, it waits for somebody, the reading was stopped, or a failure. */
export type Ending = 'ended' | 'waiting' | 'stopped' | Failure;

const guarded = async (taking: Promise<void>): Promise<void> => {
  try {
    await taking;
  } catch (error) {
    throw error instanceof Fault ? error : new SinkBroken('the sink failed', { cause: error });
  }
};

/** Reads a source until it ends, or until a moment after the task’s end. */
const readSource = async (
  { clock, view, signal }: Following,
  source: Source,
  onItem: () => void,
): Promise<void> => {
  const iterator = source[Symbol.asyncIterator]();
  const late = new AbortController();
  try {
    for (;;) {
      const next = iterator.next();
      const timeout = view.rests ? pause(clock, AFTER_END_MS, late.signal).then(() => null) : null;
      const item = await (timeout === null ? next : Promise.race([next, timeout]));
      if (item === null) next.catch(() => undefined);
      if (item === null || item.done === true || signal.aborted) return;
      if (item.value.payload?.$case !== 'task') onItem();
      await guarded(view.take(item.value));
    }
  } finally {
    late.abort();
    // Not awaited: a generator that waits for the network ends when its request is aborted.
    void iterator.return?.().then(undefined, () => undefined);
  }
};

/** The task of our context; null when there is surely none, undefined when the agent cannot say. */
export const findTask = async ({
  client,
  contextId,
  key,
  takesIds,
  signal,
}: Following): Promise<Task | null | undefined> => {
  try {
    if (takesIds) return await client.getTask({ tenant: '', id: contextId }, { signal });
  } catch (error) {
    if (isConnectionLost(error) || signal.aborted) throw error;
    return isTaskNotFound(error) ? null : undefined;
  }
  try {
    const { tasks, nextPageToken } = await client.listTasks(
      {
        tenant: '',
        contextId,
        status: TaskState.TASK_STATE_UNSPECIFIED,
        pageSize: 50,
        pageToken: '',
        statusTimestampAfter: undefined,
        historyLength: 10,
      },
      { signal },
    );
    const ours = tasks.filter((task) => task.contextId === contextId);
    const exact = ours.find(({ history }) => history.some(({ messageId }) => messageId === key));
    const [first] = ours;
    if (exact !== undefined || first !== undefined) return exact ?? first;
    // An agent that ignores the filter may hold it on a page that we did not see.
    return nextPageToken === '' || tasks.length === 0 ? null : undefined;
  } catch (error) {
    if (isConnectionLost(error) || signal.aborted) throw error;
    return undefined;
  }
};

/** Looks at the task again and gives the next source to read; null when the task has ended meanwhile. */
const lookAgain = async (
  following: Following,
  canSubscribe: boolean,
  isReplay: boolean,
): Promise<Source | null> => {
  const { client, view, signal } = following;
  if (view.taskId === null) {
    const found = await findTask(following);
    if (found === null)
      throw new Fault('agent_unreachable', 'The connection broke before the agent took the task');
    if (found === undefined)
      throw new Fault('outcome_unknown', 'The connection broke, and the agent cannot say what it did');
    await guarded(
      view.take({
        payload: {
          $case: 'statusUpdate',
          value: { taskId: found.id, contextId: found.contextId, status: undefined, metadata: undefined },
        },
      }),
    );
  }
  const id = view.taskId ?? '';
  const task = await client.getTask({ tenant: '', id }, { signal });
  await guarded(view.snapshot(task, isReplay));
  if (view.rests) return null;
  return canSubscribe ? client.resubscribeTask({ tenant: '', id }, { signal }) : nothing();
};

async function* nothing(): AsyncGenerator<never> {
  // Polling: there is nothing to read between two looks.
}

/**
 * Follows the task from `first` (null: from a look at it) to its end. Breaks of the connection are mended until
 * `signal` aborts. Throws SinkBroken only.
 */
export const follow = async (following: Following, first: Source | null): Promise<Ending> => {
  const { clock, view, signal, client } = following;
  let source = first;
  let canSubscribe = following.streams;
  let wasInterrupted = first === null;
  let waitMs = first === null ? 0 : FIRST_WAIT_MS;
  let isFirst = first !== null;
  let isReplay = first === null;
  for (;;) {
    try {
      if (source === null) {
        if (waitMs > 0) await pause(clock, waitMs, signal);
        if (signal.aborted) return 'stopped';
        waitMs = Math.min(Math.max(waitMs, FIRST_WAIT_MS) * 2, LONGEST_WAIT_MS);
        source = await lookAgain(following, canSubscribe, isReplay);
        isReplay = false;
        isFirst = false;
      }
      if (source !== null) {
        await readSource(following, source, () => {
          waitMs = FIRST_WAIT_MS;
        });
      }
      if (view.hasEnded) {
        // What a stream repeated or left out while it was mended is settled by the task as it stands.
        if (wasInterrupted && view.taskId !== null && source !== null) {
          await guarded(view.snapshot(await client.getTask({ tenant: '', id: view.taskId }, { signal })));
        }
        return 'ended';
      }
      if (view.rests) return 'waiting';
    } catch (error) {
      if (error instanceof SinkBroken) throw error;
      if (view.hasEnded) return 'ended';
      if (view.rests) return 'waiting';
      if (signal.aborted) return 'stopped';
      const isUntaken = isFirst && view.taskId === null;
      if (isUntaken && (isUnsent(error) || !isConnectionLost(error))) return toFailure(error);
      if (!isConnectionLost(error)) {
        if (isTaskNotFound(error))
          return failure('agent_failed', 'The agent does not know the task any more');
        if (!(canSubscribe && isNotOffered(error))) return toFailure(error);
        canSubscribe = false;
      }
    }
    if (signal.aborted) return 'stopped';
    wasInterrupted ||= following.streams;
    source = null;
  }
};
