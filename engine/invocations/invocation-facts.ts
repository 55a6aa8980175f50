// What every event of an invocation says of where it belongs.
import type { EventDraft } from '#machines/nouns/event';
import type { InvocationRow } from './invocation-row.ts';

export type InvocationFacts = Pick<EventDraft, 'run_id' | 'task_id' | 'step' | 'team_run_id'> & {
  readonly metadata: Readonly<Record<string, unknown>>;
};

/** The part of an event that its invocation gives; `taskId` is the agent’s own id as far as it is known. */
export const invocationFacts = (row: InvocationRow, taskId: string | null): InvocationFacts => ({
  run_id: row.runId,
  task_id: taskId,
  step: row.step,
  team_run_id: row.teamRunId,
  metadata: {
    agent: row.agent,
    ...(row.from === null ? {} : { from: row.from }),
    ...(row.attempt === null ? {} : { attempt: row.attempt }),
    key: row.key,
  },
});
