// One life of the engine in the restart benchmark, as a process that may be killed.
//   node tests/bench/restart-mesh.ts '{"dataDir":…,"ledger":…,"synchronous":"FULL","start":1000}'
// Its agent keeps a ledger of the keys that it worked for, as an agent does that honours them: one line an effect.
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { caller, DONE, FOUR_STEPS, openNoopEngine } from './noop-engine.ts';

export interface Life {
  readonly dataDir: string;
  readonly ledger: string;
  readonly synchronous: 'FULL' | 'NORMAL';
  /** Team runs to start; 0 goes on with what is there. */
  readonly start: number;
  /** Told when so many steps have ended. */
  readonly tellAtStep: number;
  /** Ends when no team run is live any more. */
  readonly untilDone: boolean;
}

export type Told =
  | { readonly is: 'at-step' }
  | {
      readonly is: 'done';
      readonly openedMs: number;
      readonly doneMs: number;
      readonly states: Record<string, number>;
    };

const life = JSON.parse(process.argv[2] ?? '') as Life;
const done = new Set(existsSync(life.ledger) ? readFileSync(life.ledger, 'utf8').trim().split('\n') : []);
const ledger = openSync(life.ledger, 'a');
let ended = 0;

const work = (key: string): typeof DONE => {
  // The effect is in the ledger before anybody is told of it.
  writeSync(ledger, `${key}\n`);
  ended += 1;
  if (ended === life.tellAtStep) process.send?.({ is: 'at-step' });
  return DONE;
};

const { engine, close } = await openNoopEngine(life.synchronous, {
  dataDir: life.dataDir,
  work: {
    invoke: ({ key }) => Promise.resolve(done.has(key) ? DONE : work(key)),
    reattach: ({ key }) => Promise.resolve(done.has(key) ? DONE : { status: 'never-received' }),
  },
});
const openedMs = performance.now();
for (let left = life.start; left > 0; left -= 64)
  await Promise.all(
    Array.from({ length: Math.min(64, left) }, () =>
      engine.teamRuns.start(caller, { template: { text: FOUR_STEPS, origin: 'bench' }, inputs: {} }),
    ),
  );
if (life.untilDone) {
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (engine.health().counts.team_runs_active > 0) return;
      subscription.close();
      resolve();
    };
    const subscription = engine.events.subscribe(() => setImmediate(look));
    look();
  });
  const doneMs = performance.now();
  const states: Record<string, number> = {};
  for (let before: string | undefined; ;) {
    const page = engine.teamRuns.list({ limit: 500, ...(before === undefined ? {} : { before }) });
    for (const { status } of page) states[status] = (states[status] ?? 0) + 1;
    before = page.at(-1)?.team_run_id;
    if (before === undefined) break;
  }
  process.send?.({ is: 'done', openedMs, doneMs, states });
  await close();
  closeSync(ledger);
  process.disconnect();
}
