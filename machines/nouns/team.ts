// The team template (team.yaml, team.json): the whole v1 language. What cannot run yet is in notSupportedYet() below.
import { z } from 'zod';
import { AgentNameSchema } from './agent.ts';
import { LIMITS } from './limits.ts';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d{1,9})(ms|s|m|h|d)$/;

/** Milliseconds of a duration such as 500ms, 2s, 5m, 1h, 7d; NaN when it is none. */
export const durationMs = (text: string): number => {
  const match = DURATION.exec(text);
  const [, count, unit] = match ?? [];
  return count === undefined ? Number.NaN : Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
};

export const DurationSchema = z
  .string()
  .regex(DURATION, 'a duration such as 500ms, 2s, 5m, 1h or 7d')
  .refine((text) => !(durationMs(text) > LIMITS.durationMs), 'at most 31d')
  .meta({ id: 'Duration', description: 'A duration: a whole number and one of ms, s, m, h, d.' });

/** Step ids become state names; this form keeps clear of XState’s `.` and `#` and of prototype keys. */
export const StepIdSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,47}$/, 'a lower-case letter, then letters, digits, - or _ (at most 48)');

const NameSchema = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'lower-case letters, digits and -');
const InputNameSchema = z.string().regex(/^[a-z][a-z0-9_]{0,47}$/, 'lower-case letters, digits and _');

