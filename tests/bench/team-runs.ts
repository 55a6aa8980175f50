// Four-step team runs in process on agents that answer at once: runs a second, latency, CPU a run, memory.
import type { Engine } from '#engine/index';
import { caller, FOUR_STEPS, openNoopEngine } from './noop-engine.ts';
import { fsyncMs } from './fsync-time.ts';
import { percentile, report, timed } from './measure.ts';
import { DURABILITY, surroundings } from './surroundings.ts';

/** Starts runs with so many at once; answers the latency of each, start to completed, milliseconds. */
const runMany = async (engine: Engine, total: number, concurrency: number): Promise<number[]> => {
  const waiting = new Map<string, () => void>();
  const ended = new Set<string>();
  const subscription = engine.events.subscribe((rows) => {
    for (const { event } of rows)
      if (event.run_id === event.team_run_id && event.payload['state'] === 'completed') {
        ended.add(event.run_id);
        waiting.get(event.run_id)?.();
      }
  });
  const latencies: number[] = [];
  let left = total;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const start = performance.now();
      const { team_run_id: id } = await engine.teamRuns.start(caller, {
        template: { text: FOUR_STEPS, origin: 'bench' },
        inputs: {},
      });
      if (!ended.has(id)) await new Promise<void>((resolve) => waiting.set(id, resolve));
      waiting.delete(id);
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  subscription.close();
  return latencies;
};

/** W1 of docs/performance.md for one durability class. */
export const benchTeamRuns = async (synchronous: 'FULL' | 'NORMAL', scale = 1): Promise<void> => {
  for (const [total, concurrency] of [
    [2_000, 64],
    [200, 1],
  ] as const) {
    const { engine, close } = await openNoopEngine(synchronous);
    await runMany(engine, Math.round(200 * scale), concurrency);
    const heapBefore = process.memoryUsage().heapUsed;
    const runs = Math.round(total * scale);
    let latencies: number[] = [];
    const headBefore = engine.events.head();
    const { wallMs, cpuMs } = await timed(async () => {
      latencies = await runMany(engine, runs, concurrency);
    });
    report('team-runs', {
      durability: DURABILITY[synchronous],
      runs,
      concurrency,
      runs_per_s: runs / (wallMs / 1_000),
      p50_ms: percentile(latencies, 50),
      p95_ms: percentile(latencies, 95),
      cpu_ms_per_run: cpuMs / runs,
      events_per_run: (engine.events.head() - headBefore) / runs,
      heap_growth_mb: (process.memoryUsage().heapUsed - heapBefore) / 1e6,
      rss_mb: process.memoryUsage().rss / 1e6,
      fsync_p50_ms: fsyncMs(),
      ...surroundings(),
    });
    await close();
  }
};
