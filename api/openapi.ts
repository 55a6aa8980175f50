// This API as OpenAPI 3.1, made from the route table and its schemas; nothing in it is written twice.
import { z } from 'zod';
import { AgentEntrySchema, AgentSchema } from '#machines/nouns/agent';
import { ApprovalSchema } from '#machines/nouns/approval';
import { AuditRowSchema } from '#machines/nouns/audit';
import { ERRORS, FailureSchema, MeshError, ProblemSchema, toProblem } from '#machines/nouns/error';
import { EventSchema } from '#machines/nouns/event';
import {
  InstallationSchema,
  InstallPlanSchema,
  InstallReportSchema,
  InstallStepSchema,
} from '#machines/nouns/install';
import {
  ChartSchema,
  InvocationSchema,
  StepViewSchema,
  TeamRunSchema,
  TeamRunSummarySchema,
} from '#machines/nouns/run';
import { InputSchema } from '#machines/nouns/team';
import { ROUTES, type RouteId } from './contract/routes.ts';
import {
  HealthSchema,
  SHAPES,
  SweepSchema,
  TemplateCheckSchema,
  TemplateSummarySchema,
  VerifyReportSchema,
} from './contract/shapes.ts';
import { routeProblems } from './route-problems.ts';

type Json = Readonly<Record<string, unknown>>;
type Schema = Record<string, unknown>;

/** Nouns that requests carry. */
const ASKED_NOUNS = { AgentEntry: AgentEntrySchema } as const satisfies Record<string, z.ZodType>;

/** Nouns that answers carry. */
const ANSWERED_NOUNS = {
  Agent: AgentSchema,
  Approval: ApprovalSchema,
  AuditRow: AuditRowSchema,
  Chart: ChartSchema,
  EventV1: EventSchema,
  Failure: FailureSchema,
  Health: HealthSchema,
  Input: InputSchema,
  Installation: InstallationSchema,
  InstallPlan: InstallPlanSchema,
  InstallReport: InstallReportSchema,
  InstallStep: InstallStepSchema,
  Invocation: InvocationSchema,
  Problem: ProblemSchema,
  StepView: StepViewSchema,
  Sweep: SweepSchema,
  TeamRun: TeamRunSchema,
  TeamRunSummary: TeamRunSummarySchema,
  TemplateCheck: TemplateCheckSchema,
  TemplateSummary: TemplateSummarySchema,
  VerifyReport: VerifyReportSchema,
} as const satisfies Record<string, z.ZodType>;

const operationId = (route: RouteId): string =>
  route.replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase());

/** The parts of a route that have a schema. */
interface Parts {
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
}

const REF = '#/components/schemas/';
const ref = (id: string): Json => ({ $ref: `${REF}${id}` });

/**
 * JSON Schemas of several zod schemas in one conversion, so that one inside another becomes a reference.
 * `io`: what may be sent (defaults left out) or what is answered.
 */
const convert = (schemas: ReadonlyMap<z.ZodType, string>, io: 'input' | 'output'): Map<string, Schema> => {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of schemas) registry.add(schema, { id });
  const made: Record<string, Schema> = z.toJSONSchema(registry, { io, uri: (id) => `${REF}${id}` }).schemas;
  return new Map(
    Object.entries(made).map(([id, schema]) => {
      const { $schema: _dialect, $id: _id, id: _name, ...rest } = schema;
      return [id, rest];
    }),
  );
};

/** The schemas of one part of all routes: a reference where it is a noun, its own text elsewhere. */
const partSchemas = (
  part: 'body' | 'answer',
): { of: (schema: z.ZodType) => Json; nouns: Map<string, Schema> } => {
  const nounIds = new Map<z.ZodType, string>(
    Object.entries(part === 'body' ? ASKED_NOUNS : ANSWERED_NOUNS).map(([id, schema]) => [schema, id]),
  );
  const ids = new Map(nounIds);
  for (const [route, shape] of Object.entries<Parts>(SHAPES)) {
    const schema = shape[part];
    if (schema !== undefined && !(schema instanceof z.ZodUndefined) && !ids.has(schema))
      ids.set(schema, `/${route}`);
  }
  const converted = convert(ids, part === 'body' ? 'input' : 'output');
  return {
    of: (schema) => {
      const id = ids.get(schema) ?? '';
      return nounIds.has(schema) ? ref(id) : (converted.get(id) ?? {});
    },
    nouns: new Map([...converted].filter(([id]) => !id.startsWith('/'))),
  };
};

