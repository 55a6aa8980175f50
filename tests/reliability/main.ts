// npm run test:reliability: the long counts. Options: --seed N, --kills N (200), --hits N of each crash point (10),
// --only aimed,random,redis,stale,mutants,processes. Figures go to stdout, one line of JSON a part; progress to stderr.
import { parseArgs } from 'node:util';
import { hasRedisServer } from '#engine/queue/redis/redis.testserver';
import { aimedKills, hitTable } from './aimed-kills.ts';
import { runMutants } from './mutants.ts';
import { processes } from './processes.ts';
import { randomKills } from './random-kills.ts';
import { staleKills } from './stale-kills.ts';

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
const print = (part: string, figures: object): void => {
  process.stdout.write(`${JSON.stringify({ case: part, ...figures })}\n`);
};

interface Numbers {
  readonly seed: number;
  readonly kills: number;
  readonly hits: number;
}

/** Each part answers what is wrong; nothing is the proof. */
const PARTS: Readonly<Record<string, (numbers: Numbers) => Promise<readonly string[]>>> = {
  mutants: async () => {
    const mutants = await runMutants(say);
    for (const { mutant, killedBy, killRuns, behind } of mutants)
      print('mutant', { mutant, killed_by: killedBy, kill_runs: killRuns, behind });
    return mutants.flatMap(({ mutant, killedBy, behind }) => [
      ...(killedBy.length > 0 ? [] : [`${mutant}: survives`]),
      ...(behind === null || behind.without.length > 0
        ? []
        : [`${mutant}: survives kills behind ${behind.name}`]),
      ...(behind?.standing ?? []).map(
        (line) => `${mutant}: does not hold behind ${behind?.name ?? ''}: ${line}`,
      ),
    ]);
  },
  aimed: async ({ seed, hits }) => {
    const { points, figures, violations } = await aimedKills({ seed, hits, say });
    process.stdout.write(`${hitTable(points)}\n`);
    print('aimed kills', { seed, points, ...figures });
    const torn = points.find(({ point }) => point === 'mirror.during')?.torn ?? 0;
    return [...violations, ...(torn > 0 ? [] : ['no kill inside the mirror write tore a line'])];
  },
  random: async ({ seed, kills }) => {
    const options = { seed, kills, inFlight: 8, pipelines: 0.15, codeFixes: 6, say };
    const { hits, figures, violations } = await randomKills(options);
    print('random kills', { seed, kills, hits, ...figures });
    return violations;
  },
  /** The same with a Redis that carries the jobs, and a worker that performs the calls. */
  redis: async ({ seed, kills }) => {
    if (!hasRedisServer()) return ['there is no redis-server'];
    const options = { seed, kills, inFlight: 8, pipelines: 0.15, codeFixes: 6, say };
    const { hits, figures, violations } = await randomKills({ ...options, carrier: 'bee-queue' });
    print('random kills over Redis', { seed, kills, hits, ...figures });
    return violations;
  },
  stale: async () => {
    const { violations, ...figures } = await staleKills({ rounds: 3, say });
    print('stale outcomes and timers', figures);
    return violations;
  },
  processes: async () => {
    const { counts, faults } = await processes();
    print('processes', counts);
    return faults;
  },
};

const whole = (name: string, word: string): number => {
  if (!/^\d{1,9}$/.test(word)) throw new Error(`--${name} takes a number`);
  return Number(word);
};

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    kills: { type: 'string', default: '200' },
    hits: { type: 'string', default: '10' },
    only: { type: 'string', default: Object.keys(PARTS).join(',') },
  },
});
const numbers: Numbers = {
  seed: whole('seed', values.seed),
  kills: whole('kills', values.kills),
  hits: whole('hits', values.hits),
};
say(`seed ${numbers.seed} (the same again: npm run test:reliability -- --seed ${numbers.seed})`);
let faults = 0;
for (const name of values.only.split(',')) {
  const part = PARTS[name];
  if (part === undefined) throw new Error(`--only takes ${Object.keys(PARTS).join(', ')}`);
  const began = performance.now();
  const wrong = await part(numbers);
  for (const line of wrong) process.stdout.write(`${name}: ${line}\n`);
  say(
    `${name}: ${wrong.length === 0 ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - began) / 1000)} s`,
  );
  faults += wrong.length;
}
process.exitCode = faults === 0 ? 0 : 1;
