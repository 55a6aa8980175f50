// The console as a browser gets it: files, the page for every address of it, and a word when it is not built.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Answer, type Doors, openDoors } from './doors.testsuite.ts';

const PAGE = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let folder: string;
let built: Doors;
let unbuilt: Doors;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'console-'));
  const directory = join(folder, 'console');
  mkdirSync(join(directory, 'assets'), { recursive: true });
  writeFileSync(join(directory, 'index.html'), '<!doctype html><title>mesh</title>');
  writeFileSync(join(directory, 'main-ABCD1234.js'), 'export {};');
  writeFileSync(join(directory, 'favicon.svg'), '<svg/>');
  writeFileSync(join(directory, '.hidden'), 'hidden');
  writeFileSync(join(folder, 'outside.txt'), 'outside');
  built = await openDoors({ consoleDir: directory });
  unbuilt = await openDoors({ consoleDir: join(folder, 'nothing') });
});
after(async () => {
  await Promise.all([built.close(), unbuilt.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  built.ask({ path, headers });

describe('the built console', () => {
  it('answers its page at every address that is not the API’s, never from a cache', async () => {
    for (const path of ['/', '/runs/0198', '/agents/calc.local', '/console', '/apis']) {
      const answer = await get(path, PAGE);
      assert.equal(answer.status, 200, path);
      assert.match(answer.text, /<title>mesh/);
      assert.equal(answer.headers['cache-control'], 'no-cache');
    }
    assert.equal((await built.ask({ method: 'HEAD', path: '/runs/1', headers: PAGE })).status, 200);
  });

  it('lets a page run its own scripts and nothing else', async () => {
    const { headers } = await get('/', PAGE);
    const policy = headers['content-security-policy'];
    assert.ok(typeof policy === 'string');
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
      assert.ok(policy.split('; ').includes(part), part);
    assert.doesNotMatch(policy, /unsafe-eval|script-src[^;]*unsafe-inline|https?:|\*/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
  });

  it('keeps hashed files for ever and asks again for the others', async () => {
    const script = await get('/main-ABCD1234.js');
    assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.match(script.headers['content-type'] ?? '', /javascript/);
    assert.equal((await get('/favicon.svg')).headers['cache-control'], 'no-cache');
  });

  it('answers problems, not pages, to scripts, to the API’s paths and to other methods', async () => {
    for (const [path, headers] of [
      ['/main-OLD00000.js', { accept: '*/*' }],
      ['/api/nothing', PAGE],
      ['/api', PAGE],
      ['/', {}],
    ] as const) {
      const answer = await get(path, headers);
      assert.equal(answer.json()['code'], 'not_found', path);
      assert.match(String(answer.headers['content-security-policy']), /^default-src 'none'; frame/);
      assert.equal(answer.headers['cache-control'], 'no-store');
    }
    assert.equal((await built.ask({ method: 'POST', path: '/', headers: PAGE })).json()['code'], 'not_found');
    assert.equal((await get('/healthz', PAGE)).json()['status'], 'ok');
  });

  it('gives nothing from outside its folder, and no hidden file', async () => {
    const paths = [
      '/../outside.txt',
      '/..%2foutside.txt',
      '/%2e%2e/outside.txt',
      '/assets/..%5c..%5coutside.txt',
      '/.hidden',
      '/assets',
    ];
    for (const path of paths) {
      const wire = await built.raw(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${String(built.port)}\r\nConnection: close\r\n\r\n`,
      );
      assert.match(wire, /^HTTP\/1\.1 40[0-9] /, path);
      assert.doesNotMatch(wire, /outside$|hidden$/);
    }
  });

  it('is not there on the socket', async () => {
    const answer = await built.ask({ path: '/', headers: PAGE, socketPath: built.socket });
    assert.equal(answer.json()['code'], 'not_found');
  });
});

describe('a console that is not built', () => {
  it('says so in a page, while the API works', async () => {
    const answer = await unbuilt.ask({ path: '/', headers: PAGE });
    assert.equal(answer.status, 503);
    assert.match(answer.text, /npm run build:console/);
    assert.equal((await unbuilt.ask({ path: '/healthz' })).status, 200);
  });
});
