// A small form of `npm run test:redis`: three kills of Redis and one of a worker under thirty team runs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasRedisServer } from '#engine/queue/redis/redis.testserver';
import { underRedis } from './under-redis.ts';

const SEED = 4;

if (hasRedisServer())
  test('30 team runs through a Redis that fails in every way, and two workers: the log says what it says without', async (t) => {
    const { figures, violations } = await underRedis({
      seed: SEED,
      runs: 30,
      inFlight: 8,
      redisKills: 3,
      workerKills: 1,
      delayMs: 60,
      say: () => undefined,
    });
    t.diagnostic(JSON.stringify({ seed: SEED, ...figures }));
    assert.deepEqual(violations, []);
    assert.equal(figures['completed'], 30);
  });
