// Pages of other sites in a real browser against the real daemon: they read nothing and change nothing, and links still work.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { createClient } from '#api/contract/client';
import { agentmesh } from '#cli/testing/fake-daemon';
import { launchBrowser, openPage } from './browser.ts';
import { SERVICE_WORKER, tries } from './hostile-attacks.ts';

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-hostile-'));
const dataDir = join(folder, 'data');
const ran = join(folder, 'ran');
const ask = (...argv: readonly string[]) =>
  agentmesh(argv, { env: { AGENTMESH_DATA_DIR: dataDir }, cwd: folder });

/** Words of the mesh that no page of another site may come to see. */
const SECRET = /noter|secret-answer|schema_version|log_id|team_run|am-root/;

let browser: Browser;
let hostile: Server;
let hostilePort = 0;
let daemon = new URL('http://daemon.invalid');
let runId = '';

const HOSTILE_PAGE = '<!doctype html><title>win a prize</title><body>';

/** Serves the hostile page at every path, redirects to anywhere, and a service worker. */
const serveHostile = (): Server =>
  createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://hostile.invalid');
    if (pathname === '/302' || pathname === '/307') {
      const location = decodeURIComponent(search.slice(1));
      response.writeHead(Number(pathname.slice(1)), { location, 'access-control-allow-origin': '*' }).end();
    } else if (pathname === '/sw.js')
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(SERVICE_WORKER);
    else response.writeHead(200, { 'content-type': 'text/html' }).end(HOSTILE_PAGE);
  });

before(async () => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const noter = { name: 'noter', command: ['/bin/sh', '-c', `echo ran >> '${ran}'; echo secret-answer`] };
  writeFileSync(join(dataDir, 'bootstrap.json'), JSON.stringify({ agents: [noter] }));
  const up = await ask('up', '--port', '0');
  assert.equal(up.code, 0, up.stderr);
  const info = JSON.parse(readFileSync(join(dataDir, 'agentmeshd.json'), 'utf8')) as { url: string };
  daemon = new URL(info.url);
  const called = await ask('run', '--to', 'noter', 'hello', '-o', 'json');
  assert.equal(called.code, 0, called.stderr);
  runId = (JSON.parse(called.stdout) as { run_id: string }).run_id;
  hostile = serveHostile();
  await new Promise<void>((resolve) => hostile.listen(0, '127.0.0.1', resolve));
  hostilePort = (hostile.address() as AddressInfo).port;
  // The daemon has to refuse by itself: the browser's own wall before local networks is taken down.
  browser = await launchBrowser([
    '--host-resolver-rules=MAP *.test 127.0.0.1',
    '--disable-features=LocalNetworkAccessChecks,PrivateNetworkAccessForNavigations',
  ]);
});

after(async () => {
  await browser.close();
  hostile.closeAllConnections();
  await new Promise((resolve) => hostile.close(resolve));
  await ask('down');
  rmSync(folder, { recursive: true, force: true });
});

/** Everything that a page could have changed. */
const traces = async (): Promise<unknown> => {
  const client = createClient({ baseUrl: daemon.origin });
  return {
    head: (await client.call('healthz')).head_seq,
    agents: (await client.call('agents.list')).map(({ name }) => name),
    calls: (await client.call('invocations.list', { query: {} })).map(({ run_id }) => run_id),
    teams: await client.call('team-runs.list', { query: {} }),
    audit: (await client.call('audit.list', { query: {} })).length,
    ran: readFileSync(ran, 'utf8'),
    touched: existsSync(join(folder, 'touched')),
  };
};

interface Refusals {
  /** Status of every answer that the daemon gave, and how it was asked. */
  readonly answers: { readonly status: number; readonly what: string }[];
}

