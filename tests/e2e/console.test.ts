// The console in a real browser against the real daemon: a team is started, watched, cut off, caught up with, and seen to its end.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { agentmesh } from '#cli/testing/fake-daemon';
import type { EventV1 } from '#machines/nouns/event';
import { keepPicture, launchBrowser, openPage } from './browser.ts';
import { cuttableWire, type Wire } from './cuttable-wire.ts';

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-console-'));
const dataDir = join(folder, 'data');
const ask = (...argv: readonly string[]) =>
  agentmesh(argv, { env: { AGENTMESH_DATA_DIR: dataDir }, cwd: folder });

/** Answers slowly, line by line; fails the first time that it is asked to check. */
const AGENT = `
import { existsSync, writeFileSync } from 'node:fs';
const text = await new Promise((resolve) => { let all = ''; process.stdin.on('data', (d) => (all += d)).on('end', () => resolve(all)); });
const mark = ${JSON.stringify(join(folder, 'failed-once'))};
for (let line = 1; line <= 5; line += 1) {
  console.log('line ' + line + ' of: ' + text.trim() + ' <b>not markup</b>');
  await new Promise((resolve) => setTimeout(resolve, 250));
}
if (text.includes('check') && !existsSync(mark)) {
  writeFileSync(mark, '');
  console.error('the first check always fails');
  process.exit(3);
}
`;

const TEAM = `apiVersion: agentmesh/v1
kind: Team
name: watched
description: Drafts, checks and publishes, slowly enough to watch
inputs:
  topic: { type: string, description: what to write about }
  copies: { type: number, default: 1 }
roles:
  writer: { agent: slow }
steps:
  - { id: draft, role: writer, prompt: "draft {{ inputs.topic }}" }
  - { id: check, role: writer, prompt: "check it", retry: { max: 1, initial: 1s, jitter: false } }
  - { id: publish, role: writer, prompt: "publish it" }
`;

let browser: Browser;
let wire: Wire;
let runId = '';

before(async () => {
  mkdirSync(join(dataDir, 'templates', 'watched'), { recursive: true, mode: 0o700 });
  writeFileSync(join(dataDir, 'templates', 'watched', 'team.yaml'), TEAM);
  writeFileSync(join(folder, 'agent.mjs'), AGENT);
  writeFileSync(
    join(dataDir, 'bootstrap.json'),
    JSON.stringify({ agents: [{ name: 'slow', command: [process.execPath, join(folder, 'agent.mjs')] }] }),
  );
  const up = await ask('up', '--port', '0');
  assert.equal(up.code, 0, up.stderr);
  const info = JSON.parse(readFileSync(join(dataDir, 'agentmeshd.json'), 'utf8')) as { url: string };
  wire = await cuttableWire(info.url);
  browser = await launchBrowser();
});

after(async () => {
  await browser.close();
  await wire.close();
  await ask('down');
  rmSync(folder, { recursive: true, force: true });
});

// What runs in the page is given as text: the tests are compiled without the types of a browser.
const activeStates = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(
    `[...document.querySelectorAll('am-state-chart .am-state.active')].map((one) => one.dataset.state)`,
  );

const CHART = `[...document.querySelectorAll('am-state-chart .node-group')]`;
const PLACE = `(one) => one.id + ' ' + one.getAttribute('transform')`;

/** Marks every element of the chart, so that a later look can tell whether it is still the same one, at the same place. */
const markChart = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`${CHART}.map((one) => { one.marked = true; return one; }).map(${PLACE})`);

const markedChart = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`${CHART}.filter((one) => one.marked === true).map(${PLACE})`);

const LIST = `document.querySelector('am-timeline am-virtual-list')`;

/** Every event that the raw timeline holds, gathered by scrolling through it. */
const shownEvents = async (page: Page): Promise<Map<number, EventV1>> => {
  await page.evaluate(`${LIST}.scrollTop = 0`);
  const found = new Map<number, EventV1>();
  for (let atEnd = false; !atEnd;) {
    await page.waitForTimeout(60);
    for (const text of await page.locator('am-timeline .raw .line .ellipsis').allTextContents()) {
      const event = JSON.parse(text) as EventV1;
      found.set(event.seq, event);
    }
    atEnd = await page.evaluate<boolean>(
      `((list, before) => { list.scrollTop += list.clientHeight - 40; return list.scrollTop === before; })(${LIST}, ${LIST}.scrollTop)`,
    );
  }
  return found;
};

