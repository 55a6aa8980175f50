// The schema of every request and answer, one entry a route of routes.ts.
import { z } from 'zod';
import { AgentEntrySchema, AgentNameSchema, AgentSchema } from '#machines/nouns/agent';
import { APPROVAL_STATES, ApprovalSchema, DECISIONS } from '#machines/nouns/approval';
import { SourceStateSchema } from '#machines/nouns/discovery';
import { AuditRowSchema } from '#machines/nouns/audit';
import { EventFilterSchema, EventSchema } from '#machines/nouns/event';
import {
  InstallAskSchema,
  InstallationSchema,
  InstallPlanSchema,
  InstallReportSchema,
} from '#machines/nouns/install';
import { LIMITS } from '#machines/nouns/limits';
import { OriginSchema } from '#machines/nouns/origin';
import {
  ChartSchema,
  INVOCATION_STATES,
  InvocationSchema,
  TEAM_RUN_STATUSES,
  TeamRunSchema,
  TeamRunSummarySchema,
} from '#machines/nouns/run';
import { InputSchema } from '#machines/nouns/team';
import type { RouteId } from './routes.ts';

interface Shape {
  /** Path parameters. */
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
}

const count = z.coerce.number().int();
const flag = z.stringbool();
const Empty = z.strictObject({});

export const TemplateProblemSchema = z.object({
  code: z.enum(['invalid_template', 'not_supported_yet']),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  path: z.string(),
  line: z.int().nullable(),
  column: z.int().nullable(),
});
export const TemplateCheckSchema = z.object({
  name: z.string().nullable(),
  hash: z.string(),
  ok: z.boolean(),
  problems: z.array(TemplateProblemSchema),
  worst_case: z.object({ invocations: z.int(), wall_ms: z.number() }).nullable(),
});
export const TemplateSummarySchema = z.object({
  name: z.string(),
  description: z.string(),
  origin: z.string(),
  hash: z.string(),
  steps: z.array(z.string()),
  inputs: z.record(z.string(), InputSchema),
  input_modes: z
    .array(z.string())
    .nullable()
    .describe('media types of files that a request over A2A may bring; null: text and JSON'),
  problems: z.int(),
});
export const VerifyReportSchema = z.object({
  ok: z.boolean(),
  table_events: z.int(),
  file_lines: z.int(),
  lost: z.array(z.int()),
  unindexed: z.array(z.int()),
  rejected: z.array(z.object({ offset: z.int(), reason: z.string() })),
  healed: z.object({
    appended_to_file: z.int(),
    indexed_from_file: z.int(),
    torn_tail_bytes: z.int(),
  }),
});
export const HealthSchema = z.object({
  status: z.enum(['ok', 'degraded', 'stopping']),
  version: z.string(),
  log_id: z.string(),
  head_seq: z.int(),
  mirror: z.object({ ok: z.boolean(), lag: z.int(), problem: z.string().nullable() }),
  problems: z.array(z.string()),
  queue: z.object({
    driver: z.string(),
    problem: z.string().nullable(),
    waiting: z.int(),
    dropped: z.int(),
  }),
  discovery: z.array(SourceStateSchema),
  workers: z.array(
    z.object({
      name: z.string(),
      host: z.string(),
      version: z.string(),
      serves: z.array(z.string()),
      calls: z.int(),
    }),
  ),
  counts: z.object({
    agents: z.int(),
    invocations_active: z.int(),
    team_runs_active: z.int(),
    approvals_pending: z.int(),
  }),
  uptime_ms: z.number(),
});
export const SweepSchema = z.object({
  sweep_id: z.string(),
  found: z.int(),
  agents: z.array(AgentSchema),
  problems: z.array(z.object({ source: z.string(), message: z.string() })),
});

const RunId = z.object({ run_id: z.string() });
const TeamRunId = z.object({ team_run_id: z.string() });
const ApprovalId = z.object({ approval_id: z.string() });
const AgentName = z.object({ name: AgentNameSchema });
const list = z.strictObject({
  limit: count.min(1).max(LIMITS.listPageMax).default(50),
  before: z.string().optional().describe('ids before this one'),
});
const Cursor = z.strictObject({
  after_seq: count.min(0).default(0),
  limit: count.min(1).max(LIMITS.eventsPageMax).default(LIMITS.eventsPageDefault),
});
const Reason = z.strictObject({ reason: z.string().max(LIMITS.reasonChars).optional() });

