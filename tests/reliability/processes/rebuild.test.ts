// A database made anew from the log: with the old one, without it, with one that is broken; never under a daemon.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Mesh } from './mesh.ts';

const filled = async (mesh: Mesh): Promise<string> => {
  const { child, ended, info } = await mesh.up();
  for (const text of ['one', 'two', 'three']) {
    const response = await fetch(`${info.url}/api/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        schema_version: '1',
        run_id: 'r',
        kind: 'message',
        payload: { role: 'user', text },
      }),
    });
    assert.equal(response.status, 201);
  }
  const running = await mesh.command(['rebuild']);
  assert.equal(running.code, 21, 'not while a daemon runs');
  child.kill('SIGTERM');
  await ended;
  return readFileSync(join(mesh.dataDir, 'events.jsonl'), 'utf8');
};

const events = async (mesh: Mesh): Promise<string> => {
  const { child, ended, info } = await mesh.up();
  const text = await (await fetch(`${info.url}/api/events?limit=1000`)).text();
  const verify = (await (await fetch(`${info.url}/api/verify`)).json()) as { ok: boolean };
  child.kill('SIGTERM');
  await ended;
  assert.equal(verify.ok, true);
  return (JSON.parse(text) as object[]).map((event) => `${JSON.stringify(event)}\n`).join('');
};

test('the new database holds what the log holds', async () => {
  await using mesh = new Mesh();
  const log = await filled(mesh);
  const rebuilt = await mesh.command(['rebuild', '-o', 'json']);
  assert.equal(rebuilt.code, 0, rebuilt.stderr);
  const report = JSON.parse(rebuilt.stdout) as { swapped: boolean; events: number; kept_as: string | null };
  assert.deepEqual([report.swapped, report.events], [true, log.trim().split('\n').length]);
  assert.ok(existsSync(report.kept_as ?? ''), 'the old one is kept');
  assert.equal(await events(mesh), log);
});

test('without a database, and with one that is none', async () => {
  await using mesh = new Mesh();
  const log = await filled(mesh);
  const database = join(mesh.dataDir, 'agentmesh.db');
  for (const spoil of [
    () => undefined,
    () => {
      writeFileSync(database, 'x'.repeat(10_000));
    },
  ]) {
    for (const file of ['', '-wal', '-shm']) rmSync(`${database}${file}`, { force: true });
    spoil();
    const rebuilt = await mesh.command(['rebuild']);
    assert.equal(rebuilt.code, 0, rebuilt.stderr);
    assert.match(rebuilt.stdout, /A new database with \d+ events is in place/);
    assert.equal(await events(mesh), log);
  }
});

test('without a log there is nothing to rebuild from', async () => {
  await using mesh = new Mesh();
  const refused = await mesh.command(['rebuild']);
  assert.equal(refused.code, 20);
  assert.match(refused.stderr, /no log to rebuild from/);
});
