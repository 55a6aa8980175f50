// The tasks of one agent: each message starts its work once; whoever listens hears the rest of it.
import { randomUUID } from 'node:crypto';
import type { Message, StreamResponse, Task } from '@a2a-js/sdk';
import { TaskState } from '@a2a-js/sdk';
import type { Listener } from './desk.ts';
import { makeDesk } from './desk.ts';
import type { Ledger } from './ledger.ts';
import { isEnded } from './ledger.ts';
import type { Trace } from './messages.ts';
import { agentMessage, readAsk, resultArtifacts, statusNow, TRACE } from './messages.ts';
import type { Agent, Result } from './work.ts';
import { WorkFault } from './work.ts';

type Hearer = (event: StreamResponse) => void;

interface Live {
  readonly task: Task;
  readonly abort: AbortController;
  readonly hearers: Set<Hearer>;
  readonly ended: Promise<void>;
}

export interface Tasks {
  /** The task of a message: the one it started before, or a new one at work. */
  start(message: Message): Task;
  /** A task as it is now; null when there is none. */
  current(taskId: string): Task | null;
  /** Hears all that comes after now; null when the task is not at work. The answer ends the hearing. */
  hear(taskId: string, hearer: Hearer): (() => void) | null;
  /** Resolves when the task has ended; at once when it is not at work. */
  ended(taskId: string): Promise<void>;
  /** Asks the work to stop; resolves when it has. */
  cancel(taskId: string): Promise<void>;
  /** Ends all work (it is reported as failed and retryable) and waits for it. */
  close(): Promise<void>;
}

const STOPPING = 'the agent is stopping';

const errorTrace = (fault: { code: string; message: string; retryable: boolean }): Trace => ({
  kind: 'error',
  payload: { code: fault.code, message: fault.message, retryable: fault.retryable },
});

/** Puts what the agent says into a task: as its state now, and into its history for whoever was away. */
const say = (task: Task, state: TaskState, text: string, trace: Trace | null): void => {
  const message = agentMessage(task, text, trace);
  task.status = statusNow(state, message);
  task.history.push(message);
};

/** Tasks that were at work when the agent died: completed when their effect had happened, else failed and retryable. */
export const recoverTasks = async (agent: Agent, ledger: Ledger): Promise<void> => {
  for (const task of ledger.all()) {
    if (isEnded(task)) continue;
    const messageId = ledger.messageOf(task.id);
    const result = (await agent.recover?.(ledger.checkpointOf(messageId))) ?? null;
    if (result === null) {
      const message = 'the agent was restarted while it worked on this';
      const trace = errorTrace({ code: 'agent_failed', message, retryable: true });
      say(task, TaskState.TASK_STATE_FAILED, message, trace);
    } else {
      task.artifacts = resultArtifacts(result);
      say(task, TaskState.TASK_STATE_COMPLETED, result.text, null);
    }
    ledger.save(task, messageId);
  }
};

