// The registry: exact names, one agent an address, credentials for their own origin, nothing replaced in silence.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { AgentEntry } from '#machines/nouns/agent';
import { AgentSchema } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import { createAudit, type Audit } from '../audit/append.ts';
import { createEventLog, type EventLog } from '../events/append.ts';
import { testPorts } from '../events/arbitraries.ts';
import { socketCaller } from '../identity/caller.ts';
import { openStore, type Store } from '../store/open.ts';
import type { Probe } from './adapter.ts';
import { startServer, type TestServer } from './a2a/a2a.testserver.ts';
import { createAdapters } from './adapters.ts';
import { createRegistry, type Registry } from './registry.ts';

const ports = testPorts();
const caller = socketCaller('uid:1000');
let folder = '';
let store: Store;
let audit: Audit;
let log: EventLog;
let registry: Registry;
const servers: TestServer[] = [];

const open = async (): Promise<void> => {
  store = await openStore(join(folder, 'a.db'), { synchronous: 'NORMAL' }, ports);
  audit = createAudit(store);
  log = createEventLog(store, ports);
  registry = createRegistry({ store, log, audit, adapters: createAdapters(ports, folder), ports });
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'registry-'));
  await open();
});
afterEach(async () => {
  store.close();
  for (const server of servers.splice(0)) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An agent’s front door: a card with the given name and skills. */
const door = async (name: string, skills: string[] = []): Promise<TestServer> => {
  const server: TestServer = await startServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        name,
        description: `${name} says \u001b[31mhello`,
        version: '1.0.0',
        capabilities: {},
        skills: skills.map((id) => ({ id, name: id, description: '', tags: [] })),
        supportedInterfaces: [
          { url: `${server.url}/a2a`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
        ],
      }),
    );
  });
  servers.push(server);
  return server;
};

const add = (entry: AgentEntry): ReturnType<Registry['add']> => registry.add(caller, entry, 'url', 'cli');

const codeOf = async (act: () => unknown): Promise<string> => {
  try {
    await act();
  } catch (error) {
    assert.ok(error instanceof MeshError, String(error));
    return error.code;
  }
  return 'none';
};

const events = (): { state: unknown; agent: unknown }[] =>
  log.page({ kind: 'status' }, 0, 100).lines.map((line) => {
    const { payload, metadata } = JSON.parse(line) as {
      payload: { state: unknown };
      metadata: { agent: unknown };
    };
    return { state: payload.state, agent: metadata.agent };
  });

const probe = (ok: boolean, more: Partial<Probe> = {}): Probe => ({
  ok,
  name: null,
  description: '',
  version: null,
  protocol: null,
  skills: [],
  card: null,
  latencyMs: 1,
  problem: ok ? null : { code: 'agent_unreachable', message: 'gone', retryable: true },
  ...more,
});