void test('an empty console says what to do, and starts a team from a form that knows its inputs', async () => {
  const { page, complaints } = await openPage(browser, { colorScheme: 'dark' });
  await page.goto(wire.url);
  await page.getByText('No runs yet').waitFor();
  assert.equal(await page.locator('am-command').count(), 3);
  await keepPicture(page, 'console-empty-dark');
  await page.keyboard.press('n');
  await page.locator('.template', { hasText: 'watched' }).click();
  await page.getByRole('button', { name: 'Start team' }).last().click();
  await page.getByText('This input must be given.').waitFor();
  await keepPicture(page, 'console-start-dark');
  await page.locator('#input-topic').fill('meshes');
  await page.getByRole('button', { name: 'Start team' }).last().click();
  await page.waitForURL(/\/runs\/[0-9a-f-]{36}$/);
  runId = page.url().split('/').at(-1) ?? '';

  // The chart is drawn once; from then on the active state moves over elements that stay where they are.
  await page.locator('am-state-chart .am-state').first().waitFor();
  const drawn = await markChart(page);
  const seen: string[] = [];
  const watch = async (until: string): Promise<void> => {
    for (const end = Date.now() + 60_000; Date.now() < end;) {
      await page.waitForTimeout(40);
      for (const state of await activeStates(page)) if (seen.at(-1) !== state) seen.push(state);
      if (seen.at(-1) === until) return;
    }
    assert.fail(`the chart never reached ${until}: ${seen.join(' ')}`);
  };
  await watch('running.check');
  await keepPicture(page, 'console-running-dark');

  // Cut in the middle of a step: the page says so; what happens meanwhile appears after the wire is mended.
  wire.cut();
  await page.getByText('Connection lost').waitFor();
  await keepPicture(page, 'console-lost-dark');
  await page.waitForTimeout(2_500);
  wire.mend();
  await page.locator('am-connection [data-status=live]').waitFor();
  await watch('completed');
  assert.deepEqual(await markedChart(page), drawn);
  // What a busy machine shows late it may skip, but never out of order.
  const path = [
    'pending',
    'running.draft',
    'running.check',
    'retrying',
    'running.check',
    'running.publish',
    'completed',
  ];
  let at = -1;
  for (const state of seen) {
    at = path.indexOf(state, at + 1);
    assert.notEqual(at, -1, `${state} out of order: ${seen.join(' ')}`);
  }
  assert.ok(seen.length >= 2, seen.join(' '));
  await page.getByText('Completed', { exact: true }).first().waitFor();
  assert.equal(await page.locator('.am-link.taken .line.taken', { hasText: 'backoff passed' }).count(), 1);
  await page.waitForTimeout(400);
  await keepPicture(page, 'console-completed-dark');

  // Cutting the wire is the only thing that the browser may complain about.
  const odd = complaints.filter((text) => !/ERR_|Failed to load resource|network error/i.test(text));
  assert.deepEqual(odd, []);
  await page.context().close();
});

