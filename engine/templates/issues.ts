// zod issues -> one plain sentence each, with the path of the fault.
import type { z } from 'zod';
import type { TemplatePlace } from '#machines/nouns/team';
import { knownKeys } from './json-schema.ts';
import { didYouMean, nearest } from './nearest.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly (string | number)[];

/** A fault: `at` says whether its key or its value is meant. */
export interface TemplateFault extends TemplatePlace {
  readonly at: 'key' | 'value';
}

const words = (path: readonly PropertyKey[]): (string | number)[] =>
  path.map((part) => (typeof part === 'symbol' ? String(part) : part));

/** `steps[1].retry.max`; the empty string for the whole. */
export const pathText = (path: Path): string =>
  path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map of keys',
  record: 'a map of keys',
  array: 'a list',
};

const valueAt = (root: unknown, path: Path): unknown => {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
};

const isMissing = (issue: Issue, root: unknown, base: Path): boolean =>
  issue.code === 'invalid_type' && valueAt(root, [...base, ...words(issue.path)]) === undefined;

/** How far an alternative of a union is from what was written: wrong keys weigh most, misspelt ones little. */
const farness = (issues: readonly Issue[], root: unknown, base: Path): number => {
  const missing = issues.filter((issue) => issue.path.length === 1 && isMissing(issue, root, base));
  const names = missing.map((issue) => String(issue.path[0]));
  return issues.reduce((sum, issue) => {
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0)
      return issue.keys.reduce((cost, key) => cost + (nearest(key, names).length > 0 ? -12 : 20), sum);
    if (issue.path.length === 0) return sum + 100;
    return sum + (missing.includes(issue) ? 15 : 1);
  }, 0);
};

const bound = (issue: Issue): string => {
  if (issue.code !== 'too_big' && issue.code !== 'too_small') return '';
  const limit = issue.code === 'too_big' ? issue.maximum : issue.minimum;
  const unit = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : '';
  if (issue.code === 'too_big')
    return issue.inclusive === false ? `less than ${limit}${unit}` : `at most ${limit}${unit}`;
  if (issue.origin === 'string' && Number(limit) === 1) return 'must not be empty';
  return issue.inclusive === false ? `more than ${limit}${unit}` : `at least ${limit}${unit}`;
};

const sentence = (issue: Issue, root: unknown, path: Path): string => {
  switch (issue.code) {
    case 'invalid_type':
      return valueAt(root, path) === undefined
        ? 'is missing'
        : `must be ${TYPE_WORDS[issue.expected] ?? issue.expected}`;
    case 'too_big':
    case 'too_small':
      return bound(issue);
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const given = valueAt(root, path);
      if (given === undefined) return `is missing; it must be ${allowed.join(' or ')}`;
      return `must be ${allowed.join(' or ')}${typeof given === 'string' && allowed.length > 1 ? didYouMean(given, allowed) : ''}`;
    }
    case 'invalid_format':
      return /^Invalid /.test(issue.message) ? `does not have the form of a ${issue.format}` : issue.message;
    case 'invalid_union':
      return 'fits none of the forms that are allowed here';
    default:
      return issue.message;
  }
};

/** A key of another form (of a `wait` step, say) is known, but not beside the keys that stand here. */
const unknownKey = (key: string, known: readonly string[]): string =>
  known.includes(key) ? `\`${key}\` does not belong here` : `unknown key \`${key}\`${didYouMean(key, known)}`;

/** All faults of one issue; a union’s are those of the alternative that is nearest to what was written. */
const expand = (issue: Issue, root: unknown, base: Path): TemplateFault[] => {
  const path = [...base, ...words(issue.path)];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: unknownKey(key, knownKeys(path)),
      at: 'key',
    }));
  if (issue.code === 'invalid_key')
    return [{ path, message: `the name ${issue.issues[0]?.message ?? 'is not allowed'}`, at: 'key' }];
  if (issue.code === 'invalid_union') {
    const [closest] = [...issue.errors]
      .map((issues) => ({ issues, far: farness(issues, root, path) }))
      .sort((a, b) => a.far - b.far);
    const mismatches = issue.errors.flat().filter((inner) => inner.path.length === 0);
    const types = mismatches.flatMap((inner) =>
      inner.code === 'invalid_type' ? [TYPE_WORDS[inner.expected] ?? inner.expected] : [],
    );
    if (closest !== undefined && closest.far < 100)
      return closest.issues.flatMap((inner) => expand(inner, root, path));
    if (types.length === issue.errors.length)
      return [{ path, message: `must be ${[...new Set(types)].join(' or ')}`, at: 'value' }];
    const told = closest?.issues[0];
    return [
      {
        path,
        message: told === undefined ? sentence(issue, root, path) : sentence(told, root, path),
        at: 'value',
      },
    ];
  }
  return [{ path, message: sentence(issue, root, path), at: 'value' }];
};

/** The faults that zod found in `root`, in plain words. */
export const faultsOf = (error: z.ZodError, root: unknown): TemplateFault[] => {
  const faults = error.issues.flatMap((issue) => expand(issue, root, []));
  // A misspelt key is told once, not also as the missing one.
  const misspelt = faults.flatMap(({ path, message }) => {
    const meant = /did you mean `([^`]+)`\?$/.exec(message)?.[1];
    return meant === undefined ? [] : [pathText([...path.slice(0, -1), meant])];
  });
  return faults.filter(
    ({ path, message }) => !message.startsWith('is missing') || !misspelt.includes(pathText(path)),
  );
};
