// Team runs through a Redis that is down at the start, killed, emptied, robbed of its scripts and cut off, and through
// two workers of which one is killed: all complete, nothing happens twice, and the log says what it says without a Redis.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { cuttableRedisWire } from '#engine/queue/redis/cuttable.testwire';
import { RedisServer } from '#engine/queue/redis/redis.testserver';
import { FILES } from '#machines/nouns/data-folder';
import { MeshUnderFire } from '../mesh-under-fire.ts';
import { until } from '../processes/mesh.ts';
import { seeded } from '../seeded.ts';
import { difference } from './run-shapes.ts';
import { AGENTS, attemptsOf, carry, lostEffects, shapes, wrongWith } from './team-load.ts';
import { WorkerProcess } from './worker-process.ts';

export interface UnderRedisOptions {
  readonly seed: number;
  readonly runs: number;
  readonly inFlight: number;
  readonly redisKills: number;
  readonly workerKills: number;
  /** How long a phase of an agent's work takes. */
  readonly delayMs: number;
  readonly say: (line: string) => void;
}

export interface UnderRedis {
  readonly figures: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
}

interface Fault {
  readonly name: string;
  readonly play: () => Promise<void>;
}

const times = (count: number, fault: Fault): readonly Fault[] => Array.from({ length: count }, () => fault);

const NOBODY = { figures: {}, violations: [] } as const;

const few = (all: readonly string[]): readonly string[] =>
  all.length <= 10 ? all : [...all.slice(0, 10), `and ${all.length - 10} more`];

/** The same runs on the queue of one process: what the log ought to say. */
const reference = async (options: UnderRedisOptions): Promise<ReadonlyMap<string, string>> => {
  await using mesh = await MeshUnderFire.open({ agents: AGENTS, delayMs: 0 });
  mesh.start();
  await mesh.ready();
  await mesh.ask('discover', { body: { wait_ms: 20_000 } });
  const runs = await carry(mesh, options.runs, options.inFlight);
  const said = await shapes(mesh, runs);
  await mesh.stop();
  return said;
};

/** What is left in the database that should be gone. */
const leftOvers = (dataDir: string): readonly string[] => {
  const db = new SqliteDatabase(join(dataDir, FILES.database), { readonly: true });
  try {
    return [
      "jobs WHERE queue = 'invocations'",
      'remote_jobs',
      'timers',
      'invocations WHERE ended_at IS NULL',
    ].flatMap((what) => {
      const { n } = db.prepare(`SELECT count(*) AS n FROM ${what}`).get() as { readonly n: number };
      return n === 0 ? [] : [`${n} rows are left in ${what}`];
    });
  } finally {
    db.close();
  }
};

