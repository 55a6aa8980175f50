// Everything that can be known of a template before it runs: faults with line and column, and its cost at worst.
import { createHash } from 'node:crypto';
import { LIMITS } from '#machines/nouns/limits';
import type { TeamTemplate, WorkStep } from '#machines/nouns/team';
import { durationMs, notSupportedYet, TeamTemplateSchema } from '#machines/nouns/team';
import type { TemplateCheck, TemplateProblem } from '../engine.ts';
import { fitsInput } from './inputs.ts';
import type { TemplateFault } from './issues.ts';
import { faultsOf, pathText } from './issues.ts';
import { schemaFaults } from './output-schema.ts';
import type { Parsed, Parser } from './parse.ts';
import { placedSteps, referenceFaults } from './references.ts';

export interface Inspection {
  readonly check: TemplateCheck;
  /** Null when the text has errors of the schema; may still have other errors (see check.ok). */
  readonly template: TeamTemplate | null;
}

/** SHA-256 of a template’s text, hex. */
export const templateHash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** All the waits between the attempts of a step, without jitter (jitter never lengthens them): milliseconds. */
const backoffMs = (retry: NonNullable<WorkStep['retry']>): number => {
  const initial = durationMs(retry.initial);
  const most = durationMs(retry.max_delay);
  let sum = 0;
  for (let n = 0; n < retry.max; n += 1)
    sum += Math.min(most, retry.backoff === 'fixed' ? initial : initial * 2 ** n);
  return sum;
};

/** Attempts and wall time when every attempt of every step takes its whole time and fails but the last. */
const worstCase = (template: TeamTemplate): { invocations: number; wall_ms: number } => {
  let invocations = 0;
  let wallMs = 0;
  for (const { step } of placedSteps(template.steps)) {
    const attempts = 1 + (step.retry?.max ?? 0);
    const timeoutMs = step.timeout === undefined ? LIMITS.defaultStepTimeoutMs : durationMs(step.timeout);
    invocations += attempts;
    wallMs += attempts * timeoutMs + (step.retry === undefined ? 0 : backoffMs(step.retry));
  }
  return { invocations, wall_ms: wallMs };
};

const inputFaults = (template: TeamTemplate): TemplateFault[] =>
  Object.entries(template.inputs).flatMap(([name, input]) =>
    Object.hasOwn(input, 'default') && !fitsInput(input.type, input.default)
      ? [
          {
            path: ['inputs', name, 'default'],
            message: `must be of type ${input.type}`,
            at: 'value' as const,
          },
        ]
      : [],
  );

const outputFaults = (template: TeamTemplate): TemplateFault[] =>
  placedSteps(template.steps).flatMap(({ step, path }) =>
    (step.output === undefined ? [] : schemaFaults(step.output)).map((fault) => ({
      path: [...path, 'output', ...fault.path],
      message: fault.message,
      at: 'value' as const,
    })),
  );

/** Faults of a value that was read; with the template when it fits the schema. */
const judge = (parsed: Parsed): { template: TeamTemplate | null; problems: TemplateProblem[] } => {
  const problem = (
    fault: TemplateFault,
    code: TemplateProblem['code'] = 'invalid_template',
    severity: TemplateProblem['severity'] = 'error',
  ): TemplateProblem => {
    const path = pathText(fault.path);
    return {
      code,
      severity,
      message: path === '' ? `the template ${fault.message}` : `${path}: ${fault.message}`,
      path,
      ...parsed.place(fault.path, fault.at),
    };
  };
  if (parsed.problems.length > 0)
    return {
      template: null,
      problems: parsed.problems.map(({ path, message, line, column }) => ({
        code: 'invalid_template',
        severity: 'error',
        message: path.length === 0 ? message : `${pathText(path)}: ${message}`,
        path: pathText(path),
        line,
        column,
      })),
    };
  const result = TeamTemplateSchema.safeParse(parsed.value);
  if (!result.success)
    return {
      template: null,
      problems: faultsOf(result.error, parsed.value).map((fault) => problem(fault)),
    };
  const template = result.data;
  return {
    template,
    problems: [
      ...inputFaults(template).map((fault) => problem(fault)),
      ...referenceFaults(template).map((fault) => problem(fault, 'invalid_template', fault.severity)),
      ...outputFaults(template).map((fault) => problem(fault)),
      ...notSupportedYet(template).map((place) => problem({ ...place, at: 'key' }, 'not_supported_yet')),
    ],
  };
};

const nameOf = (value: unknown): string | null =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
    ? value.name
    : null;

/** Reads and judges a text. Problems stand in the order of the text, errors before warnings of the same place. */
export const inspectTemplate = async (parser: Parser, text: string): Promise<Inspection> => {
  const parsed = await parser.parse(text);
  const { template, problems } = judge(parsed);
  problems.sort(
    (a, b) =>
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0) ||
      a.severity.localeCompare(b.severity),
  );
  return {
    template,
    check: {
      name: template?.name ?? nameOf(parsed.value),
      hash: templateHash(text),
      ok: problems.every(({ severity }) => severity === 'warning'),
      problems,
      worst_case: template === null ? null : worstCase(template),
    },
  };
};
