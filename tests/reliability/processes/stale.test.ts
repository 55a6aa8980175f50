// Files of a daemon that is gone: never believed, never in the way, and nobody else's process is touched for them.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Mesh } from './mesh.ts';

const bystander = (): ChildProcess => spawn('sleep', ['600'], { stdio: 'ignore' });

const end = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};

const startAndStop = async (mesh: Mesh): Promise<void> => {
  const { child, ended } = await mesh.up();
  child.kill('SIGTERM');
  assert.deepEqual(await ended, { code: 0, signal: null });
};

test('the PID of a process that is gone', async () => {
  await using mesh = new Mesh();
  const gone = bystander();
  const pid = gone.pid;
  await end(gone);
  writeFileSync(join(mesh.dataDir, 'agentmeshd.pid'), `${String(pid)}\n`);
  assert.equal((await mesh.command(['status'])).code, 10);
  await startAndStop(mesh);
});

test('a PID that another process has got meanwhile: stop leaves it alone, start takes the folder', async () => {
  await using mesh = new Mesh();
  const first = await mesh.up();
  first.child.kill('SIGKILL');
  await mesh.empty();
  const other = bystander();
  try {
    const info = { ...first.info, pid: other.pid, worker_pid: other.pid };
    writeFileSync(join(mesh.dataDir, 'agentmeshd.pid'), `${String(other.pid)}\n`);
    writeFileSync(join(mesh.dataDir, 'agentmeshd.json'), JSON.stringify(info));
    assert.equal((await mesh.command(['status'])).code, 10);
    const stopped = await mesh.command(['stop']);
    assert.match(stopped.stdout, /No daemon runs/);
    await startAndStop(mesh);
    assert.equal(other.exitCode ?? other.signalCode, null, 'the bystander lives');
  } finally {
    await end(other);
  }
});

test('garbage in the files of the last daemon', async () => {
  await using mesh = new Mesh();
  writeFileSync(join(mesh.dataDir, 'agentmeshd.pid'), 'not a number');
  writeFileSync(join(mesh.dataDir, 'agentmeshd.json'), '{"pid":');
  assert.equal((await mesh.command(['status'])).code, 10);
  await startAndStop(mesh);
});

test('a socket file that nobody listens on', async () => {
  await using mesh = new Mesh();
  const path = join(mesh.dataDir, 'agentmesh.sock');
  // A process that is killed leaves its socket file behind.
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), 'exit');
  assert.ok(existsSync(path));
  await startAndStop(mesh);
  assert.equal(existsSync(path), false);
});

test('the port of the last daemon answers for somebody else now', async () => {
  await using mesh = new Mesh();
  const first = await mesh.up();
  first.child.kill('SIGKILL');
  await mesh.empty();
  const squatter = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  try {
    // As if it had got that very port, which no test can ask for without a race.
    const { port } = squatter.address() as AddressInfo;
    const info = { ...first.info, url: `http://127.0.0.1:${String(port)}` };
    writeFileSync(join(mesh.dataDir, 'agentmeshd.json'), JSON.stringify(info));
    assert.equal((await mesh.command(['status'])).code, 10);
    assert.match((await mesh.command(['stop'])).stdout, /No daemon runs/);
  } finally {
    squatter.close();
  }
});
