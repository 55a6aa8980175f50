// The inputs of a team run: given values against the template’s declarations.
import { MeshError } from '#machines/nouns/error';
import type { TeamTemplate } from '#machines/nouns/team';
import { didYouMean } from './nearest.ts';

type Input = TeamTemplate['inputs'][string];

/** Whether a value is of an input’s type. */
export const fitsInput = (type: Input['type'], value: unknown): boolean => {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  return typeof value === type;
};

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A command line only has texts: one that reads as the declared type is taken as that. */
const fromText = (type: Input['type'], text: string): unknown => {
  if (type === 'string') return text;
  const trimmed = text.trim();
  if (type === 'number') return NUMBER.test(trimmed) ? Number(trimmed) : text;
  try {
    const value: unknown = JSON.parse(trimmed);
    return fitsInput(type, value) ? value : text;
  } catch {
    return text;
  }
};

/** An input is optional when the template gives it a default (null and empty ones count). */
const isOptional = (input: Input): boolean => Object.hasOwn(input, 'default');

/**
 * The inputs a run starts with: defaults filled in, texts read as the declared types.
 * Throws invalid_input that names every fault (`extra.problems`: {input, message}).
 */
export const resolveInputs = (
  declared: TeamTemplate['inputs'],
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const problems: { input: string; message: string }[] = [];
  const values: Record<string, unknown> = {};
  const names = Object.keys(declared);
  for (const name of Object.keys(given))
    if (!names.includes(name))
      problems.push({ input: name, message: `there is no input \`${name}\`${didYouMean(name, names)}` });
  for (const [name, input] of Object.entries(declared)) {
    if (!Object.hasOwn(given, name) || given[name] === undefined) {
      if (isOptional(input)) values[name] = input.default;
      else
        problems.push({
          input: name,
          message: `\`${name}\` is missing${input.description === undefined ? '' : ` (${input.description})`}`,
        });
      continue;
    }
    const raw = given[name];
    const value = typeof raw === 'string' ? fromText(input.type, raw) : raw;
    if (fitsInput(input.type, value)) values[name] = value;
    else problems.push({ input: name, message: `\`${name}\` must be of type ${input.type}` });
  }
  if (problems.length > 0)
    throw new MeshError('invalid_input', problems.map(({ message }) => message).join('; '), { problems });
  return values;
};
