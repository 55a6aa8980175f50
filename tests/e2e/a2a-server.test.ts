// The mesh as an A2A agent: the SDK's own client on both transports against a real daemon, restarts and peers included.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TaskState } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { FILES } from '#machines/nouns/data-folder';
import { MeshUnderFire } from '#tests/reliability/mesh-under-fire';
import {
  artifactsIn,
  asTask,
  BINDINGS,
  clientOver,
  dataOf,
  gather,
  message,
  part,
  statesOf,
  textPart,
} from './a2a-client.ts';
import { startTeam, teamRun } from './ended.ts';

const step = (id: string, prompt: string, more = ''): string =>
  `  - { id: ${id}, role: clerk, prompt: "${prompt}"${more} }\n`;
const team = (name: string, steps: string, role = 'agent: calc'): string => `apiVersion: agentmesh/v1
kind: Team
name: ${name}
inputs: { sum: { type: string, description: what to work out } }
roles: { clerk: { ${role} } }
steps:
${steps}`;
const TEAMS = {
  sums: team('sums', step('first', '{{ inputs.sum }}') + step('second', '({{ inputs.sum }}) * 3')),
  wrong: team('wrong', step('only', 'no arithmetic in here')),
  outer: team('outer', step('only', '{{ inputs.sum }}'), 'skill: sums'),
  // It asks for itself, which must not go on for ever.
  round: team('round', step('only', '{{ inputs.sum }}'), 'skill: round'),
};

let mesh: MeshUnderFire;
let url: string;
before(async () => {
  mesh = await MeshUnderFire.open({ agents: ['calc'], delayMs: 150 });
  for (const [name, text] of Object.entries(TEAMS)) {
    const dir = join(mesh.dataDir, FILES.templates, name);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'team.yaml'), text);
  }
  mesh.start({ AGENTMESH_PORT: '0' });
  ({ url } = await mesh.ready());
  await mesh.client.call('discover', { body: { wait_ms: 20_000 } });
});
after(() => mesh[Symbol.asyncDispose]());

for (const binding of BINDINGS)
  describe(`the mesh as an A2A agent over ${binding}`, () => {
    let client: Client;
    before(async () => {
      client = await clientOver(binding, url);
    });

    it('shows every sound template as a skill', async () => {
      const card = await client.getAgentCard();
      const skills = card.skills.map(({ id }) => id);
      for (const name of ['code-fix', 'pipeline', 'sums']) assert.ok(skills.includes(name), skills.join());
      assert.equal(card.capabilities?.streaming, true);
    });

    it('runs a team for a message and answers its task with the outputs', async () => {
      const task = asTask(await client.sendMessage(message([textPart('1+1')], { skill: 'sums' })));
      assert.equal(task.status?.state, TaskState.TASK_STATE_COMPLETED, JSON.stringify(task.status));
      assert.deepEqual(dataOf(task, 'second'), { expression: '(1+1) * 3', result: 6 });
      const run = await mesh.client.call('team-runs.get', { params: { team_run_id: task.id } });
      assert.equal(run.asked_by?.via, 'a2a');
      assert.deepEqual(asTask(await client.getTask({ tenant: '', id: task.id })).artifacts, task.artifacts);
    });

    it('streams the task, its states, tools and artifacts, and ends', async () => {
      const skillPart = part({ $case: 'data', value: { skill: 'sums', arguments: { sum: '2+2' } } });
      const told = await gather(client.sendMessageStream(message([skillPart])));
      assert.equal(told[0]?.payload?.$case, 'task');
      assert.equal(statesOf(told).at(-1), TaskState.TASK_STATE_COMPLETED);
      assert.deepEqual(
        artifactsIn(told).map(({ artifactId }) => artifactId),
        ['first', 'second'],
      );
      assert.ok(JSON.stringify(told).includes('"evaluate"'), 'no tool call was told');
    });

    it('is asked twice with one message and does it once', async () => {
      const ask = message([textPart('3+3')], { skill: 'sums', id: `twice-${binding}` });
      const first = asTask(await client.sendMessage(ask));
      assert.equal(asTask(await client.sendMessage(ask)).id, first.id);
    });

    it('cancels, and a stream that was taken up again ends with it', async () => {
      const { id } = asTask(
        await client.sendMessage(message([textPart('4+4')], { skill: 'sums', now: true })),
      );
      const resumed = gather(client.resubscribeTask({ tenant: '', id }));
      const task = await client.cancelTask({ tenant: '', id, metadata: {} });
      assert.equal(task.status?.state, TaskState.TASK_STATE_CANCELED);
      assert.equal(statesOf(await resumed).at(-1), TaskState.TASK_STATE_CANCELED);
      await assert.rejects(client.cancelTask({ tenant: '', id, metadata: {} }), /ended/);
    });

    it('lists tasks by context and state, page by page', async () => {
      const context = randomUUID();
      const ids: string[] = [];
      for (const sum of ['1+2', '1+3', '1+4']) {
        const ask = message([textPart(sum)], { skill: 'sums', context });
        ids.unshift(asTask(await client.sendMessage(ask)).id);
      }
      const ask = {
        tenant: '',
        contextId: context,
        status: TaskState.TASK_STATE_COMPLETED,
        pageSize: 2,
        statusTimestampAfter: undefined,
      };
      const one = await client.listTasks({ ...ask, pageToken: '' });
      const two = await client.listTasks({ ...ask, pageToken: one.nextPageToken });
      assert.deepEqual(
        [...one.tasks, ...two.tasks].map(({ id }) => id),
        ids,
      );
      assert.deepEqual([one.totalSize, two.nextPageToken, one.tasks[0]?.artifacts.length], [3, '', 0]);
    });

    it('says what is wrong with a message, and what there is', async () => {
      await assert.rejects(client.sendMessage(message([textPart('hello')])), /Name the skill.*code-fix/);
      await assert.rejects(client.sendMessage(message([textPart('x')], { skill: 'nope' })), /no skill nope/);
      const many = message([textPart('repair it')], { skill: 'sums' });
      many.message?.parts.push(part({ $case: 'url', value: 'http://x/' }));
      await assert.rejects(client.sendMessage(many), /Skill sums takes text\/plain, .*octet-stream/);
      await assert.rejects(client.getTask({ tenant: '', id: 'nobody' }), /no team run nobody/);
    });

    it('says of a task that failed which step, why and what next', async () => {
      const task = asTask(await client.sendMessage(message([textPart('go')], { skill: 'wrong' })));
      assert.equal(task.status?.state, TaskState.TASK_STATE_FAILED);
      assert.match(JSON.stringify(task.status?.message), /step only: .*arithmetic.*agentmesh trace/);
    });
  });

