// What sources find becomes agents that are listed and not called: once, bounded, lost and back, forgotten, never in the way.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LIMITS } from '#machines/nouns/limits';
import { testPorts } from '../events/arbitraries.ts';
import { engineCaller, socketCaller } from '../identity/caller.ts';
import type { Discovery } from './discovery.ts';
import {
  openDoor,
  openMesh,
  until,
  type DiscoveryMesh,
  type Door,
  type MeshOptions,
} from './discovery.testmesh.ts';
import { createMdns } from './mdns/mdns.ts';
import { openTestLink, recordsOf, type TestLink } from './mdns/mdns.testlink.ts';
import type { FoundAgent, Source } from './source.ts';

const caller = socketCaller('uid:1000');
const DAY_MS = 24 * 3_600_000;

/** A source that tells what it is told to. */
class HandSource implements Source {
  readonly name = 'programs';
  now: FoundAgent[] = [];
  problem: string | null = null;
  lookMs = 0;
  #tell: (found: readonly FoundAgent[]) => void = () => undefined;
  begin(tell: (found: readonly FoundAgent[]) => void): void {
    this.#tell = tell;
    tell(this.now);
  }
  tell(...found: FoundAgent[]): void {
    this.#tell(found);
  }
  look(signal: AbortSignal): Promise<void> {
    this.#tell(this.now);
    if (this.lookMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  state(): ReturnType<Source['state']> {
    const { problem } = this;
    return { source: 'programs', state: 'on', detail: '', found: 0, ignored: 0, ignored_last: null, problem };
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const at = (url: string, more: Partial<FoundAgent> = {}): FoundAgent => ({
  entry: { url },
  provenance: 'local',
  detail: `by hand ${url}`,
  ...more,
});

let folder = '';
let mesh: DiscoveryMesh;
let source: HandSource;
let link: TestLink | null = null;
const doors: Door[] = [];

const open = async (more: MeshOptions = {}): Promise<void> => {
  mesh = await openMesh(folder, { sources: [source], ...more });
};
const door = async (name: string, skills: readonly string[] = []): Promise<Door> => {
  const made = await openDoor(name, 0, skills);
  doors.push(made);
  return made;
};
const sweep = (waitMs = 5_000): ReturnType<Discovery['sweep']> => mesh.discovery.sweep(caller, { waitMs });
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'none';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'found-'));
  source = new HandSource();
});
afterEach(async () => {
  await mesh.close();
  await link?.[Symbol.asyncDispose]();
  link = null;
  for (const each of doors.splice(0)) await each.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('found agents: listed, and not called', () => {
  it('a sweep finds, probes and tells one in the same answer', async () => {
    const calc = await door('calc', ['add']);
    source.now = [at(calc.url)];
    await open();
    const { agents, found, problems } = await sweep();
    assert.deepEqual([found, problems], [1, []]);
    const [agent] = agents;
    assert.deepEqual(
      [agent?.name, agent?.presence, agent?.trust, agent?.version, agent?.has_credential],
      ['calc', 'reachable', 'seen', '2.0', false],
    );
    assert.deepEqual(
      agent?.provenance.map(({ source: from, detail }) => [from, detail]),
      [['local', `by hand ${calc.url}`]],
    );
    assert.equal(
      codeOf(() => mesh.registry.target('calc')),
      'agent_untrusted',
    );
    assert.equal(
      codeOf(() => mesh.registry.withSkill('add', [])),
      'agent_untrusted',
    );
    await mesh.registry.trust(caller, 'calc');
    assert.equal(mesh.registry.target('calc').name, 'calc');
  });

  it('one that a source tells between sweeps is there a moment later, and its audit row names the source', async () => {
    const calc = await door('calc');
    await open();
    await sweep();
    source.tell(at(calc.url, { detail: 'calc._a2a._tcp.local' }));
    await until('calc', () => mesh.known().join() === 'calc reachable');
    const [row] = mesh.audit.list({ limit: 1 });
    assert.deepEqual([row?.operation, row?.caller.detail], ['agent.add', 'discovery local']);
  });

  it('a token that came along is not kept', async () => {
    await open();
    source.now = [{ ...at('http://127.0.0.1:1'), entry: { url: 'http://127.0.0.1:1', token: 'planted' } }];
    await sweep();
    assert.equal(mesh.registry.list()[0]?.has_credential, false);
    assert.equal(
      JSON.stringify(mesh.store.db.prepare('SELECT * FROM agents').all()).includes('planted'),
      false,
    );
  });

  it('is lost by its silence, and back when it answers', async () => {
    const calc = await door('calc');
    source.now = [at(calc.url)];
    await open({ reprobeMs: 150 });
    await until('reachable', () => mesh.known().join() === 'calc reachable');
    await calc.stop();
    await until('lost', () => mesh.known().join() === 'calc lost');
    await calc.start();
    await until('back', () => mesh.known().join() === 'calc reachable');
    const told = mesh.states().map((each) => each.replace(/^.* /, ''));
    assert.deepEqual(told, ['agent_seen', 'agent_reachable', 'agent_lost', 'agent_reachable']);
  });
});

describe('found agents: what people said goes first', () => {
  it('an agent of theirs is not touched by whoever else names its address', async () => {
    const calc = await door('calc');
    await open();
    await mesh.registry.add(caller, { name: 'mine', url: calc.url, token: 'secret' }, 'url', 'cli');
    source.now = [
      at(calc.url, {
        provenance: 'mdns',
        detail: 'evil._a2a._tcp.local',
        entry: { url: calc.url, name: 'evil', description: 'evil' },
      }),
    ];
    await sweep();
    const [agent, ...others] = mesh.registry.list();
    assert.deepEqual(others, []);
    assert.deepEqual(
      [agent?.name, agent?.description, agent?.trust, agent?.has_credential],
      ['mine', '', 'trusted', true],
    );
    assert.deepEqual(agent?.provenance.map(({ source: from }) => from).sort(), ['mdns', 'url']);
  });

  it('a found one gives way when they want its name', async () => {
    const [squatter, real] = [await door('calc'), await door('whatever')];
    source.now = [at(squatter.url)];
    await open();
    await sweep();
    assert.deepEqual(mesh.known(), ['calc reachable']);
    await mesh.registry.add(caller, { name: 'calc', url: real.url }, 'url', 'cli');
    assert.equal(mesh.registry.get('calc').endpoint, real.url);
    assert.equal(mesh.registry.get(`calc@127.0.0.1:${String(squatter.port)}`).trust, 'seen');
  });

  it('one that they name no more, and that is still found, has neither their trust nor their credential', async () => {
    const calc = await door('calc');
    const file = join(folder, 'bootstrap.json');
    writeFileSync(file, JSON.stringify({ agents: [{ name: 'calc', url: calc.url, token: 'secret' }] }), {
      mode: 0o600,
    });
    source.now = [at(calc.url)];
    await open();
    await sweep();
    assert.deepEqual(
      [mesh.registry.get('calc').trust, mesh.registry.get('calc').has_credential],
      ['trusted', true],
    );
    writeFileSync(file, JSON.stringify({ agents: [] }));
    await until('no trust', () => mesh.registry.get('calc').trust === 'seen');
    assert.equal(mesh.registry.known('calc').token, null);
    assert.equal(mesh.registry.get('calc').has_credential, false);
  });
});

describe('found agents: floods', () => {
  it('the same again is no event, no audit row and no probe', async () => {
    const calc = await door('calc');
    source.now = [at(calc.url)];
    await open();
    await sweep();
    const before = {
      head: mesh.store.writer.head,
      audit: mesh.audit.list({ limit: 500 }).length,
      asked: calc.asked(),
    };
    for (let time = 0; time < 500; time += 1) source.tell(at(calc.url));
    await mesh.store.writer.submit(() => undefined);
    assert.deepEqual(
      { head: mesh.store.writer.head, audit: mesh.audit.list({ limit: 500 }).length, asked: calc.asked() },
      before,
    );
  });

  it('of a thousand agents at one host only a few are taken, and it is said once', async () => {
    await open();
    source.now = Array.from({ length: 1_000 }, (_, n) => at(`http://127.0.0.1:${String(n + 1)}/`));
    const { problems } = await sweep(300);
    assert.equal(mesh.registry.list().length, LIMITS.foundAgentsPerHost);
    assert.equal(problems.filter(({ source: from }) => from === 'discovery').length, 1);
  });

  it('of a thousand hosts no more than a minute allows', async () => {
    await open();
    source.now = Array.from({ length: 1_000 }, (_, n) =>
      at(`http://127.1.${String(n >> 8)}.${String(n & 255)}:1/`),
    );
    await sweep(300);
    assert.equal(mesh.registry.list().length, LIMITS.foundAgentsPerMinute);
  });
});

describe('found agents: forgetting', () => {
  it('takes those that stayed away and that nobody trusts, and no other', async () => {
    const [gone, trusted] = [await door('gone'), await door('trusted')];
    source.now = [at(gone.url), at(trusted.url)];
    await open();
    await sweep();
    await mesh.registry.trust(caller, 'trusted');
    await mesh.registry.add(caller, { name: 'given', url: 'http://127.0.0.1:1' }, 'url', 'cli');
    const forget = (before: number): Promise<void> =>
      mesh.store.writer.submit((tx) => {
        mesh.registry.found.forget(tx, engineCaller('discovery'), before);
      });
    await forget(testPorts().clock.now() - DAY_MS);
    assert.equal(mesh.registry.list().length, 3);
    await forget(testPorts().clock.now() + DAY_MS);
    assert.deepEqual(
      mesh.registry.list().map(({ name }) => name),
      ['given', 'trusted'],
    );
  });
});

describe('found agents: sweeps and sources that are slow or broken', () => {
  it('a source that does not come to an end does not hold a sweep up for long', async () => {
    source.lookMs = Number.POSITIVE_INFINITY;
    await open();
    const { found } = await sweep(60_000);
    assert.equal(found, 0);
  });

  it('what is wrong with a source is in each answer once, and makes nothing else wrong', async () => {
    const calc = await door('calc');
    source.now = [at(calc.url)];
    source.problem = 'EACCES';
    await open();
    const { found, problems } = await sweep();
    assert.deepEqual([found, problems], [1, [{ source: 'programs', message: 'EACCES' }]]);
    assert.deepEqual(mesh.discovery.problems(), [], 'a source does not degrade the daemon');
  });
});

describe('found agents: from the link to the list', () => {
  it('an announced agent is listed; repeated, forged and hostile ones add nothing', async () => {
    link = await openTestLink();
    const calc = await door('calc');
    const mdns = createMdns({
      settings: { port: link.port, interfaces: ['127.0.0.1', '127.0.0.2'] },
      ports: testPorts(),
      own: () => [],
      gateway: () => Promise.resolve(null),
    });
    await open({ sources: [mdns] });
    link.announce({ type: 'a2a', name: 'calc', port: calc.port });
    await until('calc', () => mesh.known().join() === 'calc reachable');
    const head = mesh.store.writer.head;
    const records = recordsOf({ type: 'a2a', name: 'calc', port: calc.port });
    for (let time = 0; time < 200; time += 1) await link.send(records);
    for (let time = 0; time < 50; time += 1)
      await link.send(
        recordsOf({ type: 'a2a', name: `x${String(time)}`, port: 1, txt: { url: 'http://10.9.8.7:1/' } }),
      );
    await until('all of them heard', () => mdns.state().ignored === 50);
    assert.deepEqual(mesh.known(), ['calc reachable']);
    assert.equal(mesh.store.writer.head, head);
    await link.send(records.map((record) => ({ ...record, ttl: 0 })));
    await sweep();
    assert.deepEqual(mesh.known(), ['calc reachable'], 'a forged goodbye takes nobody away');
  });
});
