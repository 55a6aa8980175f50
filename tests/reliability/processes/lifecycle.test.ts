// Start, status, stop: what a user of `agentmeshd` sees and what stands in the data folder.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Mesh } from './mesh.ts';

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

const overSocket = (socketPath: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request({ socketPath, path: '/healthz' }, (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode);
      });
    })
      .on('error', reject)
      .end();
  });

test('start -b returns when the daemon answers, status shows it, stop ends every process', async () => {
  await using mesh = new Mesh();
  const started = await mesh.command(['start', '-b']);
  assert.equal(started.code, 0, started.stderr);
  const [, url = ''] = /^agentmeshd runs at (http:\/\/127\.0\.0\.1:\d+) /.exec(started.stdout) ?? [];
  assert.equal(started.stdout.split('\n').length, 2, 'one line');
  assert.equal((await fetch(`${url}/healthz`)).status, 200);

  const status = await mesh.command(['status', '-o', 'json']);
  assert.equal(status.code, 0);
  const { state, info } = JSON.parse(status.stdout) as {
    state: string;
    info: { url: string; pid: number; socket: string };
  };
  assert.deepEqual([state, info.url], ['running', url]);
  assert.equal(readFileSync(join(mesh.dataDir, 'agentmeshd.pid'), 'utf8'), `${String(info.pid)}\n`);
  assert.equal(await overSocket(info.socket), 200);
  assert.match((await mesh.command(['status'])).stdout, /^agentmeshd +running/);

  const stopped = await mesh.command(['stop']);
  assert.equal(stopped.code, 0);
  assert.match(stopped.stdout, /stopped/);
  assert.deepEqual(mesh.processes(), [], 'stop waits for the last process');
  for (const file of ['agentmeshd.pid', 'agentmeshd.json', 'agentmesh.sock'])
    assert.equal(existsSync(join(mesh.dataDir, file)), false, file);

  const after = await mesh.command(['status', '-o', 'json']);
  assert.deepEqual([after.code, (JSON.parse(after.stdout) as { state: string }).state], [10, 'stopped']);
  assert.deepEqual([(await mesh.command(['stop'])).code, mesh.processes()], [0, []]);
});

test('only the owner can read the folder, and nothing in it is open to others', async () => {
  await using mesh = new Mesh();
  const dataDir = join(mesh.dataDir, 'deep', 'folder');
  await mesh.command(['start', '-b', '--data-dir', dataDir]);
  assert.equal(mode(dataDir), '700');
  assert.equal(mode(join(dataDir, 'agentmesh.sock')), '600');
  for (const file of [
    'agentmeshd.pid',
    'agentmeshd.json',
    'agentmeshd.log',
    'lock.db',
    'events.jsonl',
    'agentmesh.db',
  ])
    assert.equal(mode(join(dataDir, file)), '600', file);
  await mesh.command(['stop', '--data-dir', dataDir]);
});

test('where the path of the socket would be too long, it stands in the runtime folder', async () => {
  await using mesh = new Mesh();
  const dataDir = join(mesh.dataDir, 'long'.repeat(30));
  for (const runtimeDir of [mesh.dataDir, '']) {
    const started = await mesh.command(['start', '-b', '--data-dir', dataDir], {
      XDG_RUNTIME_DIR: runtimeDir,
    });
    assert.equal(started.code, 0, started.stderr);
    const { stdout } = await mesh.command(['status', '-o', 'json', '--data-dir', dataDir]);
    const { socket } = (JSON.parse(stdout) as { info: { socket: string | null } }).info;
    if (runtimeDir === '') assert.equal(socket, null, 'TCP only');
    else {
      assert.ok(socket !== null);
      assert.ok(socket.startsWith(join(runtimeDir, 'agentmesh-')), socket);
      assert.deepEqual([mode(socket), mode(dirname(socket))], ['600', '700']);
      assert.equal(await overSocket(socket), 200);
    }
    await mesh.command(['stop', '--data-dir', dataDir]);
  }
});

test('a folder of the earlier tools that was open to others is closed to them', async () => {
  await using mesh = new Mesh();
  writeFileSync(join(mesh.dataDir, 'events.jsonl'), '');
  chmodSync(mesh.dataDir, 0o755);
  const { child, ended, stderr } = await mesh.up();
  assert.equal(mode(mesh.dataDir), '700');
  assert.match(stderr(), /closed to them now/);
  child.kill('SIGTERM');
  assert.deepEqual(await ended, { code: 0, signal: null });
});

test('in the foreground the log comes in lines for people, and as JSON in the file', async () => {
  await using mesh = new Mesh();
  const { child, ended, stderr, info } = await mesh.up();
  child.kill('SIGINT');
  assert.deepEqual(await ended, { code: 0, signal: null });
  assert.match(stderr(), /^\d\d:\d\d:\d\d info {2}ready url=http/m);
  assert.match(stderr(), /stopped/);
  const lines = readFileSync(join(mesh.dataDir, 'agentmeshd.log'), 'utf8').trim().split('\n');
  const messages = lines.map((line) => JSON.parse(line) as { msg: string; url?: string });
  assert.ok(messages.some(({ msg, url }) => msg === 'ready' && url === info.url));
});

test('starts and stops leave no process, no open file and no file behind', async () => {
  await using mesh = new Mesh();
  let files: string[] = [];
  const descriptors = readdirSync('/proc/self/fd').length;
  for (let round = 0; round < 2; round += 1) {
    await mesh.command(['start', '-b']);
    await mesh.command(['stop']);
    assert.deepEqual(mesh.processes(), []);
    const now = readdirSync(mesh.dataDir).sort();
    if (round > 0) assert.deepEqual(now, files);
    files = now;
  }
  assert.equal(readdirSync('/proc/self/fd').length, descriptors);
});
