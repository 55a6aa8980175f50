// Trust on first use: who people name is trusted, who is found waits, who changes raises an alarm that stays.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { AgentSchema, type Agent, type AgentEntry, type Provenance } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import { createAudit, type Audit } from '../audit/append.ts';
import { createEventLog, type EventLog } from '../events/append.ts';
import { testPorts } from '../events/arbitraries.ts';
import { socketCaller } from '../identity/caller.ts';
import { openStore, type Store } from '../store/open.ts';
import type { Identity, Probe } from './adapter.ts';
import { createAdapters } from './adapters.ts';
import { createRegistry, type Registry } from './registry.ts';
import { accepted, differences, firstTrust, probedTrust, refusalOf } from './trust.ts';

const ports = testPorts();
const caller = socketCaller('uid:1000');
const ENTRY: AgentEntry = { name: 'calc', url: 'http://127.0.0.1:1/', skills: ['math'] };
const WAS: Identity = { name: 'calc', interfaces: 'JSONRPC http://127.0.0.1:1/a2a' };
const NOW: Identity = { name: 'calc', interfaces: 'JSONRPC http://127.0.0.1:1/other' };

let folder = '';
let store: Store;
let audit: Audit;
let log: EventLog;
let registry: Registry;

const open = async (): Promise<void> => {
  store = await openStore(join(folder, 'a.db'), { synchronous: 'NORMAL' }, ports);
  audit = createAudit(store);
  log = createEventLog(store, ports);
  registry = createRegistry({ store, log, audit, adapters: createAdapters(ports, folder), ports });
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trust-'));
  await open();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const probe = (identity: Identity | undefined, more: Partial<Probe> = {}): Probe => ({
  ok: true,
  name: 'calc',
  description: '',
  version: null,
  protocol: null,
  skills: [],
  card: null,
  latencyMs: 1,
  problem: null,
  cardSignature: 'unsigned',
  ...(identity === undefined ? {} : { identity }),
  ...more,
});

const seen = (source: Provenance['source']): Promise<unknown> =>
  store.writer.submit((tx) => registry.sync(tx, caller, source, 'test', [ENTRY], 'r'));
const answers = (identity: Identity | undefined, more: Partial<Probe> = {}): Promise<unknown> =>
  store.writer.submit((tx) => registry.record(tx, 'calc', probe(identity, more), 'r'));

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof MeshError, String(error));
    return error.code;
  }
  return 'none';
};
const call = (): string => codeOf(() => registry.target('calc'));
const bySkill = (): string => codeOf(() => registry.withSkill('math', []));

const states = (): unknown[] =>
  log
    .page({ kind: 'status' }, 0, 100)
    .lines.map((line) => (JSON.parse(line) as { payload: { state: unknown } }).payload.state);

const calc = (): Agent => AgentSchema.parse(registry.get('calc'));

