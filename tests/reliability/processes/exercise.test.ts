// The numbers of `processes.ts`, small.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exerciseProcesses } from './exercise.ts';

test('starts, stops and double starts: no second writer, no leak, no event lost', async (t) => {
  const counts = await exerciseProcesses({ starts: 6, doubleStarts: 2 }, () => undefined);
  t.diagnostic(JSON.stringify(counts));
  assert.deepEqual(
    [
      counts.refused,
      counts.lost,
      counts.processesLeft,
      Math.max(0, counts.openFilesGrown),
      counts.acknowledged,
    ],
    [2, [], 0, 0, 9],
  );
});
