// A step's output: taken from what the agent answered, and checked against the schema that the template declares.
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { type Failure, failure } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { Outcome } from '../agents/adapter.ts';
import { ajv2020 } from '../templates/ajv.ts';

/** Where an output came from: an artifact (by its index), or the final text. */
export interface StepOutput {
  readonly value: unknown;
  readonly artifact: number | null;
}

const FENCE = /```(?:json)?[ \t]*\r?\n([\s\S]*?)```/g;

/** The text as JSON, or its only json fence; undefined when neither is. */
const parseText = (text: string): unknown => {
  const fences = [...text.matchAll(FENCE)].map((match) => match[1] ?? '');
  for (const candidate of fences.length === 1 ? [text, ...fences] : [text])
    try {
      return JSON.parse(candidate) as unknown;
    } catch {
      // Not JSON: the next candidate, or none.
    }
  return undefined;
};

/**
 * The last artifact with data; else, when a schema is declared, the text (or its only json fence) parsed; else {text};
 * of an agent that said nothing and sent files, {files}.
 */
export const outputOf = (outcome: Outcome, schema: Readonly<Record<string, unknown>> | null): StepOutput => {
  const index = outcome.artifacts.findLastIndex(({ data }) => data !== undefined);
  if (index >= 0) return { value: outcome.artifacts[index]?.data, artifact: index };
  const text =
    outcome.text ?? outcome.artifacts.findLast((artifact) => artifact.text !== undefined)?.text ?? '';
  const sent = outcome.artifacts.findLastIndex(({ files = [] }) => files.length > 0);
  if (text === '' && sent >= 0) return { value: { files: outcome.artifacts[sent]?.files }, artifact: sent };
  const parsed = schema === null ? undefined : parseText(text);
  return { value: parsed ?? { text }, artifact: null };
};

/** Checks outputs; compiled schemas are kept, because a team runs often. */
export interface OutputChecker {
  /** Null when it fits (or nothing is declared); else output_invalid with what does not, the first five faults of it. */
  check(value: unknown, schema: Readonly<Record<string, unknown>> | null): Failure | null;
}

interface Validators {
  readonly first: ValidateFunction;
  /** Finds every fault: for outputs that people can read, because each fault of a large one is an object of its own. */
  readonly every: ValidateFunction;
}

const compile = (schema: Readonly<Record<string, unknown>>, allErrors: boolean): ValidateFunction =>
  // `strict` was asked for when the template was checked; here an older template must still run.
  ajv2020({ strict: false, allErrors }).compile(schema);

/** A checker for JSON Schema 2020-12. */
export const createOutputChecker = (): OutputChecker => {
  const compiled = new Map<string, Validators>();
  const of = (schema: Readonly<Record<string, unknown>>): Validators => {
    const text = JSON.stringify(schema);
    const known = compiled.get(text);
    if (known !== undefined) return known;
    const validators = { first: compile(schema, false), every: compile(schema, true) };
    if (compiled.size >= 256) compiled.clear();
    compiled.set(text, validators);
    return validators;
  };
  return {
    check: (value, schema) => {
      if (schema === null) return null;
      const { first, every } = of(schema);
      if (first(value)) return null;
      const isSmall = JSON.stringify(value).length <= LIMITS.artifactInlineBytes;
      if (isSmall) every(value);
      const faults = ((isSmall ? every : first).errors ?? [])
        .slice(0, 5)
        .map(
          ({ instancePath, message }) =>
            `output${instancePath.replaceAll('/', '.')}: ${message ?? 'does not fit'}`,
        );
      return failure('output_invalid', faults.join('; '));
    },
  };
};