const parameters = (schema: z.ZodObject | undefined, place: 'path' | 'query'): Json[] => {
  if (schema === undefined) return [];
  const { properties = {} } = z.toJSONSchema(schema, { io: 'output' });
  const { required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: property,
  }));
};

const header = (name: string, description: string, schema: Json): Json => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
});

const headerParameters = (route: RouteId): Json[] => [
  ...('idempotent' in ROUTES[route]
    ? [
        header('Idempotency-Key', 'asking twice with the same key starts one thing', {
          type: 'string',
          maxLength: 255,
        }),
      ]
    : []),
  ...('stream' in ROUTES[route]
    ? [
        header('Last-Event-ID', 'the seq to go on after; it counts more than after_seq', {
          type: 'integer',
          minimum: 0,
        }),
      ]
    : []),
];

const PAGE_HEADERS: Json = {
  'x-log-id': { description: 'names the log that the seqs belong to', schema: { type: 'string' } },
  'x-next-seq': {
    description: 'there when more events may fit: the after_seq of the next page',
    schema: { type: 'integer' },
  },
};

const success = (route: RouteId, answer: Json | null): Json => {
  const { status, summary } = ROUTES[route];
  const type = 'stream' in ROUTES[route] ? 'text/event-stream' : 'application/json';
  return {
    [status]: {
      description: summary,
      ...(route === 'events.list' || route === 'trace.get' ? { headers: PAGE_HEADERS } : {}),
      ...(answer === null ? {} : { content: { [type]: { schema: answer } } }),
    },
  };
};

/** Problem answers by status; each lists its codes and shows one document a code. */
const problems = (route: RouteId): Json => {
  const byStatus = Map.groupBy(routeProblems(route), (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('; '),
        content: {
          'application/problem+json': {
            schema: ref('Problem'),
            examples: Object.fromEntries(
              codes.map((code) => [code, { value: toProblem(new MeshError(code)) }]),
            ),
          },
        },
      },
    ]),
  );
};

const build = (): Json => {
  const bodies = partSchemas('body');
  const answers = partSchemas('answer');
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of Object.keys(ROUTES) as RouteId[]) {
    const { method, path, risk, role, summary } = ROUTES[route];
    const shape: Parts = SHAPES[route];
    const { params, query, body, answer } = shape;
    const operation: Json = {
      operationId: operationId(route),
      summary,
      tags: [route.split('.')[0]],
      'x-route': route,
      'x-risk': risk,
      'x-role': role,
      parameters: [...parameters(params, 'path'), ...parameters(query, 'query'), ...headerParameters(route)],
      ...(body === undefined
        ? {}
        : { requestBody: { required: true, content: { 'application/json': { schema: bodies.of(body) } } } }),
      responses: {
        ...success(route, answer instanceof z.ZodUndefined ? null : answers.of(answer)),
        ...problems(route),
      },
    };
    const template = path.replace(/:(\w+)/g, '{$1}');
    (paths[template] ??= {})[method.toLowerCase()] = operation;
  }
  const schemas = Object.fromEntries(
    [...answers.nouns, ...bodies.nouns].sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  return { paths, components: { schemas } };
};

let built: Json | undefined;

/** The document for a version of the daemon. It depends on nothing else, so its body is made once. */
export const openApiDocument = (version: string): { openapi: string; [member: string]: unknown } => ({
  openapi: '3.1.1',
  info: {
    title: 'AgentMesh',
    version,
    description:
      'One mesh from the AI agents on your machines: discover, invoke, record, and run them as teams.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/' }],
  ...(built ??= build()),
});