describe('the A2A door', () => {
  const rpc = async (
    method: string,
    params: unknown,
    headers: Record<string, string> = {},
  ): Promise<unknown> => {
    const response = await fetch(`${url}/a2a/v1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    return response.json();
  };

  it('takes 1.0 method names without the version header as 1.0', async () => {
    const params = {
      message: {
        messageId: randomUUID(),
        role: 'ROLE_USER',
        parts: [{ text: '5+5' }],
        metadata: { skill: 'sums' },
      },
    };
    const { result } = (await rpc('SendMessage', params)) as {
      result: { task: { status: { state: string } } };
    };
    assert.equal(result.task.status.state, 'TASK_STATE_COMPLETED');
  });

  it('speaks 0.3 with those who do', async () => {
    const params = {
      message: {
        kind: 'message',
        messageId: randomUUID(),
        role: 'user',
        parts: [{ kind: 'text', text: '6+6' }],
        metadata: { skill: 'sums' },
      },
    };
    const { result } = (await rpc('message/send', params)) as { result: { status: { state: string } } };
    assert.equal(result.status.state, 'completed');
  });

  it('refuses other pages, unknown hosts and broken bodies like every other route', async () => {
    const post = (headers: Record<string, string>, body: string): Promise<Response> =>
      fetch(`${url}/a2a/v1`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
    assert.equal((await post({ origin: 'http://evil.example' }, '{}')).status, 403);
    assert.deepEqual(
      ((await (await post({}, '{"a":')).json()) as { error: { code: number } }).error.code,
      -32700,
    );
    const deep = `${'['.repeat(500)}${']'.repeat(500)}`;
    assert.equal(((await (await post({}, deep)).json()) as { error: { code: number } }).error.code, -32700);
    assert.equal((await fetch(`${url}/a2a/v1`)).status, 405);
  });

  it('a task survives the death of the daemon: the same id, the same end', async () => {
    const client = await clientOver('JSONRPC', url);
    const ask = message([textPart('7+7')], { skill: 'sums', now: true });
    const { id } = asTask(await client.sendMessage(ask));
    await mesh.killAll();
    mesh.start({ AGENTMESH_PORT: '0' });
    ({ url } = await mesh.ready());
    await teamRun(mesh, id);
    const again = await clientOver('JSONRPC', url);
    assert.equal(
      asTask(await again.getTask({ tenant: '', id })).status?.state,
      TaskState.TASK_STATE_COMPLETED,
    );
    assert.equal(asTask(await again.sendMessage(ask)).id, id);
  });

  it('is an agent like any other to another mesh, and a team that comes round to itself is refused', async () => {
    await using other = await MeshUnderFire.open({ agents: [], delayMs: 0 });
    other.start({ AGENTMESH_PORT: '0' });
    await other.ready();
    await other.client.call('agents.add', { body: { url, name: 'mesh' } });
    await other.client.call('discover', { body: { wait_ms: 20_000 } });
    const outer = await startTeam(other, TEAMS.outer, { sum: '8+8' });
    const done = await teamRun(other, outer);
    assert.equal(done.status, 'completed', JSON.stringify(done.failure));
    const [inner] = await mesh.client.call('team-runs.list', { query: { limit: 1 } });
    assert.equal(inner?.team, 'sums');
    assert.deepEqual(
      inner.asked_by?.chain.map(({ team: name, run_id: id }) => [name, id]),
      [['outer', outer]],
    );
    const round = await teamRun(other, await startTeam(other, TEAMS.round, { sum: '9+9' }));
    assert.equal(round.status, 'failed');
    assert.match(round.failure?.error.message ?? '', /team round is at work further up the chain/);
  });
});
