// One daemon a folder: a second start is refused at once, in every order, and never harms the first.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Mesh, until } from './mesh.ts';

test('a second start names pid and address of the first and leaves it alone', async () => {
  await using mesh = new Mesh();
  const first = await mesh.up();
  const log = await until('the log to say ready', () => {
    const text = readFileSync(join(mesh.dataDir, 'agentmeshd.log'), 'utf8');
    return text.includes('"msg":"ready"') ? text : null;
  });
  for (const args of [['start'], ['start', '-b'], ['start', '--port', new URL(first.info.url).port]]) {
    const second = await mesh.command(args);
    assert.equal(second.code, 21, second.stderr);
    assert.ok(second.stderr.includes(`pid ${String(first.pid)} at ${first.info.url}`), second.stderr);
    assert.match(second.stderr, /agentmeshd stop/);
  }
  assert.equal(readFileSync(join(mesh.dataDir, 'agentmeshd.pid'), 'utf8'), `${String(first.pid)}\n`);
  assert.equal(readFileSync(join(mesh.dataDir, 'agentmeshd.log'), 'utf8'), log, 'its log is not touched');
  assert.equal((await fetch(`${first.info.url}/healthz`)).status, 200);
  first.child.kill('SIGTERM');
  assert.equal((await first.ended).code, 0);
});

test('of starts at the same time exactly one wins', async () => {
  await using mesh = new Mesh();
  for (let round = 0; round < 2; round += 1) {
    const results = await Promise.all([0, 1].map(() => mesh.command(['start', '-b'])));
    assert.deepEqual(results.map(({ code }) => code).sort(), [0, 21], results.map((r) => r.stderr).join());
    assert.equal(mesh.processes().length, 2, 'one supervisor, one worker');
    assert.equal((await mesh.command(['stop'])).code, 0);
    assert.deepEqual(mesh.processes(), []);
  }
});

test('a folder whose supervisor is about to start its worker again is taken too', async () => {
  await using mesh = new Mesh();
  const first = await mesh.up({ AGENTMESH_RESTART_DELAY_MS: '2000' });
  process.kill(first.info.worker_pid, 'SIGKILL');
  await until('the crash to be seen', () => first.stderr().includes('starting it again'));
  const second = await mesh.command(['start', '-b']);
  assert.equal(second.code, 21, second.stderr);
  assert.equal((await mesh.command(['status'])).code, 10);
  const info = await mesh.ready(first, first.info);
  assert.equal((await fetch(`${info.url}/healthz`)).status, 200);
  first.child.kill('SIGTERM');
  assert.equal((await first.ended).code, 0);
});
