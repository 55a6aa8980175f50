// Starts that cannot succeed: one clear line, the right exit code, and nothing left behind.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { Mesh } from './mesh.ts';

const BOTH = [['start'], ['start', '-b']];

const listen = async (answer: object): Promise<Server> => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const portOf = (server: Server): string => String((server.address() as AddressInfo).port);

test('a port that is taken: who has it, in the foreground and in the background', async () => {
  await using mesh = new Mesh();
  const holder = await listen({ hello: 'world' });
  for (const args of BOTH) {
    const refused = await mesh.command([...args, '--port', portOf(holder)]);
    assert.equal(refused.code, 21, refused.stderr);
    const [line = ''] = refused.stderr.split('\n').filter((each) => each.startsWith('agentmeshd: '));
    assert.ok(
      line.includes(`Port ${portOf(holder)} on 127.0.0.1 is taken by pid ${String(process.pid)} (`),
      line,
    );
    assert.match(refused.stderr, /--port/);
    await mesh.empty();
    assert.equal(readdirSync(mesh.dataDir).includes('agentmeshd.pid'), false);
  }
  holder.close();
});

test('an earlier daemon on the port', async () => {
  await using mesh = new Mesh();
  const earlier = await listen({ status: 'ok' });
  const refused = await mesh.command(['start', '--port', portOf(earlier)]);
  assert.equal(refused.code, 21);
  assert.match(refused.stderr, /earlier AgentMesh daemon/);
  assert.match(refused.stderr, /migration/);
  earlier.close();
});

test('an earlier daemon on the folder, on a port of its own', async () => {
  await using mesh = new Mesh();
  const script = `
    require('node:http').createServer((_, response) => response.end('{"status":"ok"}'))
      .listen(0, '127.0.0.1', () => console.log('up'))`;
  const earlier = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(earlier.stdout, 'data');
  try {
    writeFileSync(join(mesh.dataDir, 'agentmeshd.pid'), String(earlier.pid));
    const refused = await mesh.command(['start', '-b']);
    assert.equal(refused.code, 21, refused.stderr);
    assert.ok(refused.stderr.includes(`pid ${String(earlier.pid)}`), refused.stderr);
    assert.match(refused.stderr, /earlier AgentMesh daemon/);
    assert.equal(
      readFileSync(join(mesh.dataDir, 'agentmeshd.pid'), 'utf8'),
      String(earlier.pid),
      'its file stays',
    );
  } finally {
    earlier.kill('SIGKILL');
    await once(earlier, 'exit');
  }
  assert.equal((await mesh.command(['start', '-b'])).code, 0, 'once it is gone, the folder can be had');
  await mesh.command(['stop']);
});

test('a data folder that is a file, or lies below one', async () => {
  await using mesh = new Mesh();
  const file = join(mesh.dataDir, 'file');
  writeFileSync(file, 'mine');
  for (const dataDir of [file, join(file, 'below')]) {
    const refused = await mesh.command(['start', '--data-dir', dataDir]);
    assert.equal(refused.code, 24, refused.stderr);
    assert.ok(
      refused.stderr.startsWith(`agentmeshd: The data folder ${dataDir} cannot be used: `),
      refused.stderr,
    );
  }
  assert.equal(readFileSync(file, 'utf8'), 'mine');
});

/** The user of Linux that owns nothing. */
const NOBODY = { uid: 65_534, gid: 65_534 };

test('a data folder that cannot be written', async () => {
  await using mesh = new Mesh();
  const dataDir = join(mesh.dataDir, 'closed');
  if (process.getuid?.() === 0 && spawnSync(process.execPath, ['-e', '0'], NOBODY).status !== 0) {
    // Nobody may not even look into this checkout, and root may write everywhere but where the system itself refuses.
    const refused = await mesh.command(['start', '--data-dir', '/sys/agentmesh']);
    assert.equal(refused.code, 24, refused.stderr);
    assert.match(refused.stderr, /The data folder .* cannot be used: .*(EPERM|EACCES|EROFS|ENOENT)/);
    return;
  }
  mkdirSync(dataDir, { mode: 0o500 });
  // Root may write everywhere: then the start is made as nobody, who may not.
  const asNobody = process.getuid?.() === 0 ? NOBODY : {};
  chmodSync(mesh.dataDir, 0o755);
  if (process.getuid?.() === 0) chownSync(dataDir, 65_534, 65_534);
  const refused = await mesh.command(['start', '--data-dir', dataDir], {}, asNobody);
  assert.equal(refused.code, 24, refused.stderr);
  assert.match(refused.stderr, /The data folder .* cannot be used: .*EACCES/);
  assert.deepEqual(readdirSync(dataDir), []);
});

test('a log that cannot be written: the daemon runs and says so', async () => {
  await using mesh = new Mesh();
  mkdirSync(join(mesh.dataDir, 'agentmeshd.log'));
  const run = await mesh.up();
  assert.match(run.stderr(), /no log file: .*EISDIR/);
  assert.equal((await fetch(`${run.info.url}/healthz`)).status, 200);
  run.child.kill('SIGTERM');
  assert.deepEqual(await run.ended, { code: 0, signal: null });
});

test('lock.db that is no database', async () => {
  await using mesh = new Mesh();
  writeFileSync(join(mesh.dataDir, 'lock.db'), 'x'.repeat(4096));
  const refused = await mesh.command(['start']);
  assert.equal(refused.code, 24, refused.stderr);
  assert.match(refused.stderr, /lock\.db cannot be locked/);
});

test('addresses that are not loopback, ports that are none, words that are no flags', async () => {
  await using mesh = new Mesh();
  const cases: [string[], RegExp][] = [
    [['--host', '0.0.0.0'], /--host takes a loopback address only/],
    [['--port', '65536'], /--port takes a number/],
    [['--nonsense'], /--nonsense/],
  ];
  for (const [args, expected] of cases) {
    const refused = await mesh.command(['start', ...args]);
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, expected);
    assert.equal(refused.stdout, '');
  }
  assert.deepEqual(readdirSync(mesh.dataDir), []);
});
