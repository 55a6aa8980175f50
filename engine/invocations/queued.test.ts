// Invocations that wait for a free slot: their time limit has not begun, and they need no slot to be cancelled. Their keys, and agents that change.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { TestMesh } from '../core.testmesh.ts';

let mesh: TestMesh;
beforeEach(async () => {
  mesh = await TestMesh.open(1);
});
afterEach(async () => {
  await mesh.dispose();
});

const TEAM = `apiVersion: agentmesh/v1
kind: Team
name: sample
roles:
  worker: { agent: worker }
steps:
  - { id: a, role: worker, prompt: x }
`;

describe('a queued invocation', () => {
  it('has its whole time limit when its turn comes', async () => {
    const gate = mesh.gate('busy', '');
    await mesh.core.invocations.start(mesh.caller, { to: 'busy', prompt: 'first' });
    await gate.reached;
    const { run_id: second } = await mesh.core.invocations.start(mesh.caller, {
      to: 'worker',
      prompt: 'second',
      timeoutMs: 400,
    });
    await sleep(500);
    gate.open();
    await mesh.until(() => mesh.core.invocations.get(second).ended_at !== null);
    assert.equal(mesh.core.invocations.get(second).state, 'completed');
  });

  it('is cancelled at once, alone or with its team run, and its agent hears nothing of it', async () => {
    mesh.script('busy', () => ({ hang: true }));
    const { run_id: first } = await mesh.core.invocations.start(mesh.caller, { to: 'busy', prompt: 'x' });
    const { run_id: second } = await mesh.core.invocations.start(mesh.caller, { to: 'worker', prompt: 'x' });
    const team = await mesh.start(TEAM);
    await mesh.core.invocations.cancel(mesh.caller, second);
    await mesh.core.runs.api.cancel(mesh.caller, team);
    await mesh.until(() => mesh.core.invocations.get(second).ended_at !== null);
    const { status, cancel_confirmed: confirmed } = await mesh.ended(team);
    assert.deepEqual([status, confirmed], ['cancelled', true]);
    assert.equal(mesh.core.invocations.get(second).state, 'cancelled');
    assert.equal(mesh.core.invocations.get(first).state, 'working');
    assert.equal(mesh.jobsLeft(), 1);
    await mesh.core.invocations.cancel(mesh.caller, first);
    await mesh.until(() => mesh.core.invocations.get(first).ended_at !== null);
    assert.deepEqual(
      mesh.calls.map(({ target }) => target.name),
      ['busy'],
    );
  });
});

describe('an agent that was made one of another kind while it was at work', () => {
  for (const [remembers, state] of [
    [true, 'completed'],
    [false, 'failed'],
  ] as const)
    it(`is asked by whoever called it, never called anew: ${state}`, async () => {
      const gate = mesh.gate('worker', '');
      if (!remembers) mesh.forgetful('worker');
      const { run_id } = await mesh.core.invocations.start(mesh.caller, { to: 'worker', prompt: 'x' });
      await gate.reached;
      await mesh.crash();
      mesh.changed.add('worker');
      await mesh.reopen();
      gate.open();
      await mesh.until(() => mesh.core.invocations.get(run_id).ended_at !== null);
      assert.equal(mesh.core.invocations.get(run_id).state, state);
      assert.equal(mesh.calls.length, 1);
    });
});

describe('an Idempotency-Key', () => {
  it('gets the same run again after its agent has left, and is not spent by a name that nobody has', async () => {
    const ask = { to: 'nobody', prompt: 'x', idempotencyKey: 'k' };
    await assert.rejects(mesh.core.invocations.start(mesh.caller, ask), { code: 'unknown_agent' });
    const first = await mesh.core.invocations.start(mesh.caller, { ...ask, to: 'worker' });
    mesh.gone.add('worker');
    const again = await mesh.core.invocations.start(mesh.caller, { ...ask, to: 'worker' });
    assert.equal(again.run_id, first.run_id);
  });
});