void test('the console shows exactly the events of the CLI’s trace, the watched one and a fresh one alike', async () => {
  const { stdout } = await ask('trace', runId, '-o', 'json');
  const trace = JSON.parse(stdout) as EventV1[];
  assert.ok(trace.length > 20);
  const { page, complaints } = await openPage(browser, { colorScheme: 'light' });
  await page.goto(`${wire.url}/runs/${runId}`);
  await page.locator(`am-timeline [data-total="${String(trace.length)}"]`).waitFor();
  await page.getByRole('button', { name: 'Raw events' }).click();
  const shown = await shownEvents(page);
  assert.deepEqual(
    [...shown.values()].toSorted((a, b) => a.seq - b.seq),
    trace,
  );
  await page.getByRole('button', { name: 'Raw events' }).click();
  // What agents write is text: nothing of it became an element.
  assert.equal(await page.locator('am-timeline b').count(), 0);
  // The camera moves when someone moves it, and comes back.
  await page.locator('am-state-chart .am-state').first().waitFor();
  const camera = () => page.locator('am-state-chart g.graph').getAttribute('transform');
  const settles = async (fits: (now: string | null) => boolean): Promise<void> => {
    for (const end = Date.now() + 10_000; !fits(await camera());) {
      assert.ok(Date.now() < end, `the camera stays at ${String(await camera())}`);
      await page.waitForTimeout(50);
    }
  };
  await page.getByRole('button', { name: 'Fit to view' }).click();
  await settles((now) => now !== null && !now.startsWith('matrix(1,0,0,1,0,0)'));
  await page.waitForTimeout(300);
  const fitted = await camera();
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await settles((now) => now !== fitted);
  await page.getByRole('button', { name: 'Fit to view' }).click();
  await settles((now) => now === fitted);
  await page.locator('am-state-chart .am-state[data-state="running.check"]').click();
  await page.locator('am-attempt', { hasText: 'Attempt 2' }).waitFor();
  await keepPicture(page, 'console-completed-light');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

void test('the stream carries a run to a page that is open: no reload, no double', async () => {
  const { page, complaints } = await openPage(browser);
  await page.goto(`${wire.url}/runs`);
  await page.locator(`[data-run="${runId}"]`).waitFor();
  const called = await ask('run', '--to', 'slow', 'hello', '-o', 'json');
  assert.equal(called.code, 0, called.stderr);
  const { run_id: id } = JSON.parse(called.stdout) as { run_id: string };
  await page.locator(`[data-run="${id}"]`, { hasText: 'Completed' }).waitFor();
  assert.equal(await page.locator(`[data-run="${id}"]`).count(), 1);
  await keepPicture(page, 'console-runs');
  // Filters live in the address; keys choose and open.
  await page.goto(`${wire.url}/runs?kind=plain`);
  await page.locator(`[data-run="${id}"]`).waitFor();
  assert.equal(await page.locator(`[data-run="${runId}"]`).count(), 0);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/runs/${id}`);
  const { stdout } = await ask('trace', id, '-o', 'json');
  const count = (JSON.parse(stdout) as unknown[]).length;
  await page.locator(`am-timeline [data-total="${String(count)}"]`).waitFor();
  await keepPicture(page, 'console-call');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

void test('a long trace keeps few rows in the page', async () => {
  const base = wire.url;
  const many = 1_200;
  const record = (n: number): string =>
    JSON.stringify({
      kind: 'message',
      run_id: 'long-run',
      payload: { role: 'agent', text: `line ${String(n)}` },
    });
  for (let n = 0; n < many; n += 50)
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${base}/api/events`, {
          method: 'POST',
          headers,
          body: record(n + index),
        });
        assert.equal(answer.status, 201, await answer.text());
      }),
    );
  const { page } = await openPage(browser);
  await page.goto(`${base}/runs/long-run`);
  await page.locator(`am-timeline [data-total="${String(many)}"]`).waitFor();
  assert.ok((await page.locator('am-timeline-item').count()) < 120);
  await page.evaluate(`${LIST}.scrollTop = ${LIST}.scrollHeight`);
  await page
    .getByText(/^line \d+$/)
    .last()
    .waitFor();
  assert.ok((await page.locator('am-timeline-item').count()) < 120);
  await page.context().close();
});

void test('every page works on a phone and in Chinese, and nothing is wider than the screen', async () => {
  for (const [locale, colorScheme] of [
    ['en-US', 'light'],
    ['zh-CN', 'dark'],
  ] as const) {
    const { page, complaints } = await openPage(browser, {
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      locale,
      colorScheme,
    });
    for (const [name, path] of [
      ['runs', '/runs'],
      ['run', `/runs/${runId}`],
      ['agents', '/agents'],
      ['lost', '/no/such/page'],
    ] as const) {
      await page.goto(`${wire.url}${path}`);
      await page.locator('h1, h2').first().waitFor();
      if (name === 'run') await page.locator('am-state-chart .am-state').first().waitFor();
      const wide = await page.evaluate<boolean>('document.documentElement.scrollWidth > window.innerWidth');
      assert.equal(wide, false, `${path} is wider than 360 px`);
      await keepPicture(page, `console-360-${name}-${locale}-${colorScheme}`);
    }
    assert.equal(await page.locator('html').getAttribute('lang'), locale === 'zh-CN' ? 'zh-CN' : 'en');
    assert.deepEqual(complaints, []);
    await page.context().close();
  }
});
