// What ends without warning: the worker is started again on the same log; nothing outlives its supervisor.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readInfo } from '#api/daemon/info';
import { Mesh, until } from './mesh.ts';

const RUN_ID = 'run-1';

const append = async (url: string, text: string): Promise<void> => {
  const response = await fetch(`${url}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      schema_version: '1',
      run_id: RUN_ID,
      kind: 'message',
      payload: { role: 'user', text },
    }),
  });
  assert.equal(response.status, 201, await response.text());
};

const texts = async (url: string): Promise<string[]> => {
  const response = await fetch(`${url}/api/events?run_id=${RUN_ID}`);
  const events = (await response.json()) as { payload: { text: string } }[];
  return events.map(({ payload }) => payload.text);
};

test('kill -9 of the worker: another one goes on with the same log', async () => {
  await using mesh = new Mesh();
  const run = await mesh.up({ AGENTMESH_RESTART_DELAY_MS: '10' });
  let { info } = run;
  for (const word of ['one', 'two']) {
    await append(info.url, word);
    process.kill(info.worker_pid, 'SIGKILL');
    const next = await mesh.ready(run, info);
    assert.equal(next.log_id, info.log_id);
    assert.equal(next.pid, run.pid);
    info = next;
  }
  await append(info.url, 'three');
  assert.deepEqual(await texts(info.url), ['one', 'two', 'three']);
  assert.match(run.stderr(), /the worker was ended by SIGKILL; starting it again/);
  run.child.kill('SIGTERM');
  assert.deepEqual(await run.ended, { code: 0, signal: null });
});

test('the supervisor keeps no file open for workers that are gone', async () => {
  await using mesh = new Mesh();
  const run = await mesh.up({ AGENTMESH_RESTART_DELAY_MS: '1' });
  const open = (): number => readdirSync(`/proc/${String(run.pid)}/fd`).length;
  let { info } = run;
  const before = open();
  for (let crash = 0; crash < 2; crash += 1) {
    process.kill(info.worker_pid, 'SIGKILL');
    info = await mesh.ready(run, info);
  }
  await until('as many open files as before', () => open() <= before);
  run.child.kill('SIGTERM');
  await run.ended;
});

test('kill -9 of the supervisor: the worker ends itself, and the folder is free', async () => {
  await using mesh = new Mesh();
  const first = await mesh.up();
  await append(first.info.url, 'before');
  first.child.kill('SIGKILL');
  await mesh.empty();
  const second = await mesh.up();
  assert.deepEqual(await texts(second.info.url), ['before']);
  second.child.kill('SIGTERM');
  assert.deepEqual(await second.ended, { code: 0, signal: null });
});

test('kill -9 of both at once: the next start takes the folder', async () => {
  await using mesh = new Mesh();
  const first = await mesh.up();
  first.child.kill('SIGKILL');
  process.kill(first.info.worker_pid, 'SIGKILL');
  await mesh.empty();
  assert.equal((await mesh.command(['status'])).code, 10, 'stale files are not believed');
  const second = await mesh.up();
  second.child.kill('SIGTERM');
  assert.deepEqual(await second.ended, { code: 0, signal: null });
});

test('a crash point ends the worker it was meant for, and not the next one', async () => {
  await using mesh = new Mesh();
  const run = mesh.run(['start'], { AGENTMESH_CRASH_AT: 'commit.before:1', AGENTMESH_RESTART_DELAY_MS: '1' });
  const first = await mesh.ready(run);
  // The first commit may be one of the start itself: then it has happened already.
  await append(first.url, 'one').catch(() => undefined);
  await until('the crash', () => run.stderr().includes('was ended by SIGKILL'));
  const url = await until('the next worker', async () => {
    const now = readInfo(mesh.dataDir)?.url ?? '';
    return (await fetch(`${now}/healthz`).catch(() => null))?.ok === true ? now : null;
  });
  await append(url, 'two');
  assert.equal((await texts(url)).at(-1), 'two');
  run.child.kill('SIGTERM');
  await run.ended;
});

test('a worker that crashes again and again is given up with a clear message', async () => {
  await using mesh = new Mesh();
  const run = await mesh.up({ AGENTMESH_CRASH_LIMIT: '2', AGENTMESH_RESTART_DELAY_MS: '1' });
  process.kill(run.info.worker_pid, 'SIGKILL');
  const info = await mesh.ready(run, run.info);
  process.kill(info.worker_pid, 'SIGKILL');
  assert.deepEqual(await run.ended, { code: 1, signal: null });
  assert.match(run.stderr(), /2 crashes in a row, giving up/);
  assert.match(readFileSync(join(mesh.dataDir, 'agentmeshd.log'), 'utf8'), /2 crashes in a row/);
  await mesh.empty();
});
