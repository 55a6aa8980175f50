// Each safeguard taken out once: a build without it must fail. `npm run test:reliability` runs whole test files against them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runMutants } from './mutants.ts';

test('a build without a savepoint, key check, timer generation, catch-up at boot or outbox fails its tests', async (t) => {
  const results = await runMutants((line) => t.diagnostic(line), 'quick');
  assert.deepEqual(
    results.filter(({ killedBy }) => killedBy.length === 0),
    [],
  );
});
