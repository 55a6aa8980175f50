// Team runs of every ending, over real processes, with a restart in between: each is the same when replayed from the log.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { MeshUnderFire } from '#tests/reliability/mesh-under-fire';
import { startTeam, teamRun } from './ended.ts';
import { assertReplayed } from './replayed.ts';

const PIPELINE = readFileSync(
  join(import.meta.dirname, '..', '..', 'templates', 'pipeline', 'team.yaml'),
  'utf8',
);

const team = (name: string, ...steps: readonly string[]): string => `apiVersion: agentmesh/v1
kind: Team
name: ${name}
inputs:
  tag: { type: string, default: x }
roles:
  worker: { agent: worker }
  calc: { agent: calc }
  nobody: { agent: nobody }
  sleeper: { agent: sleeper }
steps:
${steps.map((step) => `  - { ${step} }\n`).join('')}`;

const retry = 'retry: { max: 2, initial: 20ms }';
const FOUR = ['one', 'two', 'three', 'four'].map(
  (id) => `id: ${id}, role: worker, prompt: "${id} {{ inputs.tag }}", ${retry}`,
);

test('runs that complete, retry, fail, time out, pause, are cancelled and outlive a restart replay to the same snapshots', async () => {
  await using mesh = await MeshUnderFire.open({
    agents: ['worker', 'calc', 'analyst', 'tester', 'scribe'],
    delayMs: 60,
    programs: { sleeper: ['sleep', '60'] },
  });
  mesh.start();
  await mesh.ready();
  await mesh.client.call('discover', { body: { wait_ms: 20_000 } });
  const start = (text: string, inputs: Record<string, unknown> = {}): Promise<string> =>
    startTeam(mesh, text, inputs);
  const params = (team_run_id: string) => ({ params: { team_run_id } });

  // A quarter of all first executions fail and are tried again: eight runs of four steps hold some.
  const many = await Promise.all(
    Array.from({ length: 8 }, (_, n) => start(team('many', ...FOUR), { tag: `n${n}` })),
  );
  const pipeline = await start(PIPELINE, { expression: '(3+4)*2' });
  const rejected = await start(team('rejected', 'id: sum, role: calc, prompt: "nothing to add"'));
  const unknown = await start(team('unknown', 'id: who, role: nobody, prompt: "hello"'));
  const slow = await start(
    team('slow', 'id: late, role: sleeper, prompt: x, timeout: 100ms, retry: { max: 1, initial: 10ms }'),
  );
  const paused = await start(team('paused', ...FOUR));
  await mesh.client.call('team-runs.pause', params(paused));
  const stopped = await start(team('stopped', ...FOUR));
  await mesh.client.call('team-runs.pause', { ...params(stopped), body: { now: true } });
  const cancelled = await start(team('cancelled', ...FOUR));
  await mesh.client.call('team-runs.cancel', { ...params(cancelled), body: { reason: 'enough' } });

  const ends = await Promise.all([...many, pipeline].map((id) => teamRun(mesh, id)));
  assert.deepEqual(new Set(ends.map(({ status }) => status)), new Set(['completed']));
  assert.ok(
    ends.some(({ steps }) => steps.some(({ attempts }) => attempts.length > 1)),
    'none was tried twice',
  );
  assert.equal((await teamRun(mesh, rejected)).failure?.error.code, 'invalid_input');
  assert.equal((await teamRun(mesh, unknown)).failure?.error.code, 'unknown_agent');
  assert.equal((await teamRun(mesh, slow)).failure?.error.code, 'timeout');
  assert.equal((await teamRun(mesh, cancelled)).status, 'cancelled');

  const midway = await start(team('midway', ...FOUR));
  await teamRun(mesh, midway, ({ steps_done }) => steps_done > 0);
  await mesh.killAll();
  mesh.start();
  await mesh.ready();
  for (const id of [paused, stopped]) {
    await teamRun(mesh, id, ({ status }) => status === 'paused');
    await mesh.client.call('team-runs.resume', params(id));
  }
  for (const id of [paused, stopped, midway]) assert.equal((await teamRun(mesh, id)).status, 'completed');
  assert.equal((await mesh.client.call('verify')).ok, true);
  await mesh.stop();
  assert.equal(assertReplayed(mesh.dataDir), many.length + 8);
});
