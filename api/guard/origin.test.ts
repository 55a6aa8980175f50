// A link on another site may open the console, and that is all: every other combination of what a browser says is refused.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Answer, type Doors, openDoors } from '../doors.testsuite.ts';

const LINK = {
  accept: 'text/html,*/*;q=0.8',
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
} as const;
const PAGES = ['/', '/runs', '/runs/0198', '/agents', '/runs?q=x&status=failed'];
const API = ['/api', '/api/', '/api/agents', '/api/nothing', '/healthz', '/openapi.json', '/api/stream'];

let folder: string;
let doors: Doors;
let bare: Doors;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'console-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>mesh</title>');
  writeFileSync(join(folder, 'main-ABCD1234.js'), 'export {};');
  doors = await openDoors({ consoleDir: folder });
  bare = await openDoors();
});
after(async () => {
  await Promise.all([doors.close(), bare.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const follow = (
  path: string,
  changed: Record<string, string | string[] | undefined> = {},
  method = 'GET',
): Promise<Answer> => {
  const headers = Object.fromEntries(
    Object.entries({ ...LINK, ...changed }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  return doors.ask({ method, path, headers });
};

const refused = (answer: Answer, what: string): void => {
  assert.equal(answer.status, 403, what);
  assert.equal(answer.json()['code'], 'origin_refused', what);
};

describe('a link on another site', () => {
  it('opens each page of the console, which no site can put into a frame or keep a hand on', async () => {
    for (const site of ['cross-site', 'same-site'])
      for (const path of PAGES) {
        const { status, text, headers } = await follow(path, { 'sec-fetch-site': site });
        assert.equal(status, 200, `${site} ${path}`);
        assert.match(text, /<title>mesh/);
        assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/);
        assert.equal(headers['x-frame-options'], 'DENY');
        assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
        assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
        assert.deepEqual(
          Object.keys(headers).filter((name) => name.startsWith('access-control-')),
          [],
        );
      }
  });

  it('opens nothing of the API, however its path is written', async () => {
    for (const path of API) refused(await follow(path), path);
    for (const path of ['/%61pi/agents', '/API/agents', '//api/agents', '/./api/agents', '/x/../api/agents'])
      assert.doesNotMatch((await follow(path)).text, /"agents"|"name"|^\[/, path);
    assert.deepEqual(doors.engine.calls, []);
  });

  it('opens nothing where no console is served, and nothing on the socket', async () => {
    refused(await bare.ask({ path: '/', headers: LINK }), 'no console');
    refused(await doors.ask({ path: '/', headers: LINK, socketPath: doors.socket }), 'socket');
  });

  it('is a GET, not another method', async () => {
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
      assert.equal((await follow('/runs', {}, method)).status, 403, method);
  });
});

describe('what only looks like one', () => {
  it('is refused in every combination of mode and destination but the one', async () => {
    const modes = ['navigate', 'no-cors', 'cors', 'same-origin', 'websocket', 'Navigate', '', undefined];
    const targets = [
      'document', 'iframe', 'frame', 'object', 'embed', 'fencedframe', 'empty', 'image', 'script', 'style', 'worker',
      'serviceworker', 'sharedworker', 'manifest', 'font', 'audio', 'report', 'Document', 'document, iframe', '', undefined,
    ]; // prettier-ignore
    let tried = 0;
    for (const mode of modes)
      for (const target of targets)
        for (const site of ['cross-site', 'same-site']) {
          if (mode === 'navigate' && target === 'document') continue;
          const changed = { 'sec-fetch-mode': mode, 'sec-fetch-dest': target, 'sec-fetch-site': site };
          refused(await follow('/runs', changed), JSON.stringify(changed));
          tried += 1;
        }
    assert.equal(tried, 2 * (modes.length * targets.length - 1));
  });

  it('is refused with an Origin of another page, and when it was made ahead of any click', async () => {
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:1', ''])
      refused(await follow('/', { origin }), origin);
    refused(await follow('/', { origin: `http://127.0.0.1:${String(doors.port)}` }), 'own origin');
    for (const name of ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'])
      for (const value of ['prefetch', 'prefetch;prerender', 'preview', ''])
        for (const path of ['/', '/api/agents', '/healthz'])
          // The browser knows better and says none: whose page asked is not told.
          for (const site of ['cross-site', 'same-site', 'none'])
            refused(await follow(path, { [name]: value, 'sec-fetch-site': site }), `${name}: ${value}`);
  });

  it('is refused when a header comes twice, or says another site', async () => {
    for (const name of ['sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest'] as const)
      refused(await follow('/', { [name]: [LINK[name], LINK[name]] }), name);
    for (const site of ['Cross-Site', 'cross-site, none', 'x', ''])
      refused(await follow('/', { 'sec-fetch-site': site }), site);
  });
});

describe('what the console is made of', () => {
  it('loads for its own pages, and for no other', async () => {
    const script = { accept: '*/*', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' };
    const own = await follow('/main-ABCD1234.js', { ...script, 'sec-fetch-site': 'same-origin' });
    assert.equal(own.status, 200);
    refused(await follow('/main-ABCD1234.js', script), 'script of another site');
  });
});
