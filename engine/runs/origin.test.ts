// What agents start is bound to the runs that they work for: the chain is kept, handed on, limited, and free of loops.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { Origin, OriginLink } from '#machines/nouns/origin';
import type { TeamRun } from '#machines/nouns/run';
import { TestMesh } from '../core.testmesh.ts';

const team = (name: string): string => `apiVersion: agentmesh/v1
kind: Team
name: ${name}
roles:
  worker: { agent: worker }
steps:
  - { id: only, role: worker, prompt: "do it" }
`;

let mesh: TestMesh;
beforeEach(async () => {
  mesh = await TestMesh.open();
});
afterEach(async () => {
  await mesh.dispose();
});

const begin = (name: string, origin: Origin): Promise<TeamRun> =>
  mesh.core.runs.api.start(mesh.caller, {
    template: { text: team(name), origin: 'test' },
    inputs: {},
    asked: { via: 'mcp', origin },
  });

/** The call under which the agent works, while it waits in `step`. */
const callOf = async (id: string): Promise<string> => {
  await mesh.until(() => mesh.calls.some(({ data }) => data['team_run_id'] === id));
  return mesh.calls.find(({ data }) => data['team_run_id'] === id)?.runId ?? '';
};

const links = (call: number): unknown[] =>
  (mesh.calls[call]?.data['origin'] as OriginLink[]).map(({ team: name, run_id: id }) => [name, id]);

const refusedWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof MeshError && error.code === code;

describe('a team run that an agent starts', () => {
  it('keeps who asked and the runs behind it, and hands them on with each of its own calls', async () => {
    const gate = mesh.gate('worker', 'only');
    const outer = await mesh.start(team('outer'));
    const inner = await begin('inner', { run_id: await callOf(outer) });
    assert.equal(inner.asked_by?.agent, 'worker');
    assert.deepEqual(
      inner.asked_by.chain.map(({ team: name, run_id: id }) => [name, id]),
      [['outer', outer]],
    );
    await callOf(inner.team_run_id);
    assert.deepEqual(links(1), [
      ['outer', outer],
      ['inner', inner.team_run_id],
    ]);
    gate.open();
    assert.equal((await mesh.ended(inner.team_run_id)).status, 'completed');
    assert.equal((await mesh.ended(outer)).asked_by, null);
  });

  it('is refused when its team is at work further up, however the agent describes itself', async () => {
    const gate = mesh.gate('worker', 'only');
    const outer = await mesh.start(team('outer'));
    const inner = await begin('inner', { run_id: await callOf(outer) });
    const call = await callOf(inner.team_run_id);
    await assert.rejects(begin('outer', { run_id: call }), refusedWith('origin_loop'));
    await assert.rejects(begin('inner', { run_id: call, chain: [] }), refusedWith('origin_loop'));
    gate.open();
    await mesh.ended(outer);
    await mesh.ended(inner.team_run_id);
  });

  it('is refused when too many runs stand behind it, and when its call is not known', async () => {
    const chain = Array.from({ length: LIMITS.originDepth }, (_, at) => ({
      mesh: 'other',
      team: `team-${String(at)}`,
      run_id: String(at),
    }));
    await assert.rejects(begin('one-more', { chain }), refusedWith('origin_too_deep'));
    await assert.rejects(begin('lost', { run_id: 'nobody' }), refusedWith('unknown_run'));
    assert.equal((await begin('last', { chain: chain.slice(1) })).asked_by?.chain.length, chain.length - 1);
  });

  it('is bound to the call at work when its program serves many, and refused when none is', async () => {
    const gate = mesh.gate('worker', 'only');
    const outer = await mesh.start(team('outer'));
    await callOf(outer);
    const program = `program-${mesh.calls[0]?.key ?? ''}`;
    await mesh.until(() => mesh.core.invocations.get(mesh.calls[0]?.runId ?? '').task_id !== null);
    const inner = await begin('inner', { run_id: program });
    assert.deepEqual(
      inner.asked_by?.chain.map(({ run_id: id }) => id),
      [outer],
    );
    gate.open();
    await mesh.ended(outer);
    await mesh.ended(inner.team_run_id);
    await assert.rejects(begin('late', { run_id: program }), refusedWith('unknown_run'));
  });

  it('keeps its chain over a restart', async () => {
    const gate = mesh.gate('worker', 'only');
    const { team_run_id: id, asked_by: before } = await begin('inner', {
      chain: [{ mesh: 'other', team: 'far', run_id: '1' }],
    });
    await callOf(id);
    await mesh.crash();
    await mesh.reopen();
    assert.deepEqual(mesh.run(id).asked_by, before);
    gate.open();
    await mesh.ended(id);
  });
});

describe('a call that an agent asks for', () => {
  it('is made in its name, and cannot go on for ever', async () => {
    mesh.script('worker', () => ({ hang: true }));
    let origin: Origin = {};
    for (let depth = 0; depth < LIMITS.originDepth; depth += 1) {
      const call = await mesh.core.invocations.start(mesh.caller, {
        to: 'worker',
        prompt: 'ask another one',
        origin,
      });
      assert.equal(call.from, depth === 0 ? null : 'worker');
      origin = { run_id: call.run_id };
    }
    await assert.rejects(
      mesh.core.invocations.start(mesh.caller, { to: 'worker', prompt: 'once more', origin }),
      refusedWith('origin_too_deep'),
    );
  });
});
