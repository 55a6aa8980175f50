// A person decides in a real browser what a real agent may do: seen live, read whole, pressed once, told elsewhere, on a phone.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { agentmesh } from '#cli/testing/fake-daemon';
import type { Approval } from '#machines/nouns/approval';
import { keepPicture, launchBrowser, openPage } from './browser.ts';
import { cuttableWire, type Wire } from './cuttable-wire.ts';

const AGENT = fileURLToPath(new URL('./asking-agent.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'agentmesh-approvals-'));
const dataDir = join(folder, 'data');
const ask = (...argv: readonly string[]) =>
  agentmesh(argv, { env: { AGENTMESH_DATA_DIR: dataDir }, cwd: folder });

const TEAM = `apiVersion: agentmesh/v1
kind: Team
name: release
description: Asks before it pushes
inputs:
  what: { type: string }
roles:
  worker: { agent: asker }
steps:
  - { id: push, role: worker, prompt: "{{ inputs.what }}" }
`;

let browser: Browser;
let wire: Wire;

before(async () => {
  mkdirSync(join(dataDir, 'templates', 'release'), { recursive: true, mode: 0o700 });
  writeFileSync(join(dataDir, 'templates', 'release', 'team.yaml'), TEAM);
  const agent = { name: 'asker', kind: 'acp', command: [process.execPath, AGENT] };
  writeFileSync(join(dataDir, 'bootstrap.json'), JSON.stringify({ agents: [agent] }));
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

/** Starts a team whose step asks; answers its id. */
const start = async (what: string): Promise<string> => {
  const { code, stdout, stderr } = await ask('team', 'run', 'release', '--input', `what=${what}`, '--detach');
  assert.equal(code, 0, stderr);
  return stdout.trim();
};
const approvals = async (): Promise<readonly Approval[]> =>
  JSON.parse((await ask('approvals', 'list', '--all', '-o', 'json')).stdout) as Approval[];
const newest = async (): Promise<Approval | undefined> => (await approvals())[0];
const open = async (
  path: string,
  options: BrowserContextOptions = {},
): Promise<{ readonly page: Page; readonly complaints: readonly string[] }> => {
  const opened = await openPage(browser, options);
  await opened.page.goto(`${wire.url}${path}`);
  await opened.page.locator('am-connection [data-status=live]').waitFor();
  return opened;
};
const ended = (card: Locator, text: string): Promise<void> => card.getByText(text).waitFor();

void test('the list says at once what waits; what was approved is done, and the other page learns who did it', async () => {
  const { page, complaints } = await open('/runs', { colorScheme: 'dark' });
  const run = await start('short');
  await page.getByText('Needs you (1)').waitFor();
  const other = await open(`/runs/${run}`, { colorScheme: 'light' });
  const card = page.locator('am-approval');
  await card.getByText('asker wants to use execute').waitFor();
  const text = (await card.locator('pre').textContent()) ?? '';
  assert.ok(text.includes('command: git push --force origin main'), text);
  // What an agent says is text, and marked as its own words.
  assert.equal(await card.locator('blockquote b').count(), 0);
  await card.getByText('In the agent’s own words').waitFor();
  await page.locator('[data-run] [data-status=waiting_approval]').waitFor();
  await page.waitForTimeout(700);
  await keepPicture(page, 'approvals-runs-dark');
  await other.page.locator('am-approval').waitFor();
  await other.page.waitForTimeout(900);
  await keepPicture(other.page, 'approvals-run-light');
  await card.getByRole('button', { name: 'Approve' }).click();
  await ended(card, 'Approved. The agent goes on.');
  await ended(other.page.locator('am-approval'), 'Approved elsewhere');
  await keepPicture(other.page, 'approvals-elsewhere-light');
  await page.locator(`[data-run="${run}"] am-status[data-status=completed]`).waitFor();
  const { state, decided_by: by } = (await newest()) ?? {};
  assert.deepEqual([state, by?.kind], ['approved', 'loopback']);
  await page.locator('am-needs-you').waitFor({ state: 'detached' });
  assert.deepEqual([...complaints, ...other.complaints], []);
  await page.context().close();
  await other.page.context().close();
});

void test('on a phone: the whole operation, nothing hidden, buttons that are hit and not slipped on', async () => {
  const run = await start('long');
  const phone = { viewport: { width: 360, height: 640 }, hasTouch: true };
  for (const colorScheme of ['dark', 'light'] as const) {
    const { page, complaints } = await open(`/runs/${run}`, { ...phone, colorScheme });
    const card = page.locator('am-approval');
    await card.locator('.buttons').waitFor();
    const deny = await card.getByRole('button', { name: 'Deny' }).boundingBox();
    const approve = await card.getByRole('button', { name: 'Approve' }).boundingBox();
    const zone = await card.locator('.zone').boundingBox();
    assert.ok(deny !== null && approve !== null && zone !== null);
    assert.ok(deny.height >= 56 && approve.height >= 56, `${deny.height} ${approve.height}`);
    assert.ok(approve.x - (deny.x + deny.width) >= 24, 'Deny stands left, apart');
    assert.ok(zone.height >= 132 && zone.y + zone.height <= 640, JSON.stringify(zone));
    assert.ok(640 - (approve.y + approve.height) >= 16, 'above the edge');
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360, 'nothing sticks out');
    await page.waitForTimeout(700);
    await keepPicture(page, `approvals-phone-${colorScheme}`);
    assert.ok(!((await card.locator('pre').textContent()) ?? '').includes('line 60'));
    await card.getByRole('button', { name: /Show all \d+ lines/ }).click();
    await card.getByText('line 60 of the change').waitFor();
    const text = (await card.locator('pre').textContent()) ?? '';
    assert.ok(text.includes('\\u001b[8m; rm -rf ~'), text);
    // Folded, the page of the run is back.
    await card.locator('.head').click();
    await page.locator('am-state-chart .am-state').first().waitFor();
    await keepPicture(page, `approvals-phone-folded-${colorScheme}`);
    assert.deepEqual(complaints, []);
    await page.context().close();
  }
  const { page } = await open('/runs', { ...phone, colorScheme: 'dark', locale: 'zh-CN' });
  await page.getByText('需要您处理（1）').waitFor();
  await start('short');
  await page.getByText('需要您处理（2）').waitFor();
  await page.waitForTimeout(700);
  await keepPicture(page, 'approvals-phone-zh');
  await page.getByRole('button', { name: '拒绝' }).tap();
  // The next one opens where the first one stood, and is armed anew.
  await page.getByText('需要您处理（1）').waitFor();
  await page.locator('am-approval.open', { hasText: 'git push --force' }).waitFor();
  await page.locator('.approve:enabled').waitFor();
  await page.getByRole('button', { name: '批准' }).tap();
  await page.locator('am-needs-you').waitFor({ state: 'detached' });
  assert.deepEqual(
    (await approvals()).slice(0, 2).map(({ state }) => state),
    ['approved', 'rejected'],
  );
  await page.context().close();
});

void test('a tap that was meant for something else decides nothing: the buttons are armed a moment later', async () => {
  const { page } = await open('/runs');
  await start('short');
  const approve = page.locator('am-approval').getByRole('button', { name: 'Approve' });
  await approve.waitFor();
  assert.equal(await approve.isDisabled(), true);
  await page.locator('am-approval .approve:enabled').waitFor();
  // Decided in the terminal: the card turns to who did, and its buttons are gone.
  const { approval_id: id = '' } = (await newest()) ?? {};
  assert.equal((await ask('approvals', 'reject', id)).code, 0);
  await page.getByText('Denied elsewhere').waitFor();
  await page.getByText(/by socket uid:/).waitFor();
  assert.equal(await page.locator('am-approval .buttons').count(), 0);
  await page.context().close();
});

void test('a no may say why, and the agent, the log and the page are told', async () => {
  const { page } = await open('/runs');
  const run = await start('short');
  const card = page.locator('am-approval');
  await card.getByRole('button', { name: 'Give a reason' }).click();
  await card.getByLabel('Why not?').fill('not on a Friday');
  await page.waitForTimeout(700);
  await keepPicture(page, 'approvals-reason-light');
  await card.getByRole('button', { name: 'Deny' }).click();
  await ended(card, 'not on a Friday');
  const { state, reason } = (await newest()) ?? {};
  assert.deepEqual([state, reason], ['rejected', 'not on a Friday']);
  assert.match((await ask('trace', run)).stdout, /not on a Friday/);
  await page.context().close();
});

void test('cut off while deciding: nothing can be pressed until the daemon has said what became of it', async () => {
  const run = await start('short');
  const { page } = await open(`/runs/${run}`);
  await page.locator('am-approval .approve:enabled').waitFor();
  wire.cut();
  await page.locator('am-approval .approve').click();
  await page.getByText('The daemon did not answer. Looking what became of it…').waitFor();
  assert.equal(await page.locator('am-approval .approve').isDisabled(), true);
  await keepPicture(page, 'approvals-unsure');
  wire.mend();
  await page.locator('am-approval .approve:enabled').waitFor();
  await page.locator('am-approval .approve').click();
  await page.getByText('Approved. The agent goes on.').waitFor();
  await page.context().close();
});

void test('what nobody decided in time says so', async () => {
  const { page } = await open('/runs');
  const { code } = await ask('run', '--to', 'asker', '--timeout', '3s', 'short');
  assert.equal(code, 23);
  await page.getByText('Expired: nobody decided in time.').waitFor();
  await page.context().close();
});
