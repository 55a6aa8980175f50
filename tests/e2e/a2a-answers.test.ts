// What travels through the mesh as an A2A agent, by the SDK's own client on both transports: artifacts of every sort out, files
// and facts of the request in, bare messages, questions and their answers.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Role, TaskState, type Part, type Task } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { startAgent, type TestAgent } from '#engine/agents/a2a/a2a.testserver';
import { FILES } from '#machines/nouns/data-folder';
import { type KitMesh, openKitMesh } from '#tests/conformance/kit-mesh';
import { MeshUnderFire } from '#tests/reliability/mesh-under-fire';
import {
  artifactsIn,
  asMessage,
  asTask,
  BINDINGS,
  clientOver,
  dataOf,
  gather,
  message,
  part,
  statesOf,
  textOf,
  textPart,
} from './a2a-client.ts';

/** Over what an event holds, so that it lies beside the log. */
const LARGE = Buffer.alloc(300_000, 'binary \u0000 bytes');

const say = (payload: string): string[] => [
  process.execPath,
  '-e',
  `console.log(JSON.stringify({ kind: 'artifact', payload: ${payload} }))`,
];
const PROGRAMS = {
  hearer: say('{ name: "heard", data: JSON.parse(process.env.AGENTMESH_INPUT) }'),
  maker: say(
    `{ name: "all", text: "words", mime: "text/markdown", data: { n: 1 }, files: [
      { name: "a.bin", mime: "application/x-a", base64: Buffer.alloc(300000, "binary \\u0000 bytes").toString("base64") },
      { name: "b.txt", url: "https://example.com/b.txt" }] }`,
  ),
};
const team = (
  name: string,
  agent: string,
  more = '',
  prompt = '{{ inputs.text }}',
): string => `apiVersion: agentmesh/v1
kind: Team
name: ${name}
inputs: { text: { type: string, default: none } }
${more}
roles: { one: { agent: ${agent} } }
steps:
  - { id: only, role: one, prompt: "${prompt}" }
`;
const TEAMS = {
  hears: team('hears', 'hearer', 'input_modes: [image/*]'),
  makes: team('makes', 'maker'),
  talks: team('talks', 'contract'),
  takes: team('takes', 'contract', 'input_modes: [text/*]'),
};

let kit: KitMesh;
let agent: TestAgent;
let folder = '';
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'a2a-answers-'));
  agent = await startAgent(folder);
  kit = await openKitMesh({ teams: TEAMS, programs: PROGRAMS });
  await kit.mesh.client.call('agents.add', { body: { url: agent.url, name: 'contract' } });
  await kit.mesh.client.call('discover', { body: { wait_ms: 20_000 } });
});
after(async () => {
  await kit[Symbol.asyncDispose]();
  await agent.close();
  rmSync(folder, { recursive: true, force: true });
});

const facts = ({ content, filename, mediaType }: Part): unknown => [
  content?.$case,
  content?.$case === 'raw' ? Buffer.from(content.value).toString() : content?.value,
  filename,
  mediaType,
];

