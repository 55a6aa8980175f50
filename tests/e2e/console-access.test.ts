// The console without a mouse and without eyes: names, landmarks, the order of the tabulator, dialogs, what is announced.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { agentmesh } from '#cli/testing/fake-daemon';
import { launchBrowser, openPage } from './browser.ts';

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-access-'));
const dataDir = join(folder, 'data');
const ask = (...argv: readonly string[]) =>
  agentmesh(argv, { env: { AGENTMESH_DATA_DIR: dataDir }, cwd: folder });

let browser: Browser;
let origin = '';
let runId = '';

before(async () => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const agents = [{ name: 'teller', command: ['/bin/sh', '-c', 'echo one; echo two'], skills: ['tell'] }];
  writeFileSync(join(dataDir, 'bootstrap.json'), JSON.stringify({ agents }));
  const up = await ask('up', '--port', '0');
  assert.equal(up.code, 0, up.stderr);
  origin = (JSON.parse(readFileSync(join(dataDir, 'agentmeshd.json'), 'utf8')) as { url: string }).url;
  const called = await ask('run', '--to', 'teller', 'hello', '-o', 'json');
  runId = (JSON.parse(called.stdout) as { run_id: string }).run_id;
  browser = await launchBrowser();
});

after(async () => {
  await browser.close();
  await ask('down');
  rmSync(folder, { recursive: true, force: true });
});

interface AccessNode {
  readonly ignored: boolean;
  readonly role?: { readonly value?: unknown };
  readonly name?: { readonly value?: unknown };
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value?: unknown } }[];
}

/** The page as the browser hands it to a screen reader. */
const accessTree = async (page: Page): Promise<readonly AccessNode[]> => {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  return nodes.filter(({ ignored }) => !ignored);
};

const OPERATED = new Set([
  'button', 'link', 'textbox', 'searchbox', 'combobox', 'checkbox', 'radio', 'tab', 'slider', 'spinbutton', 'separator', 'dialog',
]); // prettier-ignore

const pages = (): readonly (readonly [string, string])[] => [
  ['/runs', `[data-run="${runId}"]`],
  [`/runs/${runId}`, 'am-timeline-item'],
  ['/agents', '[data-agent=teller]'],
  ['/no/such/page', 'h1, h2'],
];

void test('everything that can be operated has a name, and every page its landmarks', async () => {
  const { page } = await openPage(browser);
  for (const [path, ready] of pages()) {
    await page.goto(origin + path);
    await page.locator(ready).first().waitFor();
    const tree = await accessTree(page);
    const roles = tree.map(({ role }) => String(role?.value));
    const nameless = tree.filter(
      ({ role, name, properties = [] }) =>
        OPERATED.has(String(role?.value)) &&
        (role?.value !== 'separator' || properties.some((one) => one.name === 'focusable')) &&
        (typeof name?.value !== 'string' || name.value.trim() === ''),
    );
    assert.deepEqual(nameless, [], path);
    for (const landmark of ['main', 'navigation', 'banner'])
      assert.ok(roles.includes(landmark), `${path} has a ${landmark}`);
    assert.ok(roles.includes('heading'), `${path} has a heading`);
    // What the connection does is announced.
    assert.equal(await page.locator('am-connection [role=status]').count(), 1);
  }
  await page.context().close();
});

void test('the tabulator reaches everything that it should, in the order of the page', async () => {
  const { page } = await openPage(browser);
  for (const [path, ready] of pages()) {
    await page.goto(origin + path);
    await page.locator(ready).first().waitFor();
    const expected = await page.evaluate<number>(`(() => {
      window.reached = new Set();
      addEventListener('focusin', (event) => reached.add(event.target));
      window.wanted = [...document.querySelectorAll('a[href], button, input, select, textarea, [tabindex="0"]')]
        .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility() && one.type !== 'radio');
      return wanted.length;
    })()`);
    assert.ok(expected > 3, path);
    for (let n = 0; n < expected + 10; n += 1) await page.keyboard.press('Tab');
    const missed = await page.evaluate<string[]>(
      'wanted.filter((one) => one.isConnected && !reached.has(one)).map((one) => one.outerHTML.slice(0, 120))',
    );
    assert.deepEqual(missed, [], path);
  }
  await page.context().close();
});

void test('a dialog keeps the focus, Escape closes it, and the focus goes back to what opened it', async () => {
  const { page } = await openPage(browser);
  await page.goto(`${origin}/runs`);
  await page.locator(`[data-run="${runId}"]`).waitFor();
  const opener = page.locator('.bar .help');
  await opener.focus();
  await page.keyboard.press('Enter');
  await page.locator('dialog[open]').waitFor();
  for (let n = 0; n < 8; n += 1) {
    await page.keyboard.press('Tab');
    const outside = await page.evaluate<boolean>(
      `document.activeElement !== document.body && document.activeElement.closest('dialog') === null`,
    );
    assert.equal(outside, false);
  }
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(`document.activeElement === document.querySelector('.bar .help')`), true);
  await page.context().close();
});
