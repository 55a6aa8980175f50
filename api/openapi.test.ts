// The OpenAPI document: complete against the table, and sound in itself.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { ERRORS } from '#machines/nouns/error';
import { ROUTES, type RouteId } from './contract/routes.ts';
import { createFakeEngine, sampleAgent } from './fake-engine.testsuite.ts';
import { openApiDocument } from './openapi.ts';
import { routeProblems } from './route-problems.ts';

type Node = Readonly<Record<string, unknown>>;
interface Operation {
  readonly operationId: string;
  readonly 'x-route': string;
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Node }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Node }>> };
  readonly responses: Readonly<
    Record<string, { content?: Readonly<Record<string, { schema: Node; examples?: Node }>> }>
  >;
}

// As it goes over the wire: no undefined, no shared objects.
const document = JSON.parse(JSON.stringify(openApiDocument('1.2.3'))) as Node & {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Node>> };
};
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
const operationOf = (route: RouteId): Operation =>
  document.paths[ROUTES[route].path.replace(/:(\w+)/g, '{$1}')]?.[ROUTES[route].method.toLowerCase()] ??
  assert.fail(route);

const walk = (node: unknown, visit: (key: string, value: unknown) => void): void => {
  if (typeof node !== 'object' || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    visit(key, value);
    walk(value, visit);
  }
};

describe('the OpenAPI document', () => {
  it('holds every route of the table once, under its method and path', () => {
    assert.equal(document['openapi'], '3.1.1');
    assert.deepEqual(operations.map((each) => each['x-route']).sort(), Object.keys(ROUTES).sort());
    for (const route of Object.keys(ROUTES) as RouteId[]) {
      const operation = operationOf(route);
      assert.equal(operation['x-route'], route);
      assert.ok(operation.responses[String(ROUTES[route].status)] !== undefined);
      const named = [...ROUTES[route].path.matchAll(/:(\w+)/g)].map(([, name]) => name);
      const inPath = operation.parameters.filter((each) => each.in === 'path');
      assert.deepEqual(
        inPath.map(({ name }) => name),
        named,
      );
      assert.ok(inPath.every(({ required }) => required));
    }
    assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length);
  });

  it('refers only to what it holds, and uses every component', () => {
    const used = new Set<string>();
    walk(document, (key, value) => {
      if (key !== '$ref') return;
      const name = String(value).replace('#/components/schemas/', '');
      assert.ok(Object.hasOwn(document.components.schemas, name), String(value));
      used.add(name);
    });
    assert.deepEqual([...used].sort(), Object.keys(document.components.schemas).sort());
  });

  it('has schemas that compile and that real answers fit', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'https://mesh.example/openapi.json', ...document });
    const validatorOf = (name: string): ValidateFunction =>
      ajv.compile({ $ref: `https://mesh.example/openapi.json#/components/schemas/${name}` });
    for (const name of Object.keys(document.components.schemas)) validatorOf(name);
    const engine = createFakeEngine();
    engine.commit([{}]);
    const answers: readonly (readonly [string, unknown])[] = [
      ['Agent', sampleAgent],
      ['EventV1', engine.rows[0]?.event],
      ['Health', engine.health()],
      ['TeamRun', engine.teamRuns.get('x')],
      ['Invocation', engine.invocations.get('x')],
    ];
    for (const [name, value] of answers) {
      const validate = validatorOf(name);
      assert.ok(validate(value), `${name}: ${JSON.stringify(validate.errors)}`);
      assert.equal(validate({}), false, `${name} takes anything`);
    }
  });

  it('says what may be sent: defaults may be left out, unknown members may not be there', () => {
    const start = operationOf('invocations.start').requestBody?.content['application/json']?.schema;
    assert.deepEqual(start?.['required'], ['to', 'prompt']);
    assert.equal(start['additionalProperties'], false);
    const limit = operationOf('events.list').parameters.find(({ name }) => name === 'limit');
    assert.equal(limit?.required, false);
    assert.equal(limit.schema['type'], 'integer');
    assert.equal(limit.schema['default'], 200);
  });

  it('lists the codes of every problem with an example each', () => {
    for (const route of Object.keys(ROUTES) as RouteId[]) {
      const { responses } = operationOf(route);
      for (const code of routeProblems(route)) {
        const response = responses[String(ERRORS[code].status)];
        const examples = response?.content?.['application/problem+json']?.examples;
        assert.ok(examples !== undefined && code in examples, `${route} ${code}`);
      }
    }
  });
});
