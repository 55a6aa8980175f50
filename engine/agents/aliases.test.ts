// Names that resolve: the exact one, an alias, a skill that one agent alone offers. Nothing else, and nothing by guess.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MeshError } from '#machines/nouns/error';
import { createAudit, type Audit } from '../audit/append.ts';
import { createEventLog } from '../events/append.ts';
import { testPorts } from '../events/arbitraries.ts';
import { socketCaller } from '../identity/caller.ts';
import { openStore, type Store } from '../store/open.ts';
import { createAdapters } from './adapters.ts';
import { createRegistry, type Registry } from './registry.ts';

const ports = testPorts();
const caller = socketCaller('uid:1000');
let folder = '';
let store: Store;
let audit: Audit;
let registry: Registry;

const open = async (): Promise<void> => {
  store = await openStore(join(folder, 'a.db'), { synchronous: 'NORMAL' }, ports);
  audit = createAudit(store);
  const log = createEventLog(store, ports);
  registry = createRegistry({ store, log, audit, adapters: createAdapters(ports, folder), ports });
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'aliases-'));
  await open();
  await program('calc', 'add', 'multiply');
  await program('sage', 'think');
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A program as an agent; no two have the same command line. */
const program = (name: string, ...skills: string[]) =>
  registry.add(caller, { name, command: ['true', name], skills }, 'url', 'cli');

const alias = (name: string, other: string) => registry.aliases.add(caller, name, other);

const refusal = async (act: () => unknown): Promise<MeshError> => {
  try {
    await act();
  } catch (error) {
    assert.ok(error instanceof MeshError);
    return error;
  }
  return assert.fail('it was not refused');
};

describe('aliases', () => {
  it('resolve like the name, wherever a name does, and are shown with the agent', async () => {
    assert.deepEqual((await alias('calc', 'reckoner')).aliases, ['reckoner']);
    assert.equal(registry.get('reckoner').name, 'calc');
    assert.equal(registry.target('reckoner').name, 'calc');
    assert.equal(registry.asked('reckoner').name, 'calc');
    assert.equal((await registry.trust(caller, 'reckoner')).name, 'calc');
    assert.equal(audit.list({ limit: 1 })[0]?.subject, 'calc');
  });

  it('are theirs alone: no name, and no alias of another', async () => {
    await alias('calc', 'reckoner');
    for (const taken of ['sage', 'calc', 'reckoner'])
      assert.equal((await refusal(() => alias('sage', taken))).code, 'ambiguous_agent', taken);
    assert.equal((await refusal(() => alias('nobody', 'x'))).code, 'unknown_agent');
    assert.equal((await refusal(() => alias('calc', 'skill:add'))).code, 'bad_request');
    assert.deepEqual(registry.get('sage').aliases, []);
  });

  it('the same one twice is one', async () => {
    await alias('calc', 'reckoner');
    assert.deepEqual((await alias('reckoner', 'reckoner')).aliases, ['reckoner']);
  });

  it('stay over a restart and a new name, and go with the agent', async () => {
    await alias('calc', 'reckoner');
    store.close();
    await open();
    assert.equal(registry.get('reckoner').name, 'calc');
    await registry.add(caller, { name: 'adder', command: ['true', 'calc'] }, 'url', 'cli');
    assert.equal(registry.get('reckoner').name, 'adder');
    await registry.remove(caller, 'reckoner');
    assert.equal((await refusal(() => registry.get('reckoner'))).code, 'unknown_agent');
    await alias('sage', 'reckoner');
  });

  it('are no name for a new agent', async () => {
    await alias('calc', 'reckoner');
    assert.equal((await program('reckoner')).name, 'reckoner@true');
    assert.equal(registry.get('reckoner').name, 'calc');
  });

  it('can be taken away, by whoever names the agent and the alias', async () => {
    await alias('calc', 'reckoner');
    assert.equal(
      (await refusal(() => registry.aliases.remove(caller, 'sage', 'reckoner'))).code,
      'unknown_agent',
    );
    assert.deepEqual((await registry.aliases.remove(caller, 'calc', 'reckoner')).aliases, []);
    assert.equal((await refusal(() => registry.get('reckoner'))).code, 'unknown_agent');
    assert.equal(
      (await refusal(() => registry.aliases.remove(caller, 'calc', 'reckoner'))).code,
      'unknown_agent',
    );
  });

  it('are suggested, and never matched, when the spelling differs', async () => {
    await alias('calc', 'reckoner');
    const { code, extra } = await refusal(() => registry.asked('Reckoner'));
    assert.deepEqual([code, extra['suggestions']], ['unknown_agent', ['reckoner']]);
  });
});

describe('a skill in the place of a name', () => {
  it('is the agent that alone offers it', () => {
    assert.equal(registry.asked('skill:think').name, 'sage');
  });

  it('is nobody when several offer it: they are named', async () => {
    await program('second', 'think');
    const { code, detail, extra } = await refusal(() => registry.asked('skill:think'));
    assert.equal(code, 'ambiguous_agent');
    assert.match(detail, /sage and second|second and sage/);
    assert.deepEqual([...(extra['suggestions'] as string[])].sort(), ['sage', 'second']);
  });

  it('is nobody when nobody offers it, whatever comes close', async () => {
    for (const word of ['skill:Think', 'skill:thin', 'skill:', 'Skill:think', 'think'])
      assert.equal((await refusal(() => registry.asked(word))).code, 'unknown_agent', word);
  });

  it('is never one that nobody trusts', async () => {
    await store.writer.submit((tx) =>
      registry.found.take(
        tx,
        caller,
        {
          entry: { name: 'found', command: ['true'], skills: ['think', 'rest'] },
          provenance: 'local',
          detail: 'x',
        },
        'run',
      ),
    );
    const probe = await registry
      .adapter('command')
      .probe(registry.known('found'), { signal: AbortSignal.timeout(5_000) });
    await store.writer.submit((tx) => registry.record(tx, 'found', probe, 'run'));
    assert.equal(registry.asked('skill:think').name, 'sage', 'it does not even make it ambiguous');
    assert.equal((await refusal(() => registry.asked('skill:rest'))).code, 'agent_untrusted');
  });
});
