// What became of a run that nobody attended: still in flight, ended, or never heard of.
import { failure } from '#machines/nouns/error';
import { z } from 'zod';
import type { Outcome } from '../adapter.ts';
import type { Connection } from './connection.ts';
import { HistorySchema, textOfMessage, type History } from './frames.ts';

/** `ended` with the outcome, `in-flight` with the text so far; `unknown`: it was there, and nobody can say how it ended. */
export type FoundRun =
  | { readonly status: 'in-flight'; readonly text: string }
  | { readonly status: 'ended'; readonly outcome: Outcome }
  | { readonly status: 'never-received' }
  | { readonly status: 'unknown' };

/** The answer of agent.wait. Its status `timeout` without an end means only that the wait ran out. */
const WaitSchema = z.object({
  status: z.string(),
  endedAt: z.number().optional(),
  error: z.string().optional(),
  stopReason: z.string().optional(),
  terminalReply: z.looseObject({ text: z.string().optional() }).nullish(),
});

const SESSION_MESSAGES = 200;

/** Whether the session holds the words that began the run. */
const wasReceived = ({ messages }: History, key: string): boolean =>
  messages.some(({ idempotencyKey }) => idempotencyKey === `${key}:user`);

/** The agent’s last words in a session, which holds one run alone. */
const lastWords = ({ messages }: History): string | null => {
  const last = messages.findLast(({ role }) => role === 'assistant');
  if (last === undefined || last.stopReason === 'toolUse' || last.stopReason === 'error') return null;
  return textOfMessage(last);
};

const outcomeOf = (wait: z.infer<typeof WaitSchema>, history: History): Outcome => {
  const { status, stopReason, error = '' } = wait;
  // An abort is told as an error, or as a timeout, with the reason beside it.
  if (stopReason === 'rpc' || stopReason === 'aborted' || error === 'aborted')
    return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
  if (status === 'ok')
    return { status: 'completed', text: wait.terminalReply?.text ?? lastWords(history) ?? '', artifacts: [] };
  return {
    status: 'failed',
    artifacts: [],
    error: failure('agent_failed', error === '' ? undefined : error, stopReason),
  };
};

/**
 * Asks the gateway about a run and subscribes to what follows.
 * @throws GatewayRefusal, LineLost
 */
export const findRun = async (line: Connection, sessionKey: string, key: string): Promise<FoundRun> => {
  // First to listen, then to ask: nothing that happens in between is lost.
  await line.request('sessions.messages.subscribe', { key: sessionKey });
  const asked = HistorySchema.safeParse(
    await line.request('chat.history', { sessionKey, limit: SESSION_MESSAGES }),
  );
  if (!asked.success) return { status: 'unknown' };
  const history = asked.data;
  if (history.inFlightRun?.runId === key) return { status: 'in-flight', text: history.inFlightRun.text };
  if (!wasReceived(history, key)) return { status: 'never-received' };
  const answer = WaitSchema.safeParse(await line.request('agent.wait', { runId: key, timeoutMs: 1 }));
  if (answer.success && answer.data.endedAt !== undefined)
    return { status: 'ended', outcome: outcomeOf(answer.data, history) };
  // The gateway was restarted since and has forgotten the run; its transcript has not.
  const text = lastWords(history);
  return text === null
    ? { status: 'unknown' }
    : { status: 'ended', outcome: { status: 'completed', text, artifacts: [] } };
};
