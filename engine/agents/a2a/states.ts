// The states of a task: which end it, which wait for somebody, and what they are called.
import { TaskState, type Task, type TaskStatus } from '@a2a-js/sdk';
import type { Outcome } from '../adapter.ts';
import { dataOf, textOf } from './artifacts.ts';
import type { PendingCall } from './gemini.ts';

/** States after which an agent does nothing more. */
export const ENDS: ReadonlyMap<TaskState, Outcome['status']> = new Map([
  [TaskState.TASK_STATE_COMPLETED, 'completed'],
  [TaskState.TASK_STATE_FAILED, 'failed'],
  [TaskState.TASK_STATE_CANCELED, 'cancelled'],
  [TaskState.TASK_STATE_REJECTED, 'rejected'],
]);

/** States in which an agent waits for somebody. */
export const WAITS: ReadonlyMap<TaskState, Waiting['for']> = new Map([
  [TaskState.TASK_STATE_INPUT_REQUIRED, 'input'],
  [TaskState.TASK_STATE_AUTH_REQUIRED, 'auth'],
]);

export const STATE_WORDS: ReadonlyMap<TaskState, string> = new Map([
  [TaskState.TASK_STATE_SUBMITTED, 'submitted'],
  [TaskState.TASK_STATE_WORKING, 'working'],
  [TaskState.TASK_STATE_INPUT_REQUIRED, 'input-required'],
  [TaskState.TASK_STATE_AUTH_REQUIRED, 'auth-required'],
]);

/** What an agent waits for. */
export interface Waiting {
  readonly for: 'input' | 'auth';
  /** Tells this question from the next one of the same task. */
  readonly key: string;
  /** What it says with the state; empty when it only changed its state. */
  readonly text: string;
  /** Data and files that came with it. */
  readonly data: unknown;
  /** Tool calls that it would make. */
  readonly calls: readonly PendingCall[];
}

/** Whether a task as it stands waits for just that. */
export const waitsFor = ({ status }: Task, waiting: Waiting | null): boolean =>
  status !== undefined && WAITS.has(status.state) && keyOf(status) === waiting?.key;

/** The same question has the same message, or at least came at the same time. */
export const keyOf = ({ state, message, timestamp }: TaskStatus): string =>
  message?.messageId ||
  `${TaskState[state]} ${timestamp ?? ''} ${message === undefined ? '' : textOf(message.parts)}`;

/** What an agent waits for that rests in this state; `calls` are the tools that it would use. */
export const waitingOf = (
  status: TaskStatus,
  waits: Waiting['for'],
  calls: readonly PendingCall[],
): Waiting => ({
  for: waits,
  key: keyOf(status),
  text: status.message === undefined ? '' : textOf(status.message.parts),
  data: status.message === undefined ? undefined : dataOf(status.message.parts),
  calls,
});
