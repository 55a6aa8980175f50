// kill -9 exactly where it hurts: each named crash point of the engine, reached for the n-th time, with team runs in flight.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CRASH_POINTS, type CrashPoint } from '#engine/ports';
import { FILES } from '#machines/nouns/data-folder';
import { type Figures, prove } from './invariants.ts';
import { Load } from './load.ts';
import { MeshUnderFire } from './mesh-under-fire.ts';
import { OutsideLedger } from './outside-ledger.ts';
import { type Chance, seeded } from './seeded.ts';

/** The n-th time that a point is reached, at most: what a life of a few seconds brings at the load below. */
const FURTHEST: Readonly<Record<CrashPoint, number>> = {
  'commit.before': 60,
  'commit.after': 60,
  'mirror.during': 60,
  'invoke.sent': 5,
  'outcome.before-commit': 5,
  'recover.during': 8,
};
const IN_FLIGHT = 8;
/** A life in which the point is not reached is ended and counts as a miss. */
const LIFE_MS = 20_000;

export interface PointHits {
  readonly point: CrashPoint;
  readonly hits: number;
  /** Armed, but not reached in that life. */
  readonly misses: number;
  /** The n of each hit. */
  readonly reached: readonly number[];
  /** Hits after which events.jsonl ended in the middle of a line. */
  readonly torn: number;
}

export interface AimedKills {
  readonly seed: number;
  readonly points: readonly PointHits[];
  readonly figures: Figures;
  readonly violations: readonly string[];
}

const endsTorn = (dataDir: string): boolean => {
  const file = openSync(join(dataDir, FILES.events), 'r');
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(file);
  }
};

/** One life of the daemon, armed. True when it ended at the point. */
const oneLife = async (mesh: MeshUnderFire, point: CrashPoint, n: number): Promise<boolean> => {
  const run = mesh.start({ AGENTMESH_CRASH_AT: `${point}:${n}`, AGENTMESH_CRASH_LIMIT: '1' });
  const isOver = new AbortController();
  const late = sleep(LIFE_MS, 'late' as const, { signal: isOver.signal }).catch(() => 'late' as const);
  const ended = await Promise.race([run.ended, late]);
  isOver.abort();
  if (ended === 'late') {
    await mesh.killAll();
    return false;
  }
  if (!run.stderr().includes('the worker was ended by SIGKILL'))
    throw new Error(`the daemon ended by itself: ${run.stderr()}`);
  return true;
};

const shuffled = <T>(all: readonly T[], chance: Chance): T[] =>
  all
    .map((one) => ({ one, place: chance.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one);

/** Hits every point `hits` times, in an order and at counts given by the seed. Violations are answered, not thrown. */
export const aimedKills = async (options: {
  readonly seed: number;
  readonly hits: number;
  readonly say: (line: string) => void;
}): Promise<AimedKills> => {
  const { seed, hits, say } = options;
  const chance = seeded(seed);
  const points = new Map(
    CRASH_POINTS.map((point) => [point, { misses: 0, torn: 0, reached: [] as number[] }]),
  );
  await using mesh = await MeshUnderFire.open({ agents: ['worker'], delayMs: 60 });
  mesh.start();
  await mesh.ready();
  await mesh.ask('discover', { body: { wait_ms: 20_000 } });
  const ledger = new OutsideLedger(mesh, chance.fork(1));
  const load = new Load(mesh, { inFlight: IN_FLIGHT, pipelines: 0, codeFixes: 0, chance: chance.fork(2) });
  ledger.begin();
  load.begin();
  await mesh.stop();
  const plan = shuffled(
    CRASH_POINTS.flatMap((point) => Array.from({ length: hits }, () => point)),
    chance,
  );
  for (const [index, point] of plan.entries()) {
    const count = points.get(point);
    if (count === undefined) throw new Error(`no crash point ${point}`);
    // Each kill has numbers of its own, so that a miss does not shift those of the others.
    const own = chance.fork(100 + index);
    for (let furthest = FURTHEST[point]; ; furthest = Math.max(1, furthest >> 1)) {
      const n = own.whole(1, furthest);
      if (await oneLife(mesh, point, n)) {
        count.reached.push(n);
        count.torn += endsTorn(mesh.dataDir) ? 1 : 0;
        break;
      }
      count.misses += 1;
      if (n === 1) throw new Error(`the crash point ${point} is never reached`);
    }
    if (index % 10 === 9) say(`${index + 1} of ${plan.length} aimed kills`);
  }
  mesh.start();
  await mesh.ready();
  await load.finish();
  const { figures, violations } = await prove(mesh, ledger, load);
  return {
    seed,
    points: [...points].map(([point, { misses, torn, reached }]) => ({
      point,
      hits: reached.length,
      misses,
      reached: reached.sort((a, b) => a - b),
      torn,
    })),
    figures,
    violations,
  };
};

/** The counts as a table for people. */
export const hitTable = (points: readonly PointHits[]): string =>
  [
    'crash point            hits  misses  torn  reached for the n-th time',
    ...points.map(
      ({ point, hits, misses, torn, reached }) =>
        `${point.padEnd(22)} ${String(hits).padStart(4)}  ${String(misses).padStart(6)}  ${String(torn).padStart(4)}  ${reached.join(' ')}`,
    ),
  ].join('\n');
