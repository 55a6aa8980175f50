// A2A requests -> tasks. The SDK's own handler starts new work for each message; this one starts it once per message id.
import type { AgentCard, ListTasksResponse, StreamResponse, Task } from '@a2a-js/sdk';
import { Task as TaskCodec, TaskState } from '@a2a-js/sdk';
import {
  PushNotificationNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import type { A2ARequestHandler } from '@a2a-js/sdk/server';
import type { Ledger } from './ledger.ts';
import { isEnded } from './ledger.ts';
import type { Tasks } from './tasks.ts';

/** A2A 1.0: ListTasks answers 50 tasks unless told, 100 at most. */
const PAGE = { usual: 50, most: 100 } as const;

/** A copy that later work does not change, with at most `historyLength` messages. */
const snapshot = (task: Task, historyLength?: number): Task => {
  const copy = TaskCodec.fromJSON(TaskCodec.toJSON(task));
  if (historyLength !== undefined) copy.history = historyLength > 0 ? copy.history.slice(-historyLength) : [];
  return copy;
};

/** The task now, then everything until it has ended. */
async function* follow(tasks: Tasks, task: Task): AsyncGenerator<StreamResponse, void, undefined> {
  const heard: StreamResponse[] = [];
  let wake: () => void = () => undefined;
  let ended = false;
  const stop = tasks.hear(task.id, (event) => {
    heard.push(structuredClone(event));
    wake();
  });
  try {
    yield { payload: { $case: 'task', value: snapshot(tasks.current(task.id) ?? task) } };
    if (stop === null) return;
    void tasks.ended(task.id).then(() => {
      ended = true;
      wake();
    });
    while (true) {
      const next = heard.shift();
      if (next !== undefined) yield next;
      else if (ended) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    stop?.();
  }
}

const noPush = async (): Promise<never> => {
  throw new PushNotificationNotSupportedError();
};

export const createHandler = (card: AgentCard, ledger: Ledger, tasks: Tasks): A2ARequestHandler => {
  const find = (id: string): Task => {
    const task = tasks.current(id);
    if (task === null) throw new TaskNotFoundError(`Task not found: ${id}`);
    return task;
  };

  const start = (request: Parameters<A2ARequestHandler['sendMessage']>[0]): Task => {
    const { message } = request;
    if (message === undefined || message.messageId === '')
      throw new RequestMalformedError('a message with a messageId is required');
    if (message.taskId !== '') {
      find(message.taskId);
      throw new UnsupportedOperationError('a task of this agent takes one message; send a new one');
    }
    return tasks.start(message);
  };

  return {
    getAgentCard: async () => card,
    getAuthenticatedExtendedAgentCard: async () => {
      throw new UnsupportedOperationError('there is no extended card');
    },
    sendMessage: async (request) => {
      const task = start(request);
      const historyLength = request.configuration?.historyLength;
      if (request.configuration?.returnImmediately !== true) await tasks.ended(task.id);
      return snapshot(tasks.current(task.id) ?? task, historyLength);
    },
    sendMessageStream: (request) => follow(tasks, start(request)),
    getTask: async ({ id, historyLength }) => snapshot(find(id), historyLength),
    cancelTask: async ({ id }) => {
      if (isEnded(find(id))) throw new TaskNotCancelableError(`Task ${id} has ended`);
      await tasks.cancel(id);
      return find(id);
    },
    resubscribe: ({ id }) => {
      const task = find(id);
      if (isEnded(task)) throw new UnsupportedOperationError(`Task ${id} has ended; get it instead`);
      return follow(tasks, task);
    },
    listTasks: async (request): Promise<ListTasksResponse> => {
      const after = request.statusTimestampAfter;
      const fitting = ledger
        .all()
        .map((task) => tasks.current(task.id) ?? task)
        .filter(({ contextId }) => request.contextId === '' || contextId === request.contextId)
        .filter(
          ({ status }) =>
            request.status === TaskState.TASK_STATE_UNSPECIFIED || status?.state === request.status,
        )
        .filter(({ status }) => after === undefined || (status?.timestamp ?? '') >= after)
        .reverse();
      const pageSize = Math.min(Math.max(request.pageSize ?? PAGE.usual, 1), PAGE.most);
      const offset = /^\d+$/.test(request.pageToken) ? Number(request.pageToken) : 0;
      const page = fitting.slice(offset, offset + pageSize).map((task) => {
        const shown = snapshot(task, request.historyLength);
        return request.includeArtifacts === true ? shown : { ...shown, artifacts: [] };
      });
      const next = offset + pageSize;
      return {
        tasks: page,
        nextPageToken: next < fitting.length ? String(next) : '',
        pageSize,
        totalSize: fitting.length,
      };
    },
    createTaskPushNotificationConfig: noPush,
    getTaskPushNotificationConfig: noPush,
    listTaskPushNotificationConfigs: noPush,
    deleteTaskPushNotificationConfig: noPush,
  };
};
