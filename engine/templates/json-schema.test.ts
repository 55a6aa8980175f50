// The published JSON Schema is the one of the code, and says what the checker says.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { knownKeys, templateJsonSchema } from './json-schema.ts';

const published = new URL('../../templates/team.schema.json', import.meta.url);

describe('templates/team.schema.json', () => {
  it('is up to date (write it anew with AGENTMESH_WRITE_SCHEMA=1)', () => {
    const made = JSON.parse(JSON.stringify(templateJsonSchema())) as unknown;
    if (process.env['AGENTMESH_WRITE_SCHEMA'] === '1')
      writeFileSync(published, `${JSON.stringify(made, null, 2)}\n`);
    assert.deepEqual(JSON.parse(readFileSync(published, 'utf8')), made);
  });

  it('refuses what is no template and takes what is one', () => {
    const fits = new Ajv2020({ strict: false }).compile(templateJsonSchema());
    const template = {
      apiVersion: 'agentmesh/v1',
      kind: 'Team',
      name: 'x',
      roles: { r: { agent: 'a' } },
      steps: [{ id: 's', role: 'r', prompt: 'p', retry: { max: 1 } }],
    };
    assert.equal(fits(template), true);
    assert.equal(fits({ ...template, stepz: [] }), false);
    assert.equal(fits({ ...template, steps: [] }), false);
  });

  it('knows the keys of each place', () => {
    assert.ok(knownKeys([]).includes('apiVersion'));
    assert.ok(knownKeys(['steps', 3]).includes('on_unknown'));
    assert.ok(knownKeys(['steps', 3, 'retry']).includes('max_delay'));
    assert.ok(knownKeys(['roles', 'any']).includes('prefer'));
    assert.deepEqual(knownKeys(['steps', 0, 'prompt']), []);
  });
});