for (const binding of BINDINGS)
  describe(`through the mesh over ${binding}`, () => {
    let client: Client;
    before(async () => {
      client = await clientOver(binding, kit.url);
    });
    const scenario = (name: string): string => `tck-${name}-${randomUUID()}`;

    for (const [name, expected] of [
      ['artifact-text', ['text', 'Generated text content', '', 'text/plain']],
      ['artifact-file', ['raw', 'tck', 'output.txt', 'text/plain']],
      ['artifact-file-url', ['url', 'https://example.com/output.txt', 'output.txt', 'text/plain']],
      ['artifact-data', ['data', { key: 'value', count: 42 }, '', 'application/json']],
    ] as const)
      it(`an ${name} of an agent comes out as it is: answered, got, listed and streamed`, async () => {
        const context = randomUUID();
        const ask = message([textPart('go')], { id: scenario(name), context });
        const task = asTask(await client.sendMessage(ask));
        assert.deepEqual(
          task.artifacts.map(({ parts }) => parts.map(facts)),
          [[expected]],
        );
        assert.deepEqual((await client.getTask({ tenant: '', id: task.id })).artifacts, task.artifacts);
        const { tasks } = await client.listTasks({
          tenant: '',
          contextId: context,
          status: TaskState.TASK_STATE_UNSPECIFIED,
          statusTimestampAfter: undefined,
          pageToken: '',
          includeArtifacts: true,
        });
        assert.deepEqual(tasks[0]?.artifacts, task.artifacts);
        const stream = client.sendMessageStream(message([textPart('go')], { id: scenario(name) }));
        assert.deepEqual(artifactsIn(await gather(stream)), task.artifacts);
      });

    it('an artifact of a program comes out with its text, its data and its files, a large one whole', async () => {
      const task = asTask(await client.sendMessage(message([textPart('go')], { skill: 'makes' })));
      const [artifact] = task.artifacts;
      assert.deepEqual([artifact?.artifactId, artifact?.name, task.artifacts.length], ['only', 'all', 1]);
      const [text, data, raw, url] = artifact?.parts ?? [];
      assert.deepEqual(facts(text ?? textPart('')), ['text', 'words', '', 'text/markdown']);
      assert.deepEqual(data?.content, { $case: 'data', value: { n: 1 } });
      assert.deepEqual([raw?.filename, raw?.mediaType], ['a.bin', 'application/x-a']);
      assert.ok(raw?.content?.$case === 'raw' && LARGE.equals(raw.content.value));
      assert.deepEqual(facts(url ?? textPart('')), ['url', 'https://example.com/b.txt', 'b.txt', '']);
    });

    it('what came with a request and is no input reaches the agent, and what is one does not twice', async () => {
      const file = part({ $case: 'raw', value: Buffer.from('png') }, 'image/png', 'a.png');
      const ask = message([textPart('words'), part({ $case: 'data', value: { ticket: 42 } }), file], {
        skill: 'hears',
        id: `facts-${binding}`,
        context: 'c-1',
        metadata: { who: 'me' },
      });
      const task = asTask(await client.sendMessage({ ...ask, metadata: { around: true } }));
      const { asked, inputs } = dataOf(task, 'only') as Record<string, unknown>;
      assert.deepEqual(inputs, { text: 'words' });
      assert.deepEqual(asked, {
        via: 'a2a',
        context_id: 'c-1',
        message_id: `facts-${binding}`,
        parts: [
          { data: { ticket: 42 } },
          { file: { name: 'a.png', mime: 'image/png', base64: 'cG5n', bytes: 3 } },
        ],
        metadata: { skill: 'hears', who: 'me' },
        request_metadata: { around: true },
        reference_task_ids: [],
      });
      const run = await kit.mesh.client.call('team-runs.get', { params: { team_run_id: task.id } });
      assert.equal(run.asked_by?.message_id, `facts-${binding}`);
    });

    it('an agent over A2A gets files as parts of its own', async () => {
      const file = part({ $case: 'url', value: 'https://example.com/a' }, 'text/plain', 'a.txt');
      const ask = message([textPart('data please'), file], { skill: 'talks' });
      // It answers with the data of each part of its message; a file has none.
      const parts = dataOf(asTask(await client.sendMessage(ask)), 'only') as unknown[];
      assert.equal(parts.length, 3);
      const [text, data, other] = parts as [unknown, { asked: { parts: unknown[] } }, unknown];
      assert.deepEqual([text, data.asked.parts, other], [null, [], null]);
    });

    it('a media type that the skill does not name is refused, by its number', async () => {
      const png = part({ $case: 'raw', value: Buffer.from('png') }, 'image/png', 'a.png');
      await assert.rejects(
        client.sendMessage(message([textPart('x'), png], { skill: 'makes' })),
        /Skill makes takes text\/plain, application\/json; a\.png is image\/png/,
      );
      const { skills } = await client.getAgentCard();
      const modes = skills.find(({ id }) => id === 'hears')?.inputModes;
      assert.deepEqual(modes, ['text/plain', 'application/json', 'image/*']);
    });

    it('a large file of a request reaches the agent and stands in the history; a large text is refused', async () => {
      const bytes = Buffer.alloc(2_000_000, binding);
      const file = part({ $case: 'raw', value: bytes }, 'text/csv', 'large.csv');
      // The contract's agent says nothing of it: it is told by the files that its message had.
      const ask = message([textPart('files please'), file], { skill: 'takes' });
      const task = asTask(await client.sendMessage(ask));
      assert.deepEqual(dataOf(task, 'only'), { files: [['large.csv', 'text/csv', bytes.length]] });
      const kept = task.history[0]?.parts[1];
      assert.ok(kept?.content?.$case === 'raw' && bytes.equals(kept.content.value));
      await assert.rejects(client.sendMessage(message([textPart('x'.repeat(300_000))])), /256 KiB together/);
    });

    it('a bare message of the only agent is the answer, and a run all the same', async () => {
      const ask = message([textPart('hello')], { id: scenario('message-response') });
      const answer = asMessage(await client.sendMessage(ask));
      assert.deepEqual([textOf(answer), answer.role], ['Direct message response', Role.ROLE_AGENT]);
      const id = String(answer.metadata?.['team_run_id']);
      const task = await client.getTask({ tenant: '', id });
      assert.equal(task.status?.state, TaskState.TASK_STATE_COMPLETED);
      assert.equal(textOf(task.artifacts[0]), 'Direct message response');
      const detached = message([textPart('hello')], { id: scenario('message-response'), now: true });
      assert.ok('artifacts' in (await client.sendMessage(detached)));
    });

    const asking = async (): Promise<Task> =>
      asTask(await client.sendMessage(message([textPart('begin')], { id: scenario('input-required') })));
    const answer = async ({ id }: Task, text: string, more = {}): Promise<Task> =>
      asTask(await client.sendMessage(message([textPart(text)], { task: id, ...more })));

    it('a question of an agent is answered by the next message, and stands in the history', async () => {
      const task = await asking();
      assert.equal(task.status?.state, TaskState.TASK_STATE_INPUT_REQUIRED);
      assert.equal(textOf(task.status.message), 'What else do you want to say?');
      const again = await answer(task, 'TCK history message 1', { id: `first-${task.id}` });
      assert.equal(again.status?.state, TaskState.TASK_STATE_INPUT_REQUIRED);
      // Sent once more, because nobody knows whether it has arrived, it answers no other question.
      await answer(task, 'TCK history message 1', { id: `first-${task.id}` });
      const done = await answer(task, 'that is all');
      assert.equal(done.status?.state, TaskState.TASK_STATE_COMPLETED);
      assert.deepEqual(
        done.history.map((said) => [said.role, textOf(said)]),
        [
          [Role.ROLE_USER, 'begin'],
          [Role.ROLE_AGENT, 'What else do you want to say?'],
          [Role.ROLE_USER, 'TCK history message 1'],
          [Role.ROLE_AGENT, 'What else do you want to say?'],
          [Role.ROLE_USER, 'that is all'],
        ],
      );
      assert.equal(done.history[2]?.messageId, `first-${task.id}`);
      const short = await client.getTask({ tenant: '', id: task.id, historyLength: 1 });
      assert.deepEqual(short.history.map(textOf), ['that is all']);
      assert.deepEqual((await client.getTask({ tenant: '', id: task.id, historyLength: 0 })).history, []);
      const [approval] = await kit.mesh.client.call('approvals.list', { query: { limit: 1 } });
      assert.deepEqual([approval?.answer, approval?.decided_by?.kind], ['that is all', 'loopback']);
    });

    it('a subscription to a task that asks sees its end', async () => {
      const task = await asking();
      const stream = client.resubscribeTask({ tenant: '', id: task.id });
      const first = await stream.next();
      assert.ok(first.done !== true && first.value.payload?.$case === 'task');
      const rest = gather(stream);
      await answer(task, 'go on');
      assert.equal(statesOf(await rest).at(-1), TaskState.TASK_STATE_COMPLETED);
    });

    it('a message to a task that asks nothing, in another context, or of no words is refused', async () => {
      const task = await asking();
      await assert.rejects(answer(task, 'x', { context: 'other' }), /another context/);
      await assert.rejects(answer(task, ' '), /neither text nor data/);
      await answer(task, 'done');
      await assert.rejects(answer(task, 'more'), /has ended \(completed\)/);
    });

    it('permissions and sign-ins wait for people here, and take no message', async () => {
      for (const prompt of ['ask deploy', 'login Sign in at https://login.example']) {
        const task = asTask(await client.sendMessage(message([textPart(prompt)], { skill: 'talks' })));
        assert.equal(task.status?.state, TaskState.TASK_STATE_AUTH_REQUIRED, prompt);
        assert.match(textOf(task.status.message), /contract asks: .*agentmesh approvals/);
        await assert.rejects(answer(task, 'yes'), /waits for a person/);
        await client.cancelTask({ tenant: '', id: task.id, metadata: {} });
      }
    });

    it('a message sent again is the same task, until its asker has gone on with it', async () => {
      const ask = message([textPart('begin')], { id: scenario('input-required') });
      const first = asTask(await client.sendMessage(ask));
      assert.equal(asTask(await client.sendMessage(ask)).id, first.id);
      await answer(first, 'done');
      const second = asTask(await client.sendMessage(ask));
      assert.notEqual(second.id, first.id);
      await client.cancelTask({ tenant: '', id: second.id, metadata: {} });
      const third = asTask(await client.sendMessage(ask));
      assert.ok(third.id !== first.id && third.id !== second.id);
      assert.equal(asTask(await client.sendMessage(ask)).id, third.id);
    });
  });

