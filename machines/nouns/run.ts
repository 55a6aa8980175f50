// Runs as others see them: a team run with its steps, and an invocation (one call to one agent).
import { z } from 'zod';
import { FailureSchema } from './error.ts';
import { AskedBySchema } from './origin.ts';

/** Status of a team run. docs/teams.md has the state table; `blocked` means that its machine no longer fits. */
export const TEAM_RUN_STATUSES = [
  'pending',
  'running',
  'retrying',
  'paused',
  'waiting_approval',
  'cancelling',
  'blocked',
  'completed',
  'failed',
  'cancelled',
] as const;
export type TeamRunStatus = (typeof TEAM_RUN_STATUSES)[number];
export const TERMINAL_TEAM_RUN_STATUSES: readonly TeamRunStatus[] = ['completed', 'failed', 'cancelled'];

/** What a run is while the machine that made its snapshot no longer fits: the machine cannot say so itself. */
export const BLOCKED: TeamRunStatus = 'blocked';
/** How a run ends that its machine cannot end: it threw, or it was cancelled while blocked. */
export const ENDED_OUTSIDE = { threw: 'failed', cancelled: 'cancelled' } as const;

/** Whether a team run has ended for good. */
export const isTerminalTeamRun = (status: TeamRunStatus): boolean =>
  TERMINAL_TEAM_RUN_STATUSES.includes(status);

export const INVOCATION_STATES = [
  'queued',
  'working',
  'cancelling',
  'completed',
  'failed',
  'cancelled',
] as const;
export type InvocationState = (typeof INVOCATION_STATES)[number];

/** Whether an invocation has ended for good. */
export const isTerminalInvocation = (state: InvocationState): boolean =>
  state === 'completed' || state === 'failed' || state === 'cancelled';

export const InvocationSchema = z.object({
  run_id: z.string(),
  team_run_id: z.string().nullable(),
  step: z.string().nullable(),
  /** 1, 2, … for people. */
  attempt: z.int().nullable(),
  /** (team run, step, execution), or the run id of a plain run: at the agent one key is one effect. */
  key: z.string(),
  agent: z.string(),
  /** The agent on whose behalf it was asked (`--from`). */
  from: z.string().nullable(),
  state: z.enum(INVOCATION_STATES),
  task_id: z.string().nullable(),
  error: FailureSchema.nullable(),
  /** After a crash it was sent again without proof that the first one had no effect. */
  may_have_run_twice: z.boolean(),
  /** For cancelled ones: whether the agent itself confirmed. */
  cancel_confirmed: z.boolean().nullable(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  deadline: z.string(),
  /** Approvals of it that wait for a person, by id, oldest first. */
  pending_approvals: z.array(z.string()),
});
export type Invocation = z.infer<typeof InvocationSchema>;

export const STEP_STATES = [
  'pending',
  'running',
  'retrying',
  'completed',
  'failed',
  'cancelled',
  'skipped',
] as const;
export type StepState = (typeof STEP_STATES)[number];

export const StepViewSchema = z.object({
  id: z.string(),
  role: z.string(),
  agent: z.string().nullable(),
  state: z.enum(STEP_STATES),
  /** Attempts begun. */
  attempts: z.array(InvocationSchema),
  retries_left: z.int(),
  output: z.unknown().nullable(),
});
export type StepView = z.infer<typeof StepViewSchema>;

/** Why a run failed and what to do next: names the step, the attempt and the event. */
export const RootCauseSchema = z.object({
  step: z.string().nullable(),
  attempt: z.int().nullable(),
  run_id: z.string().nullable(),
  event_id: z.string().nullable(),
  error: FailureSchema,
  next: z.string(),
});
export type RootCause = z.infer<typeof RootCauseSchema>;

export const TemplateRefSchema = z.object({
  name: z.string(),
  /** SHA-256 of the text, hex. */
  hash: z.string(),
  compiler_version: z.int(),
  origin: z.string().describe('shipped, data, or the path or git ref that it was read from'),
  commit: z.string().nullable(),
});
export type TemplateRef = z.infer<typeof TemplateRefSchema>;

export const TeamRunSummarySchema = z.object({
  team_run_id: z.string(),
  team: z.string(),
  status: z.enum(TEAM_RUN_STATUSES),
  /** The step that is at work, waits or failed. */
  step: z.string().nullable(),
  template: TemplateRefSchema,
  inputs: z.record(z.string(), z.unknown()),
  /** Set when an agent or another mesh asked for it. */
  asked_by: AskedBySchema.nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  ended_at: z.string().nullable(),
  /** Steps completed, of how many. */
  steps_done: z.int(),
  steps_total: z.int(),
  /** Approvals of its steps that wait for a person, by id, oldest first. */
  pending_approvals: z.array(z.string()),
});
export type TeamRunSummary = z.infer<typeof TeamRunSummarySchema>;

export const TeamRunSchema = TeamRunSummarySchema.extend({
  steps: z.array(StepViewSchema),
  failure: RootCauseSchema.nullable(),
  /** Events that the machine accepts from people now. */
  enabled: z.array(z.string()),
  cancel_confirmed: z.boolean().nullable(),
});
export type TeamRun = z.infer<typeof TeamRunSchema>;

/** The drawable machine: made by machines/team-run/chart.ts, the same for CLI, API and console. */
export const ChartSchema = z.object({
  id: z.string(),
  states: z.array(
    z.object({
      id: z.string().describe('path from the root joined with dots'),
      name: z.string(),
      parent: z.string().nullable(),
      type: z.enum(['atomic', 'compound', 'parallel', 'final', 'history']),
      initial: z.string().nullable().describe('id of the initial child'),
      step: z.string().nullable().describe('the step that this state stands for'),
      agent: z.string().nullable().describe('role and agent, for people'),
    }),
  ),
  transitions: z.array(
    z.object({
      id: z.string(),
      source: z.string(),
      target: z.string(),
      label: z.string().describe('the event in the words of the state table'),
      guard: z.string().nullable(),
      type: z.enum(['event', 'always', 'after']),
    }),
  ),
});
export type Chart = z.infer<typeof ChartSchema>;