describe('trust on first use', () => {
  it('who a person names is trusted and pinned at first contact; harmless changes only show', async () => {
    await seen('bootstrap');
    assert.equal(calc().trust, 'trusted');
    assert.equal(calc().identity, null);
    await answers(WAS);
    await answers(WAS, { description: 'new words', version: '2', skills: [] });
    assert.equal(calc().trust, 'trusted');
    assert.equal(calc().description, 'new words');
    assert.equal(call(), 'none');
  });

  it('who is found on the network is listed and gets no work until somebody trusts it', async () => {
    await seen('mdns');
    await answers(WAS);
    assert.equal(calc().trust, 'seen');
    assert.equal(calc().presence, 'reachable');
    assert.equal(calc().problem, null);
    assert.equal(call(), 'agent_untrusted');
    assert.equal(bySkill(), 'agent_untrusted');
    assert.equal(registry.known('calc').name, 'calc');
    const { identity } = calc();
    const trusted = await registry.trust(caller, 'calc', identity ?? '');
    assert.equal(trusted.trust, 'trusted');
    assert.equal(call(), 'none');
    assert.equal(bySkill(), 'none');
    assert.equal(audit.list({ limit: 1 })[0]?.operation, 'agent.trust');
    assert.equal(audit.list({ limit: 1 })[0]?.risk, 'authority');
    assert.equal(states().at(-1), 'agent_trusted');
  });

  it('a person who names what was only found has said yes to it', async () => {
    await seen('mdns');
    await answers(WAS);
    await seen('bootstrap');
    assert.equal(calc().trust, 'trusted');
    await answers(NOW);
    assert.equal(calc().trust, 'changed');
  });

  it('a change raises one alarm that says what changed, and stays until it is accepted', async () => {
    await seen('bootstrap');
    await answers(WAS);
    await answers(NOW);
    await answers(NOW);
    assert.equal(calc().trust, 'changed');
    assert.deepEqual(calc().trust_changes, [
      { fact: 'interfaces', was: WAS['interfaces'], now: NOW['interfaces'] },
    ]);
    assert.match(calc().problem ?? '', /interfaces was .*:1\/a2a, is .*:1\/other.*agents trust calc/);
    assert.equal(call(), 'agent_changed');
    assert.equal(bySkill(), 'agent_changed');
    assert.deepEqual(states(), ['agent_seen', 'agent_reachable', 'agent_changed']);
    // Neither a restart, nor going back, nor being named again lifts it.
    store.close();
    await open();
    await answers(WAS);
    await seen('bootstrap');
    assert.equal(call(), 'agent_changed');
    await answers(NOW);
    await registry.trust(caller, 'calc', calc().identity ?? '');
    assert.equal(call(), 'none');
    assert.equal(calc().problem, null);
    assert.deepEqual(calc().trust_changes, []);
    await answers(NOW);
    assert.equal(call(), 'none');
    await answers(WAS);
    assert.equal(call(), 'agent_changed');
  });

  it('nobody trusts what they have not seen', async () => {
    await seen('bootstrap');
    await answers(WAS);
    await answers(NOW);
    const looked = calc().identity ?? '';
    await answers({ ...NOW, name: 'mallory' });
    await assert.rejects(registry.trust(caller, 'calc', looked), { code: 'agent_changed' });
    assert.equal(call(), 'agent_changed');
    await assert.rejects(registry.trust(caller, 'nobody'), { code: 'unknown_agent' });
  });

  it('a wrong signature is never called and never trusted, from the first contact on', async () => {
    await seen('bootstrap');
    await answers(WAS, { cardSignature: 'invalid' });
    assert.equal(calc().card_signature, 'invalid');
    assert.match(calc().problem ?? '', /signature that is wrong/);
    assert.equal(call(), 'card_signature_invalid');
    await assert.rejects(registry.trust(caller, 'calc'), { code: 'card_signature_invalid' });
    await answers(WAS, { cardSignature: 'verified' });
    assert.equal(call(), 'none');
  });

  it('an agent that does not answer keeps what is known of it', async () => {
    await seen('bootstrap');
    await answers(WAS);
    const before = calc().identity;
    await answers(undefined, {
      ok: false,
      problem: { code: 'agent_unreachable', message: 'x', retryable: true },
    });
    assert.equal(calc().identity, before);
    assert.equal(call(), 'none');
  });
});

describe('trust: rules that always hold', () => {
  const identity = fc.dictionary(fc.constantFrom('name', 'origin', 'key'), fc.constantFrom('a', 'b'), {
    maxKeys: 3,
  });
  const sources = fc.constantFrom('url', 'bootstrap', 'mdns', 'tailnet', 'local', 'install');

  it('whatever agents show, an agent in work has the identity that was trusted (property)', () => {
    fc.assert(
      fc.property(sources, fc.array(identity, { minLength: 1, maxLength: 8 }), (source, shown) => {
        let state = firstTrust(source);
        for (const each of shown) {
          state = probedTrust(state, probe(each));
          if (refusalOf('x', state) === null) {
            assert.deepEqual(differences(state.pinned ?? {}, each), []);
            assert.ok(['url', 'bootstrap', 'install'].includes(source));
          }
        }
        const yes = accepted(state);
        assert.equal(refusalOf('x', yes), null);
        assert.deepEqual(yes.pinned, state.found);
      }),
    );
  });
});