describe('through two meshes', () => {
  let outer: MeshUnderFire;
  let client: Client;
  before(async () => {
    outer = await MeshUnderFire.open({ agents: [], delayMs: 0 });
    for (const [name, skill] of Object.entries({ far: 'makes', asks: 'talks' })) {
      const dir = join(outer.dataDir, FILES.templates, name);
      mkdirSync(dir, { recursive: true });
      const text = team(name, 'x').replace('agent: x', `skill: ${skill}`);
      writeFileSync(join(dir, 'team.yaml'), text);
    }
    outer.start({ AGENTMESH_PORT: '0' });
    const { url } = await outer.ready();
    await outer.client.call('agents.add', { body: { url: kit.url, name: 'mesh' } });
    await outer.client.call('discover', { body: { wait_ms: 20_000 } });
    client = await clientOver('JSONRPC', url);
  });
  after(() => outer[Symbol.asyncDispose]());

  it('an artifact comes out as it went in', async () => {
    const ask = message([textPart('go')], { skill: 'far' });
    const [artifact] = asTask(await client.sendMessage(ask)).artifacts;
    assert.deepEqual(
      artifact?.parts.map(({ content, filename, mediaType }) => [content?.$case, filename, mediaType]),
      [
        ['text', '', 'text/markdown'],
        ['data', '', 'application/json'],
        ['raw', 'a.bin', 'application/x-a'],
        ['url', 'b.txt', ''],
      ],
    );
    const raw = artifact.parts[2]?.content;
    assert.ok(raw?.$case === 'raw' && LARGE.equals(raw.value));
  });

  it('a question goes out to whoever asked, and the answer back to the agent', async () => {
    const ask = message([textPart('question Which branch?')], { skill: 'asks' });
    const task = asTask(await client.sendMessage(ask));
    assert.equal(task.status?.state, TaskState.TASK_STATE_INPUT_REQUIRED);
    assert.equal(textOf(task.status.message), 'Which branch?');
    const done = asTask(await client.sendMessage(message([textPart('main')], { task: task.id })));
    assert.equal(textOf(done.artifacts[0]), 'heard main');
  });
});

describe('when the daemon is killed', () => {
  it('a task that asks goes on asking, and its files are there', async () => {
    const before = await clientOver('JSONRPC', kit.url);
    const made = asTask(await before.sendMessage(message([textPart('go')], { skill: 'makes' })));
    const asks = asTask(
      await before.sendMessage(message([textPart('question Which branch?')], { skill: 'talks' })),
    );
    await kit.mesh.killAll();
    kit.mesh.start({ AGENTMESH_PORT: '0' });
    const { url } = await kit.mesh.ready();
    const client = await clientOver('JSONRPC', url);
    assert.deepEqual((await client.getTask({ tenant: '', id: made.id })).artifacts, made.artifacts);
    const task = await client.getTask({ tenant: '', id: asks.id });
    assert.equal(task.status?.state, TaskState.TASK_STATE_INPUT_REQUIRED);
    const done = asTask(await client.sendMessage(message([textPart('main')], { task: asks.id })));
    assert.equal(textOf(done.artifacts[0]), 'heard main');
    assert.equal(done.history.length, 3);
  });
});
