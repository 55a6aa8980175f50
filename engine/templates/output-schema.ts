// The output schema of a step: compiled strictly with Ajv 2020, so that a misspelt keyword is a fault and not a check that never fails.
import type { Ajv2020, ErrorObject } from 'ajv/dist/2020.js';
import { ajv2020 } from './ajv.ts';

type Schema = Readonly<Record<string, unknown>>;

/** A fault inside a schema; `path` leads to it from the schema’s root. */
export interface SchemaFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** `strictRequired` is off: `required: [cause]` without `properties` is a fair thing to ask. */
const compiler = (): Ajv2020 =>
  ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, logger: false });

/** A JSON pointer as a path of keys; numbers stand for places in lists. */
const pointerPath = (pointer: string): (string | number)[] =>
  pointer
    .replace(/^#/, '')
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));

/** Where a key first stands in a schema. */
const findKey = (value: unknown, key: string, path: (string | number)[] = []): (string | number)[] | null => {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value) && Object.hasOwn(value, key)) return [...path, key];
  for (const [name, inner] of Object.entries(value)) {
    const found = findKey(inner, key, [...path, Array.isArray(value) ? Number(name) : name]);
    if (found !== null) return found;
  }
  return null;
};

const sentence = (error: ErrorObject): string => {
  const values: unknown = error.params['allowedValues'];
  const allowed = Array.isArray(values) ? `: ${values.map(String).join(', ')}` : '';
  const extra: unknown = error.params['additionalProperty'];
  return `${error.message ?? 'does not fit'}${allowed}${typeof extra === 'string' ? ` (${extra})` : ''}`;
};

/** Keywords whose values are data or names, not schemas. */
const HOLDS_DATA = new Set(['const', 'enum', 'default', 'examples', 'required']);
const HOLDS_NAMES = new Set(['properties', '$defs', 'definitions', 'dependentSchemas']);

/** Where a schema has a regular expression: one from elsewhere could hold the daemon up on an agent's answer (ReDoS). */
const expressions = (
  schema: unknown,
  path: (string | number)[] = [],
  isNames = false,
): (string | number)[][] => {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, inner]) => {
    const place = [...path, Array.isArray(schema) ? Number(key) : key];
    if (isNames || Array.isArray(schema)) return expressions(inner, place);
    if (key === 'pattern' || key === 'patternProperties') return [place];
    return HOLDS_DATA.has(key) ? [] : expressions(inner, place, HOLDS_NAMES.has(key));
  });
};

/** Everything that keeps a schema from being used; empty when it can be. */
export const schemaFaults = (schema: Schema): SchemaFault[] => {
  const found = expressions(schema);
  if (found.length > 0)
    return found.map((path) => ({
      path,
      message: 'regular expressions are not allowed in an output schema',
    }));
  if (findKey(schema, '$async') !== null)
    return [{ path: findKey(schema, '$async') ?? [], message: '$async schemas are not supported' }];
  const ajv = compiler();
  try {
    if (ajv.validateSchema(schema) !== true) {
      const deepest = [...(ajv.errors ?? [])].sort(
        (a, b) => b.instancePath.length - a.instancePath.length,
      )[0];
      return deepest === undefined
        ? [{ path: [], message: 'not a JSON Schema' }]
        : [{ path: pointerPath(deepest.instancePath), message: sentence(deepest) }];
    }
    ajv.compile(schema);
    return [];
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).replace(/^strict mode: /, '');
    const keyword = /unknown keyword: "([^"]+)"/.exec(message)?.[1];
    const pointer = / at "(#[^"]*)"/.exec(message)?.[1];
    const format = /unknown format "([^"]+)"/.exec(message)?.[1];
    const path =
      keyword !== undefined
        ? findKey(schema, keyword)
        : format !== undefined
          ? findKey(schema, 'format')
          : pointer !== undefined
            ? pointerPath(pointer)
            : null;
    return [{ path: path ?? [], message: message.replace(/ at "#[^"]*"/, '') }];
  }
};
