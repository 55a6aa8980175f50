// What a hostile agent writes, in every kind of event and every page of the console: text, and nothing but text.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { agentmesh } from '#cli/testing/fake-daemon';
import type { EventV1 } from '#machines/nouns/event';
import { launchBrowser, openPage } from './browser.ts';
import { HOSTILE_TEXTS } from './hostile-texts.ts';

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-output-'));
const dataDir = join(folder, 'data');
const ask = (...argv: readonly string[]) =>
  agentmesh(argv, { env: { AGENTMESH_DATA_DIR: dataDir }, cwd: folder });

const AGENT = `
import { readFileSync } from 'node:fs';
const texts = JSON.parse(readFileSync(${JSON.stringify(join(folder, 'texts.json'))}, 'utf8'));
const say = (kind, payload) => console.log(JSON.stringify({ kind, payload }));
process.stdin.resume();
for (const [n, text] of texts.entries()) {
  say('message', { role: n % 2 ? text : 'agent', text, parts: [{ text }] });
  say('tool', { name: text, phase: 'start', call_id: String(n), input: { [text]: text } });
  say('tool', { name: text, phase: 'end', call_id: String(n), ...(n % 2 ? { output: [text] } : { error: text }) });
  say('reasoning', { text, ended: true });
  say('artifact', { name: text, mime: text, ...(n % 2 ? { text } : { data: { [text]: [text] } }) });
  say('status', { state: n % 2 ? 'working' : text, text });
  say('error', { code: text, message: text, cause: text });
}
console.log('A'.repeat(1e6));
console.log(texts.join(' '));
console.error(texts.join(' '));
process.exitCode = 3;
`;

/** Names that a name may be; everything else about an agent and a template is free text. */
const AGENT_NAME = 'раураl __proto__ x';
const TEAM = {
  apiVersion: 'agentmesh/v1',
  kind: 'Team',
  name: 'constructor',
  description: HOSTILE_TEXTS.join(' '),
  inputs: Object.fromEntries(
    HOSTILE_TEXTS.slice(0, 20).map((text, n) => [
      n === 0 ? 'constructor' : `input_${String(n)}`,
      { type: 'string', description: text, default: text.toWellFormed() },
    ]),
  ),
  roles: { a: { agent: AGENT_NAME } },
  steps: [{ id: 'constructor', role: 'a', prompt: '{{ inputs.constructor }}' }],
};

let browser: Browser;
let origin = '';
let runId = '';
let teamRunId = '';
let printed = '';

before(async () => {
  mkdirSync(join(dataDir, 'templates', 'constructor'), { recursive: true, mode: 0o700 });
  writeFileSync(join(dataDir, 'templates', 'constructor', 'team.json'), JSON.stringify(TEAM));
  writeFileSync(join(folder, 'texts.json'), JSON.stringify(HOSTILE_TEXTS));
  writeFileSync(join(folder, 'agent.mjs'), AGENT);
  const agent = {
    name: AGENT_NAME,
    command: [process.execPath, join(folder, 'agent.mjs')],
    description: HOSTILE_TEXTS.join(' ').slice(0, 1_000),
    skills: HOSTILE_TEXTS.slice(0, 200).map((text, n) => ({
      id: `s${String(n)}`, name: text, description: HOSTILE_TEXTS.at(-1 - n) ?? '', tags: [text],
    })), // prettier-ignore
  };
  writeFileSync(join(dataDir, 'bootstrap.json'), JSON.stringify({ agents: [agent] }));
  const up = await ask('up', '--port', '0');
  assert.equal(up.code, 0, up.stderr);
  origin = (JSON.parse(readFileSync(join(dataDir, 'agentmeshd.json'), 'utf8')) as { url: string }).url;
  const called = await ask(
    'run',
    '--to',
    AGENT_NAME,
    HOSTILE_TEXTS.slice(150).join(' ').replaceAll('\0', ''),
  );
  printed = called.stdout + called.stderr;
  const listed = (await (await fetch(`${origin}/api/invocations`)).json()) as { run_id: string }[];
  runId = listed[0]?.run_id ?? '';
  const body = JSON.stringify({ template: { name: 'constructor' }, inputs: {} });
  const headers = { 'content-type': 'application/json' };
  const started = await fetch(`${origin}/api/team-runs`, { method: 'POST', headers, body });
  assert.equal(started.status, 202, await started.clone().text());
  teamRunId = ((await started.json()) as { team_run_id: string }).team_run_id;
  browser = await launchBrowser();
});