describe('registry: adding', () => {
  it('takes the name, the skills and the words of the card, cleaned', async () => {
    const { url } = await door('calc', ['math']);
    const agent = await add({ url });
    AgentSchema.parse(agent);
    assert.equal(agent.name, 'calc');
    assert.equal(agent.presence, 'reachable');
    assert.equal(agent.description, 'calc says  [31mhello');
    assert.equal(agent.skills[0]?.id, 'math');
    assert.equal(agent.protocol, 'A2A 1.0');
    assert.deepEqual(events(), [
      { state: 'agent_seen', agent: 'calc' },
      { state: 'agent_reachable', agent: 'calc' },
    ]);
    assert.equal(audit.list({ limit: 1 })[0]?.operation, 'agent.add');
  });

  it('the same URL again is the same agent, with another provenance', async () => {
    const { url } = await door('calc');
    await add({ url });
    await registry.add(caller, { url: `${url}/` }, 'bootstrap', 'b.json');
    assert.deepEqual(
      registry.list().map(({ name }) => name),
      ['calc'],
    );
    assert.deepEqual(
      registry.get('calc').provenance.map(({ source, detail }) => [source, detail]),
      [
        ['url', 'cli'],
        ['bootstrap', 'b.json'],
      ],
    );
  });

  it('a source that says less takes nothing away from what another said', async () => {
    const { url } = await door('calc');
    await registry.add(caller, { url, name: 'mine', skills: ['fix'], token: 't' }, 'bootstrap', 'b.json');
    await add({ url });
    assert.equal(registry.get('mine').skills[0]?.id, 'fix');
    assert.equal(registry.target('mine').token, 't');
  });

  it('one name at two URLs is two agents', async () => {
    const first = await door('calc');
    const second = await door('calc');
    const place = new URL(second.url).host;
    await add({ url: first.url });
    assert.equal((await add({ url: second.url })).name, `calc@${place}`);
    assert.equal(registry.get('calc').endpoint, first.url);
    assert.equal(registry.get(`calc@${place}`).endpoint, second.url);
  });

  it('refuses what has no usable card, and a nameless URL that does not answer', async () => {
    const broken = await startServer((_, response) => response.end('<html>'));
    servers.push(broken);
    assert.equal(await codeOf(() => add({ url: broken.url, name: 'x' })), 'invalid_card');
    assert.equal(await codeOf(() => add({ url: 'http://127.0.0.1:1/' })), 'agent_unreachable');
    const agent = await add({ url: 'http://127.0.0.1:1/', name: 'later' });
    assert.equal(agent.presence, 'seen');
    assert.notEqual(agent.problem, null);
    assert.equal(
      await codeOf(() => add({ url: 'http://h/', name: 'x', kind: 'nosuch' })),
      'unsupported_agent_kind',
    );
    assert.equal(registry.list().length, 1);
  });

  it('keeps everything over a restart', async () => {
    const { url } = await door('calc', ['math']);
    const before = await add({ url, token: 't' });
    store.close();
    await open();
    assert.deepEqual(registry.get('calc'), before);
    assert.equal(registry.target('calc').token, 't');
  });
});

describe('registry: names', () => {
  it('match exactly; everything near is a suggestion', async () => {
    await add({ name: 'calc', command: ['true'] });
    for (const wrong of ['Calc', 'calc ', 'cal', 'calk']) {
      assert.throws(
        () => registry.get(wrong),
        (error) =>
          error instanceof MeshError &&
          error.code === 'unknown_agent' &&
          JSON.stringify(error.extra['suggestions']) === '["calc"]',
        wrong,
      );
    }
    assert.equal(await codeOf(() => registry.target('zebra')), 'unknown_agent');
    assert.equal(await codeOf(() => registry.remove(caller, 'Calc')), 'unknown_agent');
  });

  it('removing forgets the agent and leaves an audit row', async () => {
    await add({ name: 'calc', command: ['true'] });
    await registry.remove(caller, 'calc');
    assert.deepEqual(registry.list(), []);
    assert.equal(audit.list({ limit: 1 })[0]?.operation, 'agent.remove');
  });

  it('a change that is rolled back was never seen', async () => {
    await add({ name: 'calc', command: ['true'] });
    await assert.rejects(
      store.writer.submit((tx) => {
        registry.record(tx, 'calc', probe(false), 'r');
        registry.sync(tx, caller, 'bootstrap', 'f', [{ name: 'other', command: ['x'] }], 'r');
        throw new Error('no');
      }),
    );
    assert.deepEqual(
      registry.list().map(({ name, problem }) => [name, problem]),
      [['calc', null]],
    );
  });
});

describe('registry: credentials', () => {
  it('are never shown, and go with the target of their own origin only', async () => {
    const first = await door('one');
    const second = await door('two');
    await add({ url: first.url, token: 'secret-one' });
    await add({ url: second.url });
    assert.equal(registry.target('one').token, 'secret-one');
    assert.equal(registry.target('two').token, null);
    assert.equal(registry.get('one').has_credential, true);
    const shown = JSON.stringify([registry.list(), log.page({}, 0, 100).lines, registry.target('one').entry]);
    assert.ok(!shown.includes('secret-one'));
  });

  it('are taken away by the source that gave them, not by another', async () => {
    const { url } = await door('one');
    const sync = (detail: string, token?: string): Promise<unknown> =>
      store.writer.submit((tx) =>
        registry.sync(
          tx,
          caller,
          'bootstrap',
          detail,
          [{ url, ...(token === undefined ? {} : { token }) }],
          'r',
        ),
      );
    await sync('a.json', 't');
    await sync('b.json');
    const [name = ''] = registry.list().map((agent) => agent.name);
    assert.equal(registry.target(name).token, 't');
    await store.writer.submit((tx) => registry.sync(tx, caller, 'bootstrap', 'b.json', [], 'r'));
    await sync('a.json');
    assert.equal(registry.target(name).token, null);
  });
});

