// A thousand team runs that wait for people: paused after their first step, what each costs in memory, and the time from
// resuming all of them to the last one's end.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Engine } from '#engine/index';
import { fsyncMs } from './fsync-time.ts';
import { report, timed } from './measure.ts';
import { caller, DONE, FOUR_STEPS, openNoopEngine } from './noop-engine.ts';
import { DURABILITY, surroundings } from './surroundings.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of the heap that something still holds. */
const liveHeap = async (): Promise<number> => {
  for (let i = 0; i < 3; i += 1) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage().heapUsed;
};

/** Resolves when so many more team runs have reached a state. */
const reached = (engine: Engine, state: string, count: number): Promise<void> =>
  new Promise((resolve) => {
    let left = count;
    const subscription = engine.events.subscribe((rows) => {
      for (const { event } of rows)
        if (event.run_id === event.team_run_id && event.payload['state'] === state) left -= 1;
      if (left > 0) return;
      subscription.close();
      resolve();
    });
  });

const startMany = async (engine: Engine, count: number): Promise<readonly string[]> => {
  const starts = Array.from({ length: count }, () =>
    engine.teamRuns.start(caller, { template: { text: FOUR_STEPS, origin: 'bench' }, inputs: {} }),
  );
  return (await Promise.all(starts)).map(({ team_run_id: id }) => id);
};

/** More than the engine keeps in memory of runs that were last at work; what is parked beyond them is a row alone. */
const FILL = 600;

export const benchParked = async (scale = 1): Promise<void> => {
  const count = Math.round(1_000 * scale);
  for (const synchronous of ['FULL', 'NORMAL'] as const) {
    // Calls end only while the gate is open, so that every run can be paused in its first step.
    let gate = Promise.resolve();
    const { engine, close } = await openNoopEngine(synchronous, {
      work: { invoke: () => gate.then(() => DONE) },
    });
    /** Starts runs and pauses them; the outcomes of their first steps are held, and nothing of them is in flight. */
    const park = async (runs: number): Promise<readonly string[]> => {
      let open = (): void => undefined;
      gate = new Promise((resolve) => (open = resolve));
      const ids = await startMany(engine, runs);
      await Promise.all(ids.map((id) => engine.teamRuns.pause(caller, id, { now: false })));
      open();
      while (engine.health().counts.invocations_active > 0)
        await new Promise((resolve) => setTimeout(resolve, 20));
      return ids;
    };
    const warmed = reached(engine, 'completed', count);
    await startMany(engine, count);
    await warmed;
    const heapBefore = await liveHeap();
    await park(FILL);
    const heapFilled = await liveHeap();
    const ids = await park(count);
    const heapParked = await liveHeap();

    const done = reached(engine, 'completed', count);
    const { wallMs, cpuMs } = await timed(async () => {
      await Promise.all(ids.map((id) => engine.teamRuns.resume(caller, id)));
      await done;
    });
    report('parked', {
      durability: DURABILITY[synchronous],
      runs: count,
      heap_kb_per_parked_run: (heapParked - heapFilled) / count / 1_000,
      heap_kb_of_the_first_600: (heapFilled - heapBefore) / 1_000,
      release_to_all_done_ms: wallMs,
      steps_after_release: 3,
      cpu_ms: cpuMs,
      fsync_p50_ms: fsyncMs(),
      ...surroundings(),
    });
    await close();
  }
};