/** Plays it. Violations are answered, not thrown. */
export const underRedis = async (options: UnderRedisOptions): Promise<UnderRedis> => {
  const { seed, say, redisKills, workerKills } = options;
  const chance = seeded(seed);
  const expected = await reference(options);
  say(`${expected.size} team runs on the queue of one process are what it has to be like`);
  await using server = RedisServer.prepare();
  await using wire = await cuttableRedisWire(server.path);
  await using mesh = await MeshUnderFire.open({ agents: AGENTS, delayMs: options.delayMs });
  await using one = new WorkerProcess('one', wire.url);
  await using two = new WorkerProcess('two', server.url);
  const workers = [one, two];
  // Down at the start: the daemon is there, says why jobs wait, and waits.
  mesh.start({ AGENTMESH_REDIS_URL: wire.url });
  await mesh.ready();
  const health = () => mesh.ask('healthz');
  await until('the reason', async () => (await health()).queue.problem);
  for (const worker of workers) worker.start(mesh.dataDir);
  const early = await health();
  if (early.status !== 'degraded')
    return { ...NOBODY, violations: [`down at the start it is ${early.status}`] };
  await server.start();
  await Promise.all(workers.map((worker) => worker.ready()));
  await until('both workers', async () => (await health()).workers.length === 2);
  await mesh.ask('discover', { body: { wait_ms: 20_000 } });

  const done = new AbortController();
  let ended = 0;
  const tries = { kills: 0, flushes: 0, scriptFlushes: 0, cuts: 0, freezes: 0, workerKills: 0 };
  const steps: Fault[] = [
    ...times(redisKills, {
      name: 'Redis is killed',
      play: async () => {
        await server.kill();
        await sleep(chance.whole(0, 1_500));
        await server.start();
        tries.kills += 1;
      },
    }),
    ...times(2, {
      name: 'FLUSHALL',
      play: async () => {
        await server.command('FLUSHALL');
        tries.flushes += 1;
      },
    }),
    ...times(2, {
      name: 'SCRIPT FLUSH',
      play: async () => {
        await server.command('SCRIPT', 'FLUSH');
        tries.scriptFlushes += 1;
      },
    }),
    ...times(2, {
      name: 'the wire is cut',
      play: async () => {
        wire.cut();
        await sleep(chance.whole(50, 1_500));
        wire.mend();
        tries.cuts += 1;
      },
    }),
    {
      name: 'the wire goes dead',
      play: () => {
        wire.freeze();
        tries.freezes += 1;
        return Promise.resolve();
      },
    },
    ...Array.from({ length: workerKills }, (_, n) => ({
      name: 'a worker is killed',
      play: async () => {
        const worker = workers[n % workers.length];
        await worker?.kill();
        await sleep(chance.whole(0, 2_000));
        worker?.start(mesh.dataDir);
        tries.workerKills += 1;
      },
    })),
  ];
  // Spread over the runs, in an order of the seed.
  const faults = async (): Promise<void> => {
    const total = steps.length;
    for (let played = 0; steps.length > 0 && !done.signal.aborted; played += 1) {
      const due = Math.floor((options.runs * 0.95 * played) / total);
      while (ended < due && !done.signal.aborted) await sleep(20);
      const [step] = steps.splice(chance.whole(0, steps.length - 1), 1);
      await step?.play();
      say(`${played + 1} of ${total} faults, ${ended} of ${options.runs} runs ended: ${step?.name ?? ''}`);
      await sleep(chance.whole(100, 600));
    }
  };
  const playing = faults();
  const runs = await carry(mesh, options.runs, options.inFlight, (count) => {
    ended = count;
  });
  done.abort();
  await playing;
  const said = await shapes(mesh, runs);
  const wrong = await wrongWith(mesh, runs);
  const verified = await mesh.ask('verify');
  const last = await health();
  const taken = workers.map((worker) => worker.taken());
  for (const worker of workers) await worker.kill('SIGTERM');
  await mesh.stop();
  const effects = await mesh.effects();
  const differing = [...expected].flatMap(([tag, shape]) => {
    const other = said.get(tag) ?? '';
    return shape === other
      ? []
      : [`${tag} differs from the run without a Redis: ${difference(shape, other)}`];
  });
  return {
    figures: {
      ...tries,
      team_runs: runs.length,
      completed: runs.filter(({ run }) => run.status === 'completed').length,
      invocations: attemptsOf(runs).length,
      effects: effects.length,
      effects_twice: effects.filter((effect) => effect.times !== 1).length,
      lost: lostEffects(runs, effects),
      differing: differing.length,
      events: last.head_seq,
      calls_taken_by_one: taken[0] ?? 0,
      calls_taken_by_two: taken[1] ?? 0,
      dropped: last.queue.dropped,
    },
    violations: few([
      ...wrong,
      ...(steps.length === 0 ? [] : [`${steps.length} faults were not played: the runs were too quick`]),
      ...(verified.ok ? [] : [`verify says ${JSON.stringify(verified)}`]),
      ...(last.queue.dropped === 0 ? [] : [`${last.queue.dropped} messages of our own were dropped`]),
      ...(taken.every((count) => count > 0) ? [] : ['a worker took no call']),
      ...differing,
      ...leftOvers(mesh.dataDir),
    ]),
  };
};