/** Opens a hostile page and notes what the daemon answers to whatever comes from it, its frames and its windows. */
const openHostile = async (
  address: string,
  daemonHost: string,
): Promise<{ page: Page; context: BrowserContext } & Refusals> => {
  const { page } = await openPage(browser);
  const context = page.context();
  const answers: Refusals['answers'] = [];
  context.on('response', (answer) => {
    const asked = answer.request();
    // What a page of the console asks for itself, once a link has opened it, is nobody else's.
    if (
      asked.serviceWorker() === null &&
      !asked.isNavigationRequest() &&
      new URL(asked.frame().url()).host === daemonHost
    )
      return;
    const what = `${asked.method()} ${answer.url()} as ${asked.resourceType()}`;
    if (new URL(answer.url()).host === daemonHost) answers.push({ status: answer.status(), what });
  });
  // Answers that the browser keeps from the page are no responses to it; they are told here.
  const below = await context.newCDPSession(page);
  const urls = new Map<string, string>();
  below.on('Network.requestWillBeSent', ({ requestId, request }) => {
    urls.set(requestId, `${request.method} ${request.url}`);
  });
  below.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
    const what = urls.get(requestId) ?? '';
    // The hostile server redirects, the daemon never does; both are one request to the browser.
    if (what.includes(` http://${daemonHost}/`) && statusCode !== 302 && statusCode !== 307)
      answers.push({ status: statusCode, what });
  });
  await below.send('Network.enable');
  await page.goto(address);
  return { page, context, answers };
};

type Seen = Readonly<Record<string, string>>;

/** What a page may see of a request of its own that another origin has refused. */
const BLIND =
  /^(error.*|opaque 0 |opaqueredirect 0 |opaque0|0 {2}|no answer|nothing|none|load|sent|styled|true|false|own|closed (true|false) 0|(Security|Network|Type|Abort)Error)$/;

const pairs = (): readonly (readonly [string, string])[] => [
  ['/api/agents', '/api/nothing'],
  [`/api/trace/${runId}`, '/api/trace/nobody'],
  ['/icon.svg', '/nothing.svg'],
];

/** Bodies that each route would take from the console. */
const BODIES: Readonly<Record<string, object>> = {
  '/api/invocations': { to: 'noter', prompt: 'again' },
  '/api/agents': { name: 'evil', command: ['/usr/bin/touch', join(folder, 'touched')] },
  '/api/events': { run_id: 'evil', kind: 'message', payload: { role: 'user', text: 'x' } },
  '/api/discover': {},
  '/api/team-runs': { template: { text: 'kind: Team', origin: 'x' }, inputs: {} },
};

