// What each compiler version made of a template, stored: runs that live on must find the same machine after an upgrade.
// When this fails, raise COMPILER_VERSION, keep the old compiler until no live run has it, and store a new file beside these.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TeamTemplateSchema } from '../nouns/team.ts';
import { structureOf } from './chart.ts';
import { compile, COMPILER_VERSION } from './compile.ts';
import { host, next, restore, statePath } from './host.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');

interface Golden {
  readonly compiler_version: number;
  readonly template: unknown;
  readonly structure: unknown;
  readonly paused_snapshot: unknown;
}

describe('the compiler', () => {
  const files = readdirSync(FIXTURES).filter((name) => name.startsWith('compiler-v'));

  it('has a stored machine of its present version', () => {
    assert.ok(files.includes(`compiler-v${COMPILER_VERSION}.json`));
  });

  for (const file of files)
    it(`makes the machine of ${file} again, and goes on from its snapshot`, () => {
      const golden = JSON.parse(readFileSync(join(FIXTURES, file), 'utf8')) as Golden;
      assert.equal(golden.compiler_version, COMPILER_VERSION);
      const machine = compile(TeamTemplateSchema.parse(golden.template));
      assert.deepEqual(JSON.parse(structureOf(machine)), golden.structure);
      const hosted = host(machine);
      const restored = restore(hosted, JSON.stringify(golden.paused_snapshot));
      assert.ok(restored.ok);
      assert.equal(statePath(restored.snapshot), 'paused');
      const { snapshot, effects } = next(hosted, restored.snapshot, { type: 'resume', at: 9 });
      assert.equal(statePath(snapshot), 'running.one');
      assert.deepEqual(effects, [
        { type: 'invokeStep', step: 'one', key: 'R/one/2', execution: 2, attempt: 2 },
      ]);
    });
});
