// What a killed daemon leaves behind: ended with everything that it had started, and nothing else.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { testPorts } from '../agents/adapter.testports.ts';
import { startGated } from './gate.ts';
import { endLeftBehind } from './left-behind.ts';
import { groupAlive, processStart } from './process-group.ts';
import { findProgram, markedEnvironment, type Program } from './program.ts';

const { clock } = testPorts;

const started = async (
  script: string,
  key: string,
): Promise<{ pid: number; started: string; tool: number }> => {
  const program = findProgram({ command: ['sh', '-c', script] });
  assert.ok('file' in program);
  const gated = await startGated(program, markedEnvironment(program, { key, runId: 'r' }));
  assert.ok('child' in gated);
  gated.open();
  const [said] = (await once(gated.child.stdout, 'data')) as [Buffer];
  return { pid: gated.pid, started: gated.started, tool: Number(said.toString()) };
};

/** A tool in a session of its own, as OpenCode starts them; it says its pid. */
const TOOL = "setsid sh -c 'echo $$; exec sleep 60' &";

describe('what a killed daemon leaves behind', () => {
  it('is ended with the tools that run in sessions of their own', async () => {
    const key = randomUUID();
    const { tool, ...handle } = await started(`${TOOL} exec sleep 60`, key);
    assert.notEqual(processStart(tool), null);
    assert.deepEqual(await endLeftBehind(clock, handle, key), { status: 'unknown' });
    assert.equal(groupAlive(handle.pid), false);
    assert.equal(processStart(tool), null);
  });

  it('is found when the program itself has gone already', async () => {
    const key = randomUUID();
    const { tool, ...handle } = await started(`${TOOL} exit 0`, key);
    while (groupAlive(handle.pid)) await sleep(20);
    assert.deepEqual(await endLeftBehind(clock, handle, key), { status: 'unknown' });
    assert.equal(processStart(tool), null);
  });

  it('tools that ignore SIGTERM are ended all the same', async () => {
    const key = randomUUID();
    const script = 'setsid sh -c \'trap "" TERM; echo $$; sleep 60; sleep 60\' & exit 0';
    const { tool, ...handle } = await started(script, key);
    await endLeftBehind(clock, handle, key);
    assert.equal(processStart(tool), null);
  });

  it('is not what another run has started, nor what only has the same number', async () => {
    const other = await started(`${TOOL} exec sleep 60`, randomUUID());
    try {
      const key = randomUUID();
      const reused = { pid: other.pid, started: `${other.started}0` };
      assert.deepEqual(await endLeftBehind(clock, reused, key), { status: 'unknown' });
      assert.notEqual(processStart(other.pid), null);
      assert.notEqual(processStart(other.tool), null);
    } finally {
      process.kill(-other.pid, 'SIGKILL');
      process.kill(other.tool, 'SIGKILL');
    }
  });

  it('without a handle nothing ever ran', async () => {
    assert.deepEqual(await endLeftBehind(clock, null, 'k'), { status: 'never-received' });
    assert.deepEqual(await endLeftBehind(clock, { pid: 'x' }, 'k'), { status: 'unknown' });
  });

  it('a gate whose daemon is killed runs nothing', async () => {
    const program: Program = { file: '/bin/sh', args: ['-c', 'echo ran'], cwd: '/', env: {} };
    const gated = await startGated(program, {});
    assert.ok('child' in gated);
    const out: Buffer[] = [];
    gated.child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    gated.child.stdin.end();
    const [code] = (await once(gated.child, 'close')) as [number];
    assert.equal(code, 125);
    assert.equal(Buffer.concat(out).toString(), '');
  });
});