describe('registry: skills and presence', () => {
  it('chooses a reachable agent: the preferred first, then by name', async () => {
    const skills = ['fix'];
    for (const name of ['b', 'a', 'c']) await add({ name, command: ['true', name], skills });
    assert.equal(registry.withSkill('fix', []).name, 'a');
    assert.equal(registry.withSkill('fix', ['zzz', 'c', 'b']).name, 'c');
    for (let times = 0; times < 2; times += 1) {
      await store.writer.submit((tx) => {
        for (const name of ['a', 'c']) registry.record(tx, name, probe(false), 'r');
      });
    }
    assert.equal(registry.withSkill('fix', ['c']).name, 'b');
    assert.equal(await codeOf(() => registry.withSkill('paint', [])), 'unknown_agent');
    await registry.remove(caller, 'b');
    assert.equal(await codeOf(() => registry.withSkill('fix', [])), 'agent_unreachable');
  });

  it('tells when an agent is lost and when it is back, and only then', async () => {
    await add({ name: 'calc', command: ['true'] });
    for (const ok of [true, false, true, false, false, false, true, true]) {
      await store.writer.submit((tx) => registry.record(tx, 'calc', probe(ok), 'r'));
    }
    assert.deepEqual(
      events().map(({ state }) => state),
      ['agent_seen', 'agent_reachable', 'agent_lost', 'agent_reachable'],
    );
  });

  it('a live call goes along when its agent takes another name; one that has ended keeps its own', async () => {
    const { url } = await door('calc');
    await store.writer.submit((tx) => registry.sync(tx, caller, 'bootstrap', 'f', [{ url }], 'r'));
    const name = registry.list()[0]?.name ?? '';
    const insert = store.db.prepare(
      `INSERT INTO invocations (run_id, key, agent, state, prompt, data, on_unknown, may_have_run_twice, created_at,
       deadline, ended_at) VALUES (@id, @id, @name, 'working', '', '{}', 'fail', 0, 0, 0, @ended)`,
    );
    insert.run({ id: 'live', name, ended: null });
    insert.run({ id: 'done', name, ended: 1 });
    await store.writer.submit((tx) => registry.record(tx, name, probe(true, { name: 'calc' }), 'r'));
    const agents = store.db.prepare('SELECT run_id, agent FROM invocations ORDER BY run_id').all();
    assert.deepEqual(agents, [
      { run_id: 'done', agent: name },
      { run_id: 'live', agent: 'calc' },
    ]);
  });

  it('who was only an address takes the name of its card with the first answer, and keeps it', async () => {
    await store.writer.submit((tx) =>
      registry.sync(
        tx,
        caller,
        'bootstrap',
        'f',
        [{ url: 'http://127.0.0.1:9/' }, { name: 'calc', command: ['x'] }],
        'r',
      ),
    );
    const answer = (name: string): Promise<string | null> =>
      store.writer.submit((tx) =>
        registry.record(tx, registry.list()[0]?.name ?? '', probe(true, { name }), 'r'),
      );
    assert.equal(registry.list()[0]?.name, '127.0.0.1:9');
    assert.equal(await answer('calc'), 'calc@127.0.0.1:9');
    assert.equal(registry.get('calc@127.0.0.1:9').provenance.length, 1);
    const again = (): Promise<string | null> =>
      store.writer.submit((tx) => registry.record(tx, 'calc@127.0.0.1:9', probe(true, { name: 'zzz' }), 'r'));
    assert.equal(await again(), 'calc@127.0.0.1:9');
  });
});