after(async () => {
  await browser.close();
  await ask('down');
  rmSync(folder, { recursive: true, force: true });
});

/** What a page has done that no text may make it do. */
const watch = async (page: Page): Promise<() => Promise<void>> => {
  const wrong: string[] = [];
  page.on('dialog', (dialog) => {
    wrong.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) wrong.push(`request ${request.url().slice(0, 100)}`);
  });
  page.on('popup', () => wrong.push('popup'));
  await page.addInitScript(
    `window.violations = []; addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective + ' ' + e.blockedURI));`,
  );
  return async () => {
    assert.deepEqual(wrong, []);
    assert.deepEqual(await page.evaluate('[...window.violations, window.pwned, ({}).pwned]'), [
      undefined,
      undefined,
    ]);
    // Elements that no template of the console has, or not with these attributes.
    const strange = await page.evaluate<string[]>(`[...document.querySelectorAll(
      'script:not([src]), body iframe, object, embed, video, audio, math, marquee, base, form[action], style:not(head style), b, i:not([data-status], .meter i), details, ' +
      'template, plaintext, xmp, img:not([src="/icon.svg"]), a[href*=":"], meta[http-equiv]')].map((one) => one.outerHTML.slice(0, 100))`);
    assert.deepEqual(strange, []);
    const handlers = await page.evaluate<number>(
      `[...document.querySelectorAll('*')].filter((one) => one.getAttributeNames().some((name) => name.startsWith('on'))).length`,
    );
    assert.equal(handlers, 0);
    // Direction overrides, controls and what cannot be seen are written out.
    const hidden = await page.evaluate<string[]>(
      `[...document.querySelectorAll('body, [title], [aria-label]')].flatMap((one) => [one === document.body ? one.textContent : '', one.title, one.getAttribute('aria-label') ?? ''])` +
        `.flatMap((text) => text.match(/.{0,9}[\\u0000-\\u0008\\u000e-\\u001f\\u007f-\\u009f\\u061c\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff]/g) ?? [])`,
    );
    assert.deepEqual(hidden, []);
    assert.equal(
      await page.evaluate('document.documentElement.scrollWidth > window.innerWidth'),
      false,
      `${page.url()} is wider than its window`,
    );
  };
};

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 360, height: 740 };
const LIST = `document.querySelector('am-timeline am-virtual-list')`;

/** Scrolls through the whole timeline, unfolds what is folded, and looks at each screen of it. */
const readTimeline = async (page: Page, look: () => Promise<void>): Promise<string> => {
  const seen = new Set<string>();
  await page.evaluate(`${LIST}.scrollTop = 0`);
  for (let screens = 0; ; screens += 1) {
    assert.ok(screens < 3_000, 'the timeline has no end');
    if (screens % 6 === 0) {
      await page.evaluate(
        `[...document.querySelectorAll('am-timeline-item .fold[aria-expanded=false]')].slice(0, 6).forEach((one) => one.click())`,
      );
      await page.waitForTimeout(40);
      await look();
    }
    for (const text of await page.evaluate<string[]>(
      `[...document.querySelectorAll('am-timeline-item')].map((one) => one.textContent)`,
    ))
      seen.add(text);
    const atEnd = await page.evaluate<boolean>(
      `((list, before) => { list.scrollTop += list.clientHeight - 60; return list.scrollTop === before; })(${LIST}, ${LIST}.scrollTop)`,
    );
    if (atEnd) return [...seen].join('\n');
    await page.waitForTimeout(16);
  }
};

