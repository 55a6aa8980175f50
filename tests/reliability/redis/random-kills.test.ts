// kill -9 of the daemon while a Redis carries its jobs and a worker performs its calls: what holds without them holds with them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasRedisServer } from '#engine/queue/redis/redis.testserver';
import { randomKills } from '../random-kills.ts';

const SEED = 9;

if (hasRedisServer())
  test('10 random kill -9 of a daemon with a Redis and a worker: nothing is lost, nothing happens twice', async (t) => {
    const { hits, figures, violations } = await randomKills({
      seed: SEED,
      kills: 10,
      inFlight: 8,
      pipelines: 0.1,
      codeFixes: 1,
      say: () => undefined,
      carrier: 'bee-queue',
    });
    t.diagnostic(JSON.stringify({ seed: SEED, hits, ...figures }));
    assert.deepEqual(violations, []);
    assert.ok(figures.posted > 0 && figures.completed > 0);
  });
