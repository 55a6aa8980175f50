// Sends a message and reads what comes back, as a stream or as one answer; an answer to a question is sent until it arrives.
import type { SendMessageRequest, StreamResponse, Task } from '@a2a-js/sdk';
import type { Clock } from '../../ports.ts';
import { configured } from './ask.ts';
import type { Connection } from './connect.ts';
import { isConnectionLost, isNotOffered } from './faults.ts';
import { pause } from './time.ts';

/** Sends a message; agents that do not stream answer at once and are polled. */
export async function* send(
  { client, streams }: Connection,
  message: SendMessageRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamResponse> {
  if (streams) {
    try {
      yield* client.sendMessageStream(configured(message, false), { signal });
      return;
    } catch (error) {
      // The card promised a stream that the agent refuses: nothing has begun.
      if (!isNotOffered(error)) throw error;
    }
  }
  const answer = await client.sendMessage(configured(message, true), { signal });
  yield 'messageId' in answer
    ? { payload: { $case: 'message', value: answer } }
    : { payload: { $case: 'task', value: answer } };
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Sends an answer. When the connection breaks before anything came back, the task tells whether the answer has arrived;
 * if it has not, it is sent again under the same id. Ends early when it has: the task is then followed by looking at it.
 */
export async function* sendAnswer(
  connection: Connection,
  message: SendMessageRequest,
  options: {
    readonly clock: Clock;
    readonly signal: AbortSignal;
    /** Whether the task still waits for this answer. */
    readonly stillWaits: (task: Task) => boolean;
  },
): AsyncGenerator<StreamResponse> {
  const { clock, signal, stillWaits } = options;
  const messageId = message.message?.messageId ?? '';
  const id = message.message?.taskId ?? '';
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    let hasAnswered = false;
    try {
      for await (const item of send(connection, message, signal)) {
        hasAnswered = true;
        yield item;
      }
      return;
    } catch (error) {
      if (hasAnswered || !isConnectionLost(error) || signal.aborted) throw error;
    }
    await pause(clock, waitMs, signal);
    if (signal.aborted) return;
    try {
      const task = await connection.client.getTask({ tenant: '', id }, { signal });
      if (!stillWaits(task) || task.history.some((each) => each.messageId === messageId)) return;
    } catch (error) {
      if (!isConnectionLost(error) || signal.aborted) throw error;
    }
  }
}
