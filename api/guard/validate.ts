// Parameters, query and body against the schemas of the route; a problem names each field.
import type { z } from 'zod';
import { MeshError } from '#machines/nouns/error';
import type { RouteId } from '../contract/routes.ts';
import { SHAPES, type RouteValues } from '../contract/shapes.ts';

type Place = 'path' | 'query' | 'body';

export interface FieldProblem {
  readonly in: Place;
  /** Keys joined with dots; empty for the whole. */
  readonly field: string;
  readonly message: string;
}

/** As many as help; a hostile body may have thousands. */
const PROBLEMS_SHOWN = 20;

const problemsOf = (place: Place, error: z.ZodError): FieldProblem[] =>
  error.issues.flatMap((issue): FieldProblem[] => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        in: place,
        field: [...path, key].join('.'),
        message: place === 'query' ? 'there is no such parameter' : 'there is no such field',
      }));
    return [{ in: place, field: path.join('.'), message: issue.message }];
  });

const refuse = (problems: readonly FieldProblem[]): MeshError => {
  const [first] = problems;
  const where = first === undefined ? '' : [first.in, first.field].filter((part) => part !== '').join(' ');
  const more = problems.length > 1 ? ` (and ${String(problems.length - 1)} more)` : '';
  return new MeshError('bad_request', `${where}: ${first?.message ?? ''}${more}`, {
    fields: problems.slice(0, PROBLEMS_SHOWN),
  });
};

export interface RouteRequest<R extends RouteId> {
  readonly params: RouteValues<R, 'params'>;
  readonly query: RouteValues<R, 'query'>;
  readonly body: RouteValues<R, 'body'>;
}

/** What the handler may rely on. Throws bad_request with `fields`; unknown query parameters are problems too. */
export const validate = <R extends RouteId>(
  route: R,
  raw: {
    readonly params: unknown;
    readonly query: Readonly<Record<string, string>>;
    readonly body: unknown;
  },
): RouteRequest<R> => {
  const shape: Partial<Record<'params' | 'query' | 'body' | 'answer', z.ZodType>> = SHAPES[route];
  const problems: FieldProblem[] = [];
  const check = (place: Place, schema: z.ZodType | undefined, value: unknown): unknown => {
    if (schema === undefined) return undefined;
    const result = schema.safeParse(value);
    if (!result.success) problems.push(...problemsOf(place, result.error));
    return result.data;
  };
  if (shape.query === undefined)
    for (const name of Object.keys(raw.query))
      problems.push({ in: 'query', field: name, message: 'there is no such parameter' });
  const values = {
    params: check('path', shape.params, raw.params),
    query: check('query', shape.query, { ...raw.query }),
    body: check('body', shape.body, raw.body),
  };
  if (problems.length > 0) throw refuse(problems);
  return values as RouteRequest<R>;
};
