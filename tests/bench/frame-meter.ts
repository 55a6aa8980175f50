// How smoothly a page runs: the time between its frames, tasks that held it up, and the memory that it keeps.
import type { Page } from 'playwright-core';

export interface Frames {
  /** Milliseconds between two frames. */
  readonly deltas: readonly number[];
  /** Milliseconds of each task above 50 (W3C Long Tasks). */
  readonly longTasks: readonly number[];
}

const START = `(() => {
  const meter = (window.meter = { deltas: [], longTasks: [] });
  let last = performance.now();
  const frame = (now) => { meter.deltas.push(now - last); last = now; requestAnimationFrame(frame); };
  requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
  new PerformanceObserver((list) => meter.longTasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: 'longtask' });
})()`;

/** Begins to measure; the answer reads what was measured since. */
export const meterFrames = async (page: Page): Promise<() => Promise<Frames>> => {
  await page.evaluate(START);
  return () => page.evaluate<Frames>('window.meter');
};

/** Bytes of the page's JavaScript heap after a collection. */
export const heapBytes = async (page: Page): Promise<number> => {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
};
