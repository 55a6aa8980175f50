// One round of stale outcomes and timers around a kill; `npm run test:reliability` does three, and against mutants.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { staleKills } from './stale-kills.ts';

test('after a kill -9 no late outcome counts again, and no backoff of an earlier visit cuts a later one short', async (t) => {
  const { violations, ...figures } = await staleKills({ rounds: 1, say: () => undefined });
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(violations, []);
  assert.ok(figures.caughtAgain > 0, 'some step was being tried again when the daemon was killed');
  assert.ok(figures.backoffs > 0, 'some backoff passed');
});
