// Each named crash point hit twice; `npm run test:reliability` hits each ten times.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aimedKills, hitTable } from './aimed-kills.ts';

test('kill -9 at every named crash point: nothing acknowledged is lost, every run ends, every effect happens once', async (t) => {
  const { points, figures, violations } = await aimedKills({ seed: 1, hits: 2, say: () => undefined });
  for (const line of hitTable(points).split('\n')) t.diagnostic(line);
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(violations, []);
  for (const { point, hits, torn } of points) {
    assert.equal(hits, 2, point);
    if (point === 'mirror.during') assert.ok(torn > 0, 'a kill inside the mirror write tears its line');
  }
});
