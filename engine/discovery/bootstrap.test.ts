// Bootstrap files: what is good in them counts, what is not is said, and the last good state stands.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { testPorts } from '../events/arbitraries.ts';
import { parseBootstrap } from './bootstrap.ts';
import { watchBootstrap, type BootstrapFile } from './bootstrap-file.ts';

const good = (...urls: string[]): string => JSON.stringify({ agents: urls.map((url) => ({ url })) });

describe('bootstrap: reading', () => {
  it('takes the entries of earlier tools and ours', () => {
    const text = JSON.stringify({
      agents: [
        { name: 'one', url: 'http://127.0.0.1:1' },
        { name: 'two', command: ['prog', '-x'], env: { A: 'b' }, skills: ['fix'] },
      ],
      version: 3,
    });
    const parsed = parseBootstrap(text);
    assert.ok('entries' in parsed);
    assert.equal(parsed.entries.length, 2);
    assert.deepEqual(parsed.problems, []);
  });

  it('names each entry that cannot be used, and keeps the others', () => {
    const agents = [
      { url: 'ftp://x' },
      { url: 'http://ok/' },
      7,
      { name: 'x' },
      { command: ['x'] },
      { name: 'x', url: 'http://a', token: '' },
    ];
    const parsed = parseBootstrap(JSON.stringify({ agents }));
    assert.ok('entries' in parsed);
    assert.equal(parsed.entries.length, 1);
    assert.equal(parsed.problems.length, 5);
    assert.ok(parsed.problems[0]?.startsWith('agents[0].url'));
  });

  it('never throws, whatever stands there', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((agents) => JSON.stringify({ agents })),
        ),
        (text) => {
          const parsed = parseBootstrap(text);
          assert.ok('problem' in parsed || Array.isArray(parsed.entries));
        },
      ),
    );
  });
});

describe('bootstrap: watching', () => {
  let folder = '';
  let path = '';
  let file: BootstrapFile;
  let changes = 0;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bootstrap-'));
    path = join(folder, 'bootstrap.json');
    changes = 0;
    file = watchBootstrap(path, testPorts(), () => {
      changes += 1;
    });
  });
  afterEach(() => {
    file.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const until = async (holds: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 200 && !holds(); tries += 1) await sleep(50);
    assert.ok(holds());
  };

  it('needs no file, sees it come, change by rename, break and go', async () => {
    assert.equal(file.look(), false);
    assert.deepEqual(file.entries(), []);
    writeFileSync(path, good('http://a/'));
    await until(() => file.entries().length === 1);
    writeFileSync(`${path}.new`, good('http://a/', 'http://b/'));
    renameSync(`${path}.new`, path);
    await until(() => file.entries().length === 2);
    writeFileSync(path, '{"agents": [');
    await until(() => file.problems().length === 1);
    assert.equal(file.entries().length, 2, 'the last good state stands');
    writeFileSync(path, good('http://c/'));
    await until(() => file.entries().length === 1);
    assert.deepEqual(file.problems(), []);
    rmSync(path);
    await until(() => file.entries().length === 0);
    assert.equal(changes, 4);
  });

  it('says nothing about a file that was only written again', async () => {
    writeFileSync(path, good('http://a/'));
    await until(() => changes === 1);
    writeFileSync(path, `${good('http://a/')}\n`);
    await sleep(400);
    assert.equal(changes, 1);
  });
});