export const SHAPES = {
  healthz: { answer: HealthSchema },
  openapi: { answer: z.looseObject({ openapi: z.string() }) },
  'events.list': { query: EventFilterSchema.extend(Cursor.shape), answer: z.array(EventSchema) },
  'events.append': { body: z.unknown(), answer: EventSchema },
  'events.stream': {
    query: EventFilterSchema.extend({
      after_seq: count.min(0).optional().describe('start after this seq; the end of the log when absent'),
      log_id: z.string().optional().describe('the log that after_seq belongs to'),
    }),
    answer: EventSchema,
  },
  'trace.get': { params: z.object({ id: z.string() }), query: Cursor, answer: z.array(EventSchema) },
  'agents.list': { answer: z.array(AgentSchema) },
  'agents.get': { params: AgentName, answer: AgentSchema },
  'agents.add': { body: AgentEntrySchema, answer: AgentSchema },
  'agents.trust': {
    params: AgentName,
    body: z.strictObject({
      identity: z
        .string()
        .optional()
        .describe('`identity` of the agent as you saw it; another one is refused'),
    }),
    answer: AgentSchema,
  },
  'agents.alias': {
    params: AgentName,
    body: z.strictObject({ alias: AgentNameSchema }),
    answer: AgentSchema,
  },
  'agents.unalias': { params: AgentName.extend({ alias: AgentNameSchema }), answer: AgentSchema },
  'agents.remove': { params: AgentName, answer: z.undefined() },
  'installs.list': { answer: z.array(InstallationSchema) },
  'installs.plan': { body: InstallAskSchema, answer: InstallPlanSchema },
  'installs.apply': {
    body: InstallAskSchema.extend({
      plan_sha256: z.string().optional().describe('only what this plan showed is done'),
    }),
    answer: InstallReportSchema,
  },
  'installs.undo': { body: InstallAskSchema.omit({ settings: true }), answer: InstallReportSchema },
  discover: {
    body: z.strictObject({ wait_ms: z.int().min(0).max(60_000).default(5_000) }),
    answer: SweepSchema,
  },
  'invocations.start': {
    body: z.strictObject({
      to: AgentNameSchema,
      from: AgentNameSchema.optional(),
      prompt: z.string().min(1).max(LIMITS.promptBytes),
      timeout_ms: z.int().min(1).max(LIMITS.durationMs).optional(),
      origin: OriginSchema.optional().describe('given by an agent that asks: its own call'),
    }),
    answer: InvocationSchema,
  },
  'invocations.list': {
    query: list.extend({
      status: z.enum(INVOCATION_STATES).optional(),
      plain_only: flag.default(false).describe('leave out the steps of team runs'),
    }),
    answer: z.array(InvocationSchema),
  },
  'invocations.get': { params: RunId, answer: InvocationSchema },
  'invocations.cancel': { params: RunId, body: Reason, answer: InvocationSchema },
  'templates.list': { answer: z.array(TemplateSummarySchema) },
  'templates.get': {
    params: z.object({ name: z.string() }),
    answer: z.object({
      name: z.string(),
      text: z.string(),
      origin: z.string(),
      check: TemplateCheckSchema,
    }),
  },
  'templates.check': {
    body: z.strictObject({ text: z.string() }),
    answer: TemplateCheckSchema,
  },
  'team-runs.start': {
    body: z.strictObject({
      template: z.union([
        z.strictObject({ name: z.string() }),
        z.strictObject({ text: z.string(), origin: z.string(), commit: z.string().nullish() }),
      ]),
      inputs: z.record(z.string(), z.unknown()).default({}),
      origin: OriginSchema.optional().describe('given by an agent that asks: its own call'),
    }),
    answer: TeamRunSchema,
  },
  'team-runs.list': {
    query: list.extend({ status: z.enum(TEAM_RUN_STATUSES).optional() }),
    answer: z.array(TeamRunSummarySchema),
  },
  'team-runs.get': { params: TeamRunId, answer: TeamRunSchema },
  'team-runs.pause': {
    params: TeamRunId,
    body: z.strictObject({ now: z.boolean().default(false) }),
    answer: TeamRunSchema,
  },
  'team-runs.resume': { params: TeamRunId, body: Empty, answer: TeamRunSchema },
  'team-runs.cancel': { params: TeamRunId, body: Reason, answer: TeamRunSchema },
  'team-runs.machine': {
    params: TeamRunId,
    answer: z.object({
      template: z.string(),
      hash: z.string(),
      compiler_version: z.int(),
      chart: ChartSchema,
    }),
  },
  'approvals.list': {
    query: list.extend({ status: z.enum(APPROVAL_STATES).optional() }),
    answer: z.array(ApprovalSchema),
  },
  'approvals.get': { params: ApprovalId, answer: ApprovalSchema },
  'approvals.decide': {
    params: ApprovalId,
    body: z.strictObject({
      decision: z.enum(DECISIONS),
      answer: z.string().max(LIMITS.approvalAnswerChars).optional().describe('to a question that is allowed'),
      reason: z.string().max(LIMITS.reasonChars).optional(),
      hash: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional()
        .describe('operation_hash of what was shown: another operation is refused'),
    }),
    answer: ApprovalSchema,
  },
  verify: { answer: VerifyReportSchema },
  'audit.list': {
    query: z.strictObject({
      limit: count.min(1).max(LIMITS.listPageMax).default(50),
      before: count.optional(),
    }),
    answer: z.array(AuditRowSchema),
  },
} as const satisfies Record<RouteId, Shape>;

type Shapes = typeof SHAPES;
type Part<R extends RouteId, K extends keyof Shape> =
  Shapes[R] extends Record<K, z.ZodType> ? Shapes[R][K] : undefined;

/** What a caller may give in a part of the request (defaults may be left out). */
export type RouteInput<R extends RouteId, K extends 'params' | 'query' | 'body'> =
  Part<R, K> extends z.ZodType ? z.input<Part<R, K>> : undefined;
/** What a handler sees after validation. */
export type RouteValues<R extends RouteId, K extends 'params' | 'query' | 'body'> =
  Part<R, K> extends z.ZodType ? z.output<Part<R, K>> : undefined;
export type RouteAnswer<R extends RouteId> = z.infer<Shapes[R]['answer']>;