export const createTasks = (
  agent: Agent,
  ledger: Ledger,
  options: { readonly delayMs: number; readonly scratch: string },
): Tasks => {
  const live = new Map<string, Live>();

  const tell = (one: Pick<Live, 'hearers'>, event: StreamResponse): void => {
    for (const hearer of one.hearers) hearer(event);
  };

  const tellStatus = (one: Pick<Live, 'hearers' | 'task'>, trace: Trace | null = null): void =>
    tell(one, {
      payload: {
        $case: 'statusUpdate',
        value: {
          taskId: one.task.id,
          contextId: one.task.contextId,
          status: one.task.status,
          metadata: trace === null ? undefined : { [TRACE]: trace },
        },
      },
    });

  const working = (one: Pick<Live, 'hearers' | 'task'>, text: string, trace: Trace | null = null): void => {
    say(one.task, TaskState.TASK_STATE_WORKING, text, trace);
    tellStatus(one, trace);
  };

  const listener = (one: Pick<Live, 'hearers' | 'task'>): Listener => ({
    status: (text) => working(one, text),
    reasoning: (text) => working(one, text, { kind: 'reasoning', payload: { text } }),
    tool: (payload) =>
      working(one, `${String(payload['name'])}: ${String(payload['phase'])}`, { kind: 'tool', payload }),
  });

  const finish = (one: Pick<Live, 'hearers' | 'task'>, messageId: string, result: Result): void => {
    const { task } = one;
    task.artifacts = resultArtifacts(result);
    say(task, TaskState.TASK_STATE_COMPLETED, result.text, null);
    // Durable before anybody hears of it.
    ledger.save(task, messageId);
    for (const artifact of task.artifacts)
      tell(one, {
        payload: {
          $case: 'artifactUpdate',
          value: {
            taskId: task.id,
            contextId: task.contextId,
            artifact,
            append: false,
            lastChunk: true,
            metadata: undefined,
          },
        },
      });
    tellStatus(one);
  };

  const fail = (one: Pick<Live, 'hearers' | 'task'>, messageId: string, error: unknown): void => {
    const fault =
      error instanceof WorkFault
        ? error
        : new WorkFault('agent_failed', error instanceof Error ? error.message : String(error), {
            retryable: true,
          });
    const state =
      fault.code === 'invalid_input' ? TaskState.TASK_STATE_REJECTED : TaskState.TASK_STATE_FAILED;
    const trace = errorTrace(fault);
    if (fault.data !== null) one.task.artifacts = resultArtifacts({ text: fault.message, data: fault.data });
    say(one.task, state, fault.message, trace);
    ledger.save(one.task, messageId);
    tellStatus(one, trace);
  };

  const cancelled = (one: Pick<Live, 'hearers' | 'task'>, messageId: string): void => {
    say(one.task, TaskState.TASK_STATE_CANCELED, 'cancelled as asked', null);
    ledger.save(one.task, messageId);
    tellStatus(one);
  };

  const run = async (one: Omit<Live, 'ended'>, message: Message): Promise<void> => {
    const key = message.messageId;
    const { signal } = one.abort;
    const desk = makeDesk(
      {
        signal,
        scratch: options.scratch,
        delayMs: options.delayMs,
        effect: (name) => ledger.effect(key, name),
        checkpoint: (value) => ledger.checkpoint(key, value),
      },
      listener(one),
    );
    try {
      const ask = readAsk(message);
      await desk.phase('reading the task');
      finish(one, key, await agent.work(ask, desk));
    } catch (error) {
      if (!signal.aborted) fail(one, key, error);
      else if (signal.reason === STOPPING)
        fail(one, key, new WorkFault('agent_failed', STOPPING, { retryable: true }));
      else cancelled(one, key);
    } finally {
      live.delete(one.task.id);
    }
  };

  return {
    start: (message) => {
      const known = ledger.byMessage(message.messageId);
      if (known !== null) return live.get(known.id)?.task ?? known;
      const task: Task = {
        id: randomUUID(),
        contextId: message.contextId === '' ? randomUUID() : message.contextId,
        status: statusNow(TaskState.TASK_STATE_SUBMITTED),
        artifacts: [],
        history: [],
        metadata: undefined,
      };
      task.history = [{ ...message, taskId: task.id, contextId: task.contextId }];
      ledger.save(task, message.messageId);
      const one = { task, abort: new AbortController(), hearers: new Set<Hearer>() };
      // The work begins after this turn, so that whoever started it can listen first.
      const ended = new Promise<void>((resolve) => {
        setImmediate(() => void run(one, message).finally(resolve));
      });
      live.set(task.id, { ...one, ended });
      return task;
    },
    current: (taskId) => live.get(taskId)?.task ?? ledger.get(taskId),
    hear: (taskId, hearer) => {
      const one = live.get(taskId);
      if (one === undefined) return null;
      one.hearers.add(hearer);
      return () => void one.hearers.delete(hearer);
    },
    ended: async (taskId) => live.get(taskId)?.ended,
    cancel: async (taskId) => {
      const one = live.get(taskId);
      one?.abort.abort('cancelled');
      await one?.ended;
    },
    close: async () => {
      const all = [...live.values()];
      for (const one of all) one.abort.abort(STOPPING);
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
};
