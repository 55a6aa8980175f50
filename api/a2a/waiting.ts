// What a task waits for: an answer that its asker can give, or a decision that a person of the mesh takes.
import type { Engine } from '#engine/index';
import type { Approval } from '#machines/nouns/approval';
import { isTerminalTeamRun, type TeamRunSummary } from '#machines/nouns/run';

type Waiter = Pick<TeamRunSummary, 'status' | 'pending_approvals'>;

const bag = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** Whether it waits for somebody. */
export const isWaiting = ({ status, pending_approvals: pending }: Waiter): boolean =>
  !isTerminalTeamRun(status) && (pending.length > 0 || status === 'waiting_approval');

/** The approvals that it waits for, oldest first. */
export const waitsOf = (engine: Pick<Engine, 'approvals'>, run: Waiter): Approval[] =>
  isWaiting(run)
    ? run.pending_approvals.map((id) => engine.approvals.get(id)).filter(({ state }) => state === 'pending')
    : [];

/** Whether the asker may answer it: a question of an agent, and no permission and no sign-in, which are for people here. */
export const isForAsker = ({ kind, operation }: Approval): boolean =>
  kind === 'question' && bag(operation)['state'] !== 'auth-required';

/** A question in the agent's own words, whole. */
export const wordsOf = ({ title, operation }: Approval): string => {
  const { text } = bag(operation);
  return typeof text === 'string' && text !== '' ? text : title;
};
