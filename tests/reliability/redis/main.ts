// npm run test:redis: 500 team runs through two workers and a Redis that fails in every way. Options: --seed N, --runs N,
// --kills N (of Redis), --worker-kills N. Figures go to stdout as one line of JSON; progress to stderr.
import { parseArgs } from 'node:util';
import { hasRedisServer } from '#engine/queue/redis/redis.testserver';
import { underRedis } from './under-redis.ts';

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const whole = (name: string, word: string): number => {
  if (!/^\d{1,9}$/.test(word)) throw new Error(`--${name} takes a number`);
  return Number(word);
};

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    runs: { type: 'string', default: '500' },
    kills: { type: 'string', default: '10' },
    'worker-kills': { type: 'string', default: '2' },
  },
});

if (!hasRedisServer()) process.exitCode = 1;
else {
  const seed = whole('seed', values.seed);
  say(`seed ${seed} (the same again: npm run test:redis -- --seed ${seed})`);
  const began = performance.now();
  const { figures, violations } = await underRedis({
    seed,
    runs: whole('runs', values.runs),
    inFlight: 16,
    redisKills: whole('kills', values.kills),
    workerKills: whole('worker-kills', values['worker-kills']),
    delayMs: 60,
    say,
  });
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stdout.write(`${JSON.stringify({ case: 'redis', seed, seconds, ...figures })}\n`);
  for (const line of violations) process.stdout.write(`redis: ${line}\n`);
  say(violations.length === 0 ? `passed in ${seconds} s` : `FAILED in ${seconds} s`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
