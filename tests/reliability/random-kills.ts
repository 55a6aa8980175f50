// kill -9 at moments chosen by chance, with team runs in flight: of the worker at work, of a worker that is just
// starting, of supervisor and worker together.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Figures, prove } from './invariants.ts';
import { Load } from './load.ts';
import { MeshUnderFire } from './mesh-under-fire.ts';
import { OutsideLedger } from './outside-ledger.ts';
import { type CarrierName, openCarrier } from './redis/carrier.ts';
import { seeded } from './seeded.ts';

export interface RandomKillOptions {
  readonly seed: number;
  readonly kills: number;
  readonly inFlight: number;
  /** Team runs of the shipped templates among the quick ones: the share of pipelines, and how many repairs of code. */
  readonly pipelines: number;
  readonly codeFixes: number;
  readonly say: (line: string) => void;
  /** What carries the jobs; this process unless said. */
  readonly carrier?: CarrierName;
}

export interface RandomKills {
  readonly seed: number;
  readonly kills: number;
  /** Kills by what was hit. */
  readonly hits: Readonly<Record<'worker at work' | 'worker starting' | 'both', number>>;
  readonly figures: Figures;
  readonly violations: readonly string[];
}

const AGENTS = ['worker', 'calc', 'analyst', 'tester', 'scribe', 'fixer'];
const SUPERVISOR = { AGENTMESH_RESTART_DELAY_MS: '0', AGENTMESH_CRASH_LIMIT: '1000000' };

/** Runs the kills on a mesh of its own. Violations are answered, not thrown. */
export const randomKills = async (options: RandomKillOptions): Promise<RandomKills> => {
  const { kills, seed, say } = options;
  const chance = seeded(seed);
  const hits = { 'worker at work': 0, 'worker starting': 0, both: 0 };
  const agents = options.pipelines > 0 || options.codeFixes > 0 ? AGENTS : ['worker'];
  await using carrier = await openCarrier(options.carrier ?? 'sqlite');
  await using mesh = await MeshUnderFire.open({ agents, delayMs: 60 });
  const env = { ...SUPERVISOR, ...carrier.env };
  mesh.start(env);
  await mesh.ready();
  await carrier.attend(mesh);
  await mesh.ask('discover', { body: { wait_ms: 20_000 } });
  const ledger = new OutsideLedger(mesh, chance.fork(1));
  const load = new Load(mesh, { ...options, chance: chance.fork(2) });
  const checks: string[] = [];
  ledger.begin();
  load.begin();
  for (let kill = 1; kill <= kills; kill += 1) {
    // Each kill has numbers of its own, so that one that found nobody does not shift those of the others.
    const own = chance.fork(100 + kill);
    const dice = own.next();
    if (dice < 0.2) {
      // Another one right after, while the next worker heals, recovers or opens its doors.
      await sleep(own.whole(20, 600));
      const isReady = mesh.info()?.worker_pid === mesh.workerPid();
      if (mesh.killWorker()) hits[isReady ? 'worker at work' : 'worker starting'] += 1;
      else kill -= 1;
    } else {
      await mesh.ready();
      await sleep(own.whole(10, 900));
      if (dice < 0.27) {
        await mesh.killAll();
        mesh.start(env);
        hits.both += 1;
      } else {
        mesh.killWorker();
        hits['worker at work'] += 1;
      }
    }
    if (kill % 10 === 0) {
      const { ok, ...report } = await mesh
        .ask('verify')
        .catch((error: unknown) => ({ ok: false, error: String(error) }));
      if (!ok) checks.push(`after kill ${kill} verify says ${JSON.stringify(report)}`);
      say(
        `${kill} of ${kills} kills, ${ledger.posted.size} events acknowledged, ${load.ended.length} team runs ended`,
      );
    }
  }
  await load.finish();
  const { figures, violations } = await prove(mesh, ledger, load, env);
  return { seed, kills, hits, figures, violations: [...checks, ...violations] };
};
