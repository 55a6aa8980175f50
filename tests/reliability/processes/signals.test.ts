// Each signal in each phase: the daemon ends in order, and the folder is free afterwards.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Mesh, until } from './mesh.ts';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** The folder can be had again: nothing holds the lock, and no file misleads the next start. */
const startsAgain = async (mesh: Mesh): Promise<void> => {
  await mesh.empty();
  const { child, ended } = await mesh.up();
  child.kill('SIGTERM');
  assert.deepEqual(await ended, { code: 0, signal: null });
};

for (const signal of SIGNALS) {
  test(`${signal} while running: ends with 0 and takes its files along`, async () => {
    await using mesh = new Mesh();
    const { child, ended } = await mesh.up();
    child.kill(signal);
    assert.deepEqual(await ended, { code: 0, signal: null });
    assert.deepEqual(mesh.processes(), []);
    assert.equal(existsSync(join(mesh.dataDir, 'agentmeshd.pid')), false);
  });

  test(`${signal} while starting: ends, and nothing is left`, async () => {
    await using mesh = new Mesh();
    // Before the supervisor listens, with the worker just born, with the lock taken.
    for (const moment of ['born', 'spawned', 'locked']) {
      const run = mesh.run(['start']);
      if (moment === 'spawned') await until('a worker', () => mesh.processes().length > 1);
      if (moment === 'locked')
        await until('the PID file', () => existsSync(join(mesh.dataDir, 'agentmeshd.pid')));
      run.child.kill(signal);
      const { code, signal: by } = await run.ended;
      assert.ok(code === 0 || by === signal, `${moment}: ${String(code)} ${String(by)} ${run.stderr()}`);
      await mesh.empty();
    }
    await startsAgain(mesh);
  });

  test(`${signal} while stopping: hurries`, async () => {
    await using mesh = new Mesh();
    const run = await mesh.up();
    run.child.kill('SIGTERM');
    await until('the first signal to arrive', () => run.stderr().includes('SIGTERM: stopping'));
    run.child.kill(signal);
    assert.deepEqual(await run.ended, { code: 0, signal: null });
    await mesh.empty();
  });

  test(`${signal} to a start in the background that is not up yet: not started`, async () => {
    await using mesh = new Mesh();
    const run = mesh.run(['start', '-b']);
    await until('a worker', () => mesh.processes().length > 2);
    run.child.kill(signal);
    const { code } = await run.ended;
    // It may have been up in that very moment; then it runs, and says so.
    assert.ok(code === 130 || code === 0, run.stderr());
    if (code === 0) assert.equal((await mesh.command(['stop'])).code, 0);
    await mesh.empty();
  });
}

test('a worker that is asked directly to end stops the daemon', async () => {
  await using mesh = new Mesh();
  const { info, ended } = await mesh.up();
  process.kill(info.worker_pid, 'SIGTERM');
  assert.deepEqual(await ended, { code: 0, signal: null });
});
