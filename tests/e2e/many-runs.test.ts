// Many runs at work while the console watches: when they have ended, it shows what the API says, without a reload.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { type BusyRuns, startBusyRuns } from '#tests/bench/busy-runs';
import { meterFrames } from '#tests/bench/frame-meter';
import { launchBrowser, openPage } from './browser.ts';

const RUNS = 10;
const PER_SECOND = 20;
const SECONDS = 4;

let browser: Browser;
let busy: BusyRuns;
before(async () => {
  busy = await startBusyRuns(RUNS);
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
  await busy.close();
});

void test('every run and every event is shown right once the storm is over', async () => {
  const { page: list, complaints } = await openPage(browser);
  const { page: one } = await openPage(browser);
  const [watched = ''] = busy.runIds;
  await list.goto(`${busy.url}/runs`);
  await one.goto(`${busy.url}/runs/${watched}`);
  for (const id of busy.runIds) await list.locator(`[data-run="${id}"]`).waitFor();
  await one.locator('am-timeline-item').first().waitFor();
  const frames = await meterFrames(list);

  const lines = await busy.feed(SECONDS, PER_SECOND);
  assert.ok(lines > (RUNS * PER_SECOND * SECONDS) / 2, `${String(lines)} lines were taken`);
  assert.ok((await frames()).deltas.length > 0, 'the page draws');
  await busy.finish();

  const calls = await busy.client.call('invocations.list', { query: { limit: 500 } });
  assert.equal(calls.length, RUNS);
  for (const { run_id: id, state } of calls) {
    assert.equal(state, 'completed');
    await list.locator(`[data-run="${id}"]`, { hasText: 'Completed' }).waitFor();
  }
  assert.equal(await list.locator('[data-run]').count(), RUNS);

  // The page that watched the run, and one that opens it now, have every event.
  const trace: number[] = [];
  for await (const { seq } of busy.client.trace(watched)) trace.push(seq);
  const total = `am-timeline [data-total="${String(trace.length)}"]`;
  await one.locator(total).waitFor();
  const { page: fresh } = await openPage(browser);
  await fresh.goto(`${busy.url}/runs/${watched}`);
  await fresh.locator(total).waitFor();
  assert.ok((await one.locator('am-timeline-item').count()) < 120, 'only rows in view are in the page');
  assert.deepEqual(complaints, []);
});
