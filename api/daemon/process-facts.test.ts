// What /proc says about processes and ports.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { bornMs, commandLine, holderOf, isAlive, portsOf, processIdentity } from './process-facts.ts';

test('a process has one identity for life, and nobody has it after that', async () => {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  await once(child, 'spawn');
  assert.equal(isAlive(pid), true);
  assert.equal(processIdentity(pid), processIdentity(pid));
  assert.notEqual(processIdentity(pid), processIdentity(process.pid));
  assert.equal(commandLine(pid), 'sleep 600');
  assert.ok(Math.abs((bornMs(pid) ?? 0) - Date.now()) < 60_000);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.deepEqual(
    [isAlive(pid), processIdentity(pid), bornMs(pid), commandLine(pid)],
    [false, null, null, null],
  );
});

test('a name with parentheses and spaces does not confuse the start time', async () => {
  const script = `require('node:fs').writeFileSync('/proc/self/comm', 'a) R 1 (b'); console.log('ok'); setTimeout(() => {}, 1e6)`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  assert.equal(isAlive(pid), true);
  assert.ok(Math.abs((bornMs(pid) ?? 0) - Date.now()) < 60_000);
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('a listening port leads to its process and back', async () => {
  for (const host of ['127.0.0.1', '::1']) {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    assert.equal(holderOf(port)?.pid, process.pid);
    assert.ok(portsOf(process.pid).includes(port));
    server.close();
    await once(server, 'close');
    assert.equal(holderOf(port), null);
  }
});
