// One row of the invocations table: what is remembered of a call to an agent.
import type { Failure } from '#machines/nouns/error';
import type { Invocation, InvocationState } from '#machines/nouns/run';
import type { NativeHandle } from '../agents/adapter.ts';
import type { Schema } from '../store/schema.ts';

/** A row with its JSON columns read. Times are milliseconds. */
export interface InvocationRow {
  readonly runId: string;
  readonly teamRunId: string | null;
  readonly step: string | null;
  readonly execution: number | null;
  readonly attempt: number | null;
  readonly key: string;
  readonly agent: string;
  /** The kind that the agent had when it was asked; null when it was not asked yet, or nobody knows. */
  readonly agentKind: string | null;
  readonly from: string | null;
  readonly state: InvocationState;
  readonly taskId: string | null;
  readonly handle: NativeHandle | null;
  readonly prompt: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly onUnknown: 'retry' | 'fail';
  readonly outputSchema: Readonly<Record<string, unknown>> | null;
  readonly error: Failure | null;
  readonly mayHaveRunTwice: boolean;
  readonly cancelRequested: string | null;
  readonly cancelConfirmed: boolean | null;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly deadline: number;
  readonly outputRef: string | null;
}

/** What a new row says; the rest is not known yet. */
export type NewInvocation = Pick<
  InvocationRow,
  | 'runId'
  | 'teamRunId'
  | 'step'
  | 'execution'
  | 'attempt'
  | 'key'
  | 'agent'
  | 'agentKind'
  | 'from'
  | 'prompt'
  | 'data'
  | 'onUnknown'
  | 'outputSchema'
  | 'mayHaveRunTwice'
  | 'deadline'
  | 'startedAt'
>;

/** The row as SQLite gives it. */
export type RawInvocation = Readonly<Schema['invocations']>;

const json = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T));

/** Reads the JSON columns. */
export const fromRaw = (raw: RawInvocation): InvocationRow => ({
  runId: raw.run_id,
  teamRunId: raw.team_run_id,
  step: raw.step,
  execution: raw.execution,
  attempt: raw.attempt,
  key: raw.key,
  agent: raw.agent,
  agentKind: raw.agent_kind,
  from: raw.from_agent,
  state: raw.state as InvocationState,
  taskId: raw.task_id,
  handle: json<NativeHandle>(raw.handle),
  prompt: raw.prompt,
  data: JSON.parse(raw.data) as Record<string, unknown>,
  onUnknown: raw.on_unknown as 'retry' | 'fail',
  outputSchema: json<Record<string, unknown>>(raw.output_schema),
  error: json<Failure>(raw.error),
  mayHaveRunTwice: raw.may_have_run_twice === 1,
  cancelRequested: raw.cancel_requested,
  cancelConfirmed: raw.cancel_confirmed === null ? null : raw.cancel_confirmed === 1,
  createdAt: raw.created_at,
  startedAt: raw.started_at,
  endedAt: raw.ended_at,
  deadline: raw.deadline,
  outputRef: raw.output_ref,
});

const iso = (ms: number): string => new Date(ms).toISOString();

/** The row as others see it; `approvals` knows what of it waits for a person. */
export const toInvocation = (
  row: InvocationRow,
  approvals: { pendingOfRun(runId: string): string[] },
): Invocation => ({
  run_id: row.runId,
  team_run_id: row.teamRunId,
  step: row.step,
  attempt: row.attempt,
  key: row.key,
  agent: row.agent,
  from: row.from,
  state: row.state,
  task_id: row.taskId,
  error: row.error,
  may_have_run_twice: row.mayHaveRunTwice,
  cancel_confirmed: row.cancelConfirmed,
  created_at: iso(row.createdAt),
  started_at: row.startedAt === null ? null : iso(row.startedAt),
  ended_at: row.endedAt === null ? null : iso(row.endedAt),
  deadline: iso(row.deadline),
  pending_approvals: row.endedAt === null ? approvals.pendingOfRun(row.runId) : [],
});
