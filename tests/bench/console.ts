// The console under load in a real browser: frames and memory of the runs page and a run page while many runs are at work,
// and how soon a timeline of a thousand events is there.
import { launchBrowser, openPage } from '#tests/e2e/browser';
import { type BusyRuns, startBusyRuns } from './busy-runs.ts';
import { type Frames, heapBytes, meterFrames } from './frame-meter.ts';
import { percentile, report } from './measure.ts';
import { surroundings } from './surroundings.ts';

const RUNS = 100;
const PER_SECOND = 50;
const SECONDS = 60;
const TIMELINE_EVENTS = 1_000;
const OPENINGS = 5;

const frameFigures = ({ deltas, longTasks }: Frames): Readonly<Record<string, number>> => ({
  frames: deltas.length,
  frame_p50_ms: percentile(deltas, 50),
  frame_p95_ms: percentile(deltas, 95),
  frame_p99_ms: percentile(deltas, 99),
  frame_max_ms: Math.max(...deltas),
  long_tasks: longTasks.length,
  long_tasks_ms: longTasks.reduce((sum, ms) => sum + ms, 0),
});

const append = async (busy: BusyRuns, count: number): Promise<void> => {
  for (let n = 0; n < count; n += 50)
    await Promise.all(
      Array.from({ length: Math.min(50, count - n) }, (_, index) =>
        busy.client.call('events.append', {
          body: {
            run_id: 'a-run',
            task_id: 'a-task',
            kind: 'message',
            payload: { role: 'agent', text: `line ${String(n + index)}` },
          },
        }),
      ),
    );
};

/** `scale` shortens the time and lessens the runs alike. */
export const benchConsole = async (scale = 1): Promise<void> => {
  const runs = Math.max(1, Math.round(RUNS * scale));
  const seconds = Math.max(5, Math.round(SECONDS * scale));
  const busy = await startBusyRuns(runs);
  const browser = await launchBrowser();
  try {
    await append(busy, TIMELINE_EVENTS);
    const openings: number[] = [];
    for (let n = 0; n < OPENINGS; n += 1) {
      const { page } = await openPage(browser);
      const began = performance.now();
      await page.goto(`${busy.url}/runs/a-task`, { waitUntil: 'commit' });
      await page.locator(`am-timeline [data-total="${String(TIMELINE_EVENTS)}"]`).waitFor();
      await page.locator('am-timeline-item').first().waitFor();
      openings.push(performance.now() - began);
      await page.context().close();
    }
    report('console: timeline of one task', {
      events: TIMELINE_EVENTS,
      open_p50_ms: percentile(openings, 50),
      open_max_ms: Math.max(...openings),
      ...surroundings(),
    });

    const list = (await openPage(browser)).page;
    const one = (await openPage(browser)).page;
    await list.goto(`${busy.url}/runs`);
    await one.goto(`${busy.url}/runs/${busy.runIds[0] ?? ''}`);
    await list.locator('[data-run]').first().waitFor();
    await one.locator('am-timeline-item').first().waitFor();
    const pages = { 'runs page': list, 'run page': one };
    const before = new Map<string, number>();
    const meters = new Map<string, () => Promise<Frames>>();
    for (const [name, page] of Object.entries(pages)) {
      before.set(name, await heapBytes(page));
      meters.set(name, await meterFrames(page));
    }
    const headBefore = (await busy.client.call('healthz')).head_seq;
    const lines = await busy.feed(seconds, PER_SECOND);
    const headAfter = (await busy.client.call('healthz')).head_seq;
    const calls = await busy.client.call('invocations.list', { query: { limit: 500 } });
    for (const [name, page] of Object.entries(pages)) {
      const frames = await meters.get(name)?.();
      report(`console: ${name}`, {
        runs,
        at_work: calls.filter(({ state }) => state === 'working').length,
        seconds,
        lines_per_s: lines / seconds,
        events_per_s: (headAfter - headBefore) / seconds,
        ...(frames === undefined ? {} : frameFigures(frames)),
        heap_growth_mb: ((await heapBytes(page)) - (before.get(name) ?? 0)) / 1e6,
        ...surroundings(),
      });
    }
    const finishing = performance.now();
    await busy.finish();
    await list.goto(`${busy.url}/runs?status=ended`);
    await list.locator('am-runs-page footer', { hasText: String(runs) }).waitFor();
    report('console: all ended', { runs, ms: performance.now() - finishing, ...surroundings() });
  } finally {
    await browser.close();
    await busy.close();
  }
};