/** A media type, or a range of them (RFC 9110, section 12.5.1, without parameters). */
const MediaRangeSchema = z
  .string()
  .regex(
    /^(?:\*\/\*|[a-z0-9][a-z0-9!#$&^_.+-]{0,62}\/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]{0,62}))$/,
    'a media type such as application/pdf, a range such as image/*, or */*',
  );

export const InputSchema = z
  .strictObject({
    type: z.enum(['string', 'number', 'boolean', 'object', 'array']),
    description: z.string().optional(),
    default: z.unknown().optional().describe('an input without a default must be given'),
  })
  .meta({ id: 'Input' });

const RoleSchema = z
  .union([
    z.strictObject({ agent: AgentNameSchema }),
    z.strictObject({
      skill: z.string().min(1),
      prefer: z.array(AgentNameSchema).optional().describe('names tried first, in this order'),
    }),
  ])
  .meta({ id: 'Role', description: 'A named agent, or a skill that any reachable agent offers.' });

const RetrySchema = z
  .strictObject({
    max: z.int().min(0).max(LIMITS.retriesMax).describe('retries, not attempts: 2 means 3 attempts'),
    backoff: z.enum(['exponential', 'fixed']).default('exponential'),
    initial: DurationSchema.default('2s'),
    max_delay: DurationSchema.default('60s'),
    jitter: z.boolean().default(true),
    non_retryable: z.array(z.string()).default([]).describe('error codes that end the step at once'),
  })
  .meta({ id: 'Retry' });

const BudgetSchema = z
  .strictObject({
    wall: DurationSchema.optional(),
    invocations: z.int().positive().optional(),
    tokens: z.union([z.int().positive(), z.string().regex(/^\d+[kM]?$/)]).optional(),
    cost_usd: z.number().positive().optional(),
  })
  .meta({ id: 'Budget' });

const PathSchema = z.string().regex(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){0,15}$/, 'names joined with dots');

const ConditionSchema = z
  .strictObject({
    step: StepIdSchema,
    path: PathSchema,
    equals: z.unknown().optional(),
    not_equals: z.unknown().optional(),
    exists: z.boolean().optional(),
    gt: z.number().optional(),
    lt: z.number().optional(),
    in: z.array(z.unknown()).optional(),
  })
  .refine(
    (c) =>
      [c.equals, c.not_equals, c.exists, c.gt, c.lt, c.in].filter((operand) => operand !== undefined)
        .length === 1,
    'give exactly one of equals, not_equals, exists, gt, lt, in',
  )
  .meta({ id: 'Condition', description: 'field, operator, value; there is no expression language' });

const JsonSchemaSchema = z
  .record(z.string(), z.unknown())
  .meta({ description: 'JSON Schema 2020-12 of the output; a mismatch is a retryable step_fail' });

const WorkStepSchema = z
  .strictObject({
    id: StepIdSchema,
    role: NameSchema,
    prompt: z.string().min(1).describe('may use {{ inputs.name }} and {{ steps.id.output.path }}'),
    timeout: DurationSchema.optional(),
    on_unknown: z.enum(['retry', 'fail']).default('retry'),
    retry: RetrySchema.optional(),
    output: JsonSchemaSchema.optional(),
    risk: z.enum(['low', 'medium', 'high']).default('low'),
    budget: BudgetSchema.optional(),
    approve: z
      .strictObject({
        before: z.literal(true),
        timeout: DurationSchema.optional(),
        on_timeout: z.enum(['reject', 'approve']).default('reject'),
      })
      .optional(),
    on_fail: z
      .strictObject({ goto: StepIdSchema, max: z.int().min(1).max(LIMITS.retriesMax) })
      .optional()
      .describe('a bounded loop; without max it is an error'),
    when: ConditionSchema.optional(),
    compensate: z.strictObject({ role: NameSchema, prompt: z.string().min(1) }).optional(),
  })
  .meta({ id: 'Step', description: 'one prompt to one agent' });
export type WorkStep = z.infer<typeof WorkStepSchema>;

const WaitStepSchema = z.strictObject({
  id: StepIdSchema,
  wait: z.union([
    z.strictObject({ for: DurationSchema }),
    z.strictObject({ event: NameSchema, timeout: DurationSchema.optional() }),
  ]),
  when: ConditionSchema.optional(),
});

const TeamStepSchema = z.strictObject({
  id: StepIdSchema,
  team: NameSchema,
  inputs: z.record(InputNameSchema, z.unknown()).optional(),
  when: ConditionSchema.optional(),
});

const ParallelStepSchema = z.strictObject({
  id: StepIdSchema,
  parallel: z.array(z.array(WorkStepSchema).min(1).or(WorkStepSchema)).min(2),
  join: z.union([z.enum(['all', 'any']), z.strictObject({ at_least: z.int().positive() })]).default('all'),
  when: ConditionSchema.optional(),
});

const StepSchema = z.union([WorkStepSchema, WaitStepSchema, TeamStepSchema, ParallelStepSchema]);
export type Step = z.infer<typeof StepSchema>;

export const TeamTemplateSchema = z
  .strictObject({
    apiVersion: z.literal('agentmesh/v1'),
    kind: z.literal('Team'),
    name: NameSchema,
    description: z.string().default(''),
    inputs: z.record(InputNameSchema, InputSchema).default({}),
    input_modes: z
      .array(MediaRangeSchema)
      .min(1)
      .max(32)
      .optional()
      .describe(
        'media types of the files that a request over A2A may bring along; text and JSON when absent',
      ),
    roles: z.record(NameSchema, RoleSchema),
    steps: z.array(StepSchema).min(1).max(LIMITS.templateSteps),
    budget: BudgetSchema.optional(),
    workspace: z.strictObject({ git: z.string().min(1) }).optional(),
    terminate: z.strictObject({ when: ConditionSchema }).optional(),
  })
  .meta({ id: 'Team', title: 'AgentMesh team template' });
export type TeamTemplate = z.infer<typeof TeamTemplateSchema>;

/** Whether a step is one prompt to one agent (the only sort that runs in this version). */
export const isWorkStep = (step: Step): step is WorkStep => 'prompt' in step;

/** A place in a template, as a path of keys. */
export interface TemplatePlace {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const UNSUPPORTED_STEP_KEYS = ['budget', 'approve', 'on_fail', 'when', 'compensate'] as const;

/** What of a valid template this version cannot run yet; empty when it can run all of it. */
export const notSupportedYet = (template: TeamTemplate): TemplatePlace[] => {
  const places: TemplatePlace[] = [];
  const add = (path: (string | number)[], what: string): void => {
    places.push({ path, message: `${what} cannot run yet in this version` });
  };
  for (const key of ['budget', 'workspace', 'terminate'] as const)
    if (template[key] !== undefined) add([key], key);
  template.steps.forEach((step, index) => {
    if (!isWorkStep(step)) {
      const key = 'wait' in step ? 'wait' : 'team' in step ? 'team' : 'parallel';
      add(['steps', index, key], `a \`${key}\` step`);
      return;
    }
    for (const key of UNSUPPORTED_STEP_KEYS) if (step[key] !== undefined) add(['steps', index, key], key);
    if (step.risk === 'high') add(['steps', index, 'risk'], 'risk: high needs an approval, which');
  });
  return places;
};

/** A reference `{{ inputs.x }}` or `{{ steps.y.output.z }}` in a prompt. */
export type PromptReference =
  | { readonly from: 'inputs'; readonly path: readonly string[]; readonly text: string }
  | { readonly from: 'steps'; readonly step: string; readonly path: readonly string[]; readonly text: string }
  | { readonly from: 'unknown'; readonly text: string };

/** Matches each `{{ … }}`; used for reading and for filling in, so that both see the same. */
export const PROMPT_REFERENCE = /\{\{([^{}]{0,512})\}\}/g;

/** Reads one `{{ … }}`: its inside, blanks trimmed. */
export const parseReference = (inside: string): PromptReference => {
  const text = inside.trim();
  const parts = text.split('.');
  const [head, second, third, ...rest] = parts;
  if (!parts.every((part) => /^[A-Za-z0-9_-]+$/.test(part))) return { from: 'unknown', text };
  if (head === 'inputs' && second !== undefined) return { from: 'inputs', path: parts.slice(1), text };
  if (head === 'steps' && second !== undefined && third === 'output')
    return { from: 'steps', step: second, path: rest, text };
  return { from: 'unknown', text };
};

/** All references of a prompt, in order. */
export const promptReferences = (prompt: string): PromptReference[] =>
  [...prompt.matchAll(PROMPT_REFERENCE)].map((match) => parseReference(match[1] ?? ''));
