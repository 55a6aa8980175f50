// Settings of entries: each kind says what it takes, and nothing else gets in, or stops a daemon that has it stored already.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { AgentEntry } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import { openMesh, type DiscoveryMesh } from '../discovery/discovery.testmesh.ts';
import { testPorts } from '../events/arbitraries.ts';
import { socketCaller } from '../identity/caller.ts';
import { recorder, request } from './adapter.testkit.ts';
import { createAdapters } from './adapters.ts';
import { wrongSetting } from './settings.ts';

let folder = '';
let mesh: DiscoveryMesh;
const caller = socketCaller('uid:1000');

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'));
  mesh = await openMesh(folder);
});
afterEach(async () => {
  await mesh.close();
  rmSync(folder, { recursive: true, force: true });
});

const KEYS = JSON.stringify({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AA' }] });
const url = 'http://127.0.0.1:9';
const dir = '/nowhere';

/** For each kind an entry with everything that it takes, and what it must not take with what it says then. */
const CASES: Readonly<
  Record<string, { readonly good: AgentEntry; readonly bad: readonly (readonly [object, RegExp])[] }>
> = {
  command: {
    good: { name: 'c', command: ['tr'], settings: { agent: 'x' } },
    bad: [[{ model: 'x' }, /^command has no setting model; it knows agent$/]],
  },
  a2a: {
    good: { name: 'a', url, settings: { input_required: 'ask', card_keys: KEYS, agent: 'x' } },
    bad: [
      [
        { input_requird: 'ask' },
        /^a2a has no setting input_requird; did you mean `input_required`\? it knows/,
      ],
      [{ input_required: 'perhaps' }, /input_required of a2a is "perhaps"; it takes one of auto, completed/],
      [{ card_keys: '{}' }, /card_keys of a2a is "\{\}"; it takes a JWKS/],
    ],
  },
  acp: {
    good: { kind: 'acp', command: ['x'], settings: { mode: 'plan', model: 'b', fast: true, agent: 'x' } },
    bad: [[{ mode: true }, /^The setting mode of acp is true; it takes a text$/]],
  },
  claude: {
    good: { kind: 'claude', command: ['x'], settings: { model: 4, max_turns: 3, max_budget_usd: 0.5 } },
    bad: [
      [{ modle: 'opus' }, /^claude has no setting modle; did you mean `model`\? it knows agent, model, /],
      [{ max_turns: 'many' }, /^The setting max_turns of claude is "many"; it takes a whole number$/],
      [{ max_turns: 0 }, /takes a number from 1 on$/],
      [{ toString: 'x' }, /has no setting toString/],
    ],
  },
  codex: {
    good: {
      kind: 'codex',
      command: ['x'],
      settings: { sandbox: 'workspace-write', ephemeral: true, 'config.model_verbosity': 'low' },
    },
    bad: [
      [{ sandbox: 'none' }, /"none"; it takes one of read-only, workspace-write, danger-full-access$/],
      [{ ephemeral: 'yes' }, /takes true or false$/],
      [{ configs: 'x' }, /^codex has no setting configs; it knows .*config\.<key>$/],
    ],
  },
  nanoclaw: {
    good: { name: 'n', kind: 'nanoclaw', dir, settings: { agent: 'main', group: 'main' } },
    bad: [[{ gruop: 'main' }, /did you mean `group`\?/]],
  },
  openclaw: {
    good: { name: 'o', kind: 'openclaw', url, settings: { agent: 'main' } },
    bad: [[{ agnet: 'main' }, /^openclaw has no setting agnet; did you mean `agent`\? it knows agent/]],
  },
};

const codeOf = async (act: () => Promise<unknown>): Promise<string> => {
  try {
    await act();
  } catch (error) {
    if (error instanceof MeshError) return `${error.code}: ${error.detail}`;
    throw error;
  }
  return 'nothing';
};

describe('settings of an entry', () => {
  it('every kind says what it takes, and takes no more', async () => {
    const adapters = createAdapters(testPorts(), folder);
    assert.deepEqual([...adapters.keys()].toSorted(), Object.keys(CASES).toSorted());
    for (const [kind, adapter] of adapters) {
      const { good, bad } = CASES[kind] ?? assert.fail(kind);
      assert.equal(wrongSetting(adapter, good), null, kind);
      for (const [settings, words] of bad) {
        const entry = { ...good, settings: { ...settings } };
        assert.match(wrongSetting(adapter, entry)?.message ?? '', words, kind);
        const answer = await codeOf(() => mesh.registry.add(caller, entry, 'url', 'cli'));
        assert.match(answer.replace('invalid_input: ', ''), words);
        assert.match(answer, /^invalid_input: /);
      }
    }
    assert.deepEqual(mesh.known(), []);
  });

  it('a bootstrap entry with a wrong one is not taken, the others are, and it is said', async () => {
    await mesh.close();
    const agents = [
      { name: 'good', command: ['true'] },
      { name: 'bad', command: ['true'], settings: { modle: 'x' } },
    ];
    writeFileSync(join(folder, 'bootstrap.json'), JSON.stringify({ agents }));
    mesh = await openMesh(folder);
    const { problems } = await mesh.discovery.sweep(caller, { waitMs: 0 });
    assert.deepEqual(
      mesh.registry.list().map(({ name }) => name),
      ['good'],
    );
    assert.match(JSON.stringify(problems), /bad: command has no setting modle; it knows agent/);
  });

  it('one that is stored already is the problem of its agent, and of its calls; the mesh starts', async () => {
    await mesh.registry.add(caller, { name: 'old', command: ['true'] }, 'url', 'cli');
    const stored = { name: 'old', command: ['true'], settings: { verbose: true } };
    mesh.store.db.prepare('UPDATE agents SET entry = ? WHERE name = ?').run(JSON.stringify(stored), 'old');
    await mesh.close();
    mesh = await openMesh(folder);
    await mesh.discovery.sweep(caller, { waitMs: 5_000 });
    assert.match(mesh.registry.get('old').problem ?? '', /^command has no setting verbose/);
    const target = mesh.registry.target('old');
    const sink = recorder();
    const outcome = await mesh.registry.adapter('command').invoke(request(target, 'x'), sink);
    assert.deepEqual([outcome.status, outcome.error?.code, sink.calls], ['failed', 'invalid_input', []]);
  });
});
