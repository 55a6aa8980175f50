// What an output schema may hold: anything that Ajv can judge in bounded time; never a regular expression from elsewhere.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { schemaFaults } from './output-schema.ts';

const paths = (schema: Record<string, unknown>): string[] =>
  schemaFaults(schema).map(({ path }) => path.join('.'));

describe('an output schema', () => {
  it('may name a property, a definition or a value `pattern`', () => {
    assert.deepEqual(
      paths({
        type: 'object',
        properties: { pattern: { type: 'string', enum: ['a'] }, other: { const: { pattern: 'x' } } },
        required: ['pattern'],
        $defs: { patternProperties: { type: 'string' } },
      }),
      [],
    );
  });

  it('may not hold a regular expression, wherever it stands; each place is named', () => {
    assert.deepEqual(
      paths({
        type: 'object',
        properties: { a: { type: 'string', pattern: '^(a+)+$' } },
        patternProperties: { '^x': { type: 'string' } },
        allOf: [{ type: 'object' }, { items: { pattern: 'y' } }],
      }),
      ['properties.a.pattern', 'patternProperties', 'allOf.1.items.pattern'],
    );
  });

  it('with a misspelt keyword is a fault at its place', () => {
    assert.deepEqual(paths({ type: 'object', propertis: {} }), ['propertis']);
  });
});
