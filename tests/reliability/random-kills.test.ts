// Twenty kills at random moments; `npm run test:reliability` does two hundred.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomKills } from './random-kills.ts';

const SEED = 8;

test('20 random kill -9 with 8 team runs in flight: nothing is lost, nothing happens twice', async (t) => {
  const options = { seed: SEED, kills: 20, inFlight: 8, pipelines: 0.1, codeFixes: 1 };
  const { hits, figures, violations } = await randomKills({ ...options, say: () => undefined });
  t.diagnostic(JSON.stringify({ seed: SEED, hits, ...figures }));
  assert.deepEqual(violations, []);
  assert.ok(figures.posted > 0 && figures.completed > 0);
});