/** Selects a line of a kind: the list draws only what is near, so it is found and clicked in one turn of the page. */
const pickOne = async (page: Page, kind: string): Promise<void> => {
  const clicked = await page.evaluate<boolean>(`(async () => {
    const list = ${LIST};
    list.scrollTop = 0;
    for (const end = Date.now() + 30_000; Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      const line = document.querySelector('am-timeline-item[data-kind=${kind}] .pick');
      if (line !== null) { line.click(); return true; }
      list.scrollTop += list.clientHeight - 60;
    }
    return false;
  })()`);
  assert.ok(clicked, `a line of kind ${kind}`);
};

void test('each kind of event shows what the agent wrote as text', async () => {
  assert.ok(HOSTILE_TEXTS.length >= 200);
  const { page, complaints } = await openPage(browser, { viewport: WIDE });
  const look = await watch(page);
  await page.goto(`${origin}/runs/${runId}`);
  const trace = JSON.parse((await ask('trace', runId, '-o', 'json')).stdout) as EventV1[];
  assert.ok(trace.length > HOSTILE_TEXTS.length * 6, `${String(trace.length)} events`);
  await page.locator(`am-timeline [data-total="${String(trace.length)}"]`).waitFor();
  await look();
  const seen = await readTimeline(page, look);
  for (const part of [
    '<script>window.pwned=1;alert(1)</script>',
    "{{constructor.constructor('window.pwned=1;alert(1)')()}}",
    'user<U+202E>nimda<U+202C>',
    '<U+001B>]0;title<U+0007>',
    '<U+0000>nul<U+0000>',
  ])
    assert.ok(seen.includes(part), `${part} is shown`);
  // One line of each kind in full beside the timeline, with its raw events.
  for (const kind of ['message', 'tool', 'reasoning', 'artifact', 'status', 'error']) {
    await pickOne(page, kind);
    await page.locator('am-inspector am-item-details').waitFor();
    await look();
  }
  await page.getByRole('button', { name: 'Raw events' }).click();
  await look();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

void test('each page shows it as text on a phone too, and stays as wide as the screen', async () => {
  const { page, complaints } = await openPage(browser, { viewport: NARROW, hasTouch: true });
  const look = await watch(page);
  for (const id of [runId, teamRunId]) {
    await page.goto(`${origin}/runs/${id}`);
    await page.locator('am-run-header h1').waitFor();
    for (const tab of await page.getByRole('tab').all()) {
      await tab.click();
      await page.waitForTimeout(200);
      await look();
    }
  }
  await page.goto(`${origin}/runs`);
  await page.locator(`[data-run="${runId}"]`).waitFor();
  await look();
  await page.keyboard.press('n');
  await page.locator('.template', { hasText: 'constructor' }).click();
  await page.locator('#input-input_1').waitFor();
  await look();
  await page.goto(`${origin}/agents`);
  await page.locator('tr[data-agent] button').first().click();
  await page.locator('am-agent-details h2').waitFor();
  await look();
  assert.ok((await page.locator('am-agent-details').textContent())?.includes('<script>') === true);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

void test('the CLI prints no control sequence, no override, nothing that hides', async () => {
  const bad = new RegExp(
    '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069\\u200b\\ufeff]',
    'u',
  );
  assert.equal(bad.exec(printed), null);
  for (const argv of [
    ['trace', runId],
    ['trace', runId, '--full'],
    ['runs', 'get', teamRunId],
    ['agents'],
    ['team', 'check', 'constructor'],
  ]) {
    const { stdout, stderr } = await ask(...argv);
    assert.equal(bad.exec(stdout + stderr)?.[0], undefined, argv.join(' '));
  }
});