// Each waits for its browser most of the time, and none of them may change what the others look at.
describe('a page of another site', { concurrency: 3 }, () => {
  for (const [host, target] of [
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', '127.0.0.1'],
    ['localhost', 'localhost'],
    ['evil.test', '127.0.0.1'],
  ] as const)
    void test(`a page of ${host} reads nothing of ${target}, not even whether something is there`, async () => {
      const own = `http://${host}:${String(hostilePort)}`;
      const origin = `http://${target}:${daemon.port}`;
      const { page, context, answers } = await openHostile(`${own}/`, new URL(origin).host);
      const earlier = await traces();
      for (const [there, nowhere] of host === target ? pairs() : pairs().slice(0, 1)) {
        const seen = await page.evaluate<Seen>(tries('reading', { url: origin + there, own }));
        assert.ok(Object.keys(seen).length >= 55);
        for (const [name, words] of Object.entries(seen)) assert.match(words, BLIND, `${name} at ${there}`);
        const other = await page.evaluate<Seen>(tries('reading', { url: origin + nowhere, own }));
        assert.deepEqual(seen, other, `${there} and ${nowhere} look alike`);
      }
      assert.deepEqual(await traces(), earlier);
      assert.ok(answers.length > 60, `the daemon was asked ${String(answers.length)} times only`);
      // A window of its own is a link that was followed: it opens files of the console, and nothing else.
      for (const { status, what } of answers)
        assert.ok(status === 403 || what.endsWith('.svg as document'), `${what}: ${String(status)}`);
      await context.close();
    });

  for (const host of ['127.0.0.1', 'localhost'])
    void test(`a page of ${host} changes nothing`, async () => {
      const own = `http://${host}:${String(hostilePort)}`;
      const earlier = await traces();
      const { page, context, answers } = await openHostile(`${own}/`, daemon.host);
      for (const [path, value] of Object.entries(BODIES)) {
        const body = JSON.stringify({ ...value, note: 1 });
        const seen = await page.evaluate<Seen>(tries('changing', { url: daemon.origin + path, own, body }));
        assert.ok(Object.keys(seen).length >= 25);
        for (const [name, words] of Object.entries(seen)) assert.match(words, BLIND, `${name} at ${path}`);
      }
      assert.deepEqual(await traces(), earlier);
      assert.ok(answers.length > 50, `the daemon was asked ${String(answers.length)} times only`);
      for (const { status, what } of answers) assert.equal(status, 403, what);
      await context.close();
    });

  void test('a name that now leads to the daemon (DNS rebinding) makes no page its own', async () => {
    const own = `http://evil.test:${daemon.port}`;
    const { page } = await openPage(browser);
    // The page came from the name before it was bound to 127.0.0.1; everything else goes to the daemon.
    await page.context().route(`${own}/page`, async (route) => {
      await route.fulfill({ contentType: 'text/html', body: HOSTILE_PAGE });
    });
    const statuses: number[] = [];
    page.context().on('response', (answer) => {
      if (!answer.url().endsWith('/page')) statuses.push(answer.status());
    });
    const earlier = await traces();
    await page.goto(`${own}/page`);
    const path = '/api/invocations';
    const body = JSON.stringify(BODIES[path]);
    for (const seen of [
      await page.evaluate<Seen>(tries('reading', { url: `${own}/api/agents`, own })),
      await page.evaluate<Seen>(tries('reading', { url: `${own}/runs`, own })),
      await page.evaluate<Seen>(tries('changing', { url: own + path, own, body })),
    ])
      for (const [name, words] of Object.entries(seen)) assert.doesNotMatch(words, SECRET, name);
    assert.deepEqual(await traces(), earlier);
    assert.ok(statuses.length > 50, `the daemon was asked ${String(statuses.length)} times only`);
    for (const status of statuses) assert.equal(status, 421);
    await page.context().close();
  });
});

void test('a link on another site opens the console, which then works as ever', async () => {
  for (const [host, target] of [
    ['127.0.0.1', '127.0.0.1'],
    ['evil.test', '127.0.0.1'],
    ['localhost', 'localhost'],
  ] as const) {
    const { page, complaints } = await openPage(browser);
    await page.goto(`http://${host}:${String(hostilePort)}/`);
    const address = `http://${target}:${daemon.port}/runs/${runId}`;
    const link = (blank: boolean): string =>
      `document.body.innerHTML = '<a id=go ${blank ? 'target=_blank rel=opener' : ''} href="${address}">look</a>'`;
    // In a window of its own: neither has a hand on the other.
    await page.evaluate(link(true));
    const [opened] = await Promise.all([page.waitForEvent('popup'), page.click('#go')]);
    await opened.getByText('secret-answer').first().waitFor();
    assert.equal(await opened.evaluate('window.opener'), null);
    await opened.close();
    await page.evaluate(link(false));
    await page.click('#go');
    await page.locator('am-connection [data-status=live]').waitFor();
    // Reloaded it still counts as the other site's link; what it asks for is its own.
    await page.reload();
    await page.locator('am-connection [data-status=live]').waitFor();
    await page.getByRole('link', { name: 'Agents' }).click();
    await page.locator('[data-agent=noter]').waitFor();
    await page.goBack();
    await page.getByText('secret-answer').first().waitFor();
    assert.deepEqual(complaints, []);
    await page.context().close();
  }
});
