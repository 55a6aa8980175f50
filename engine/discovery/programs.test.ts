// Programs of this machine: every adapter is asked, and one that fails or hangs is its own problem.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import type { AgentAdapter, Found } from '../agents/adapter.ts';
import { createAdapters } from '../agents/adapters.ts';
import { testPorts } from '../events/arbitraries.ts';
import { createPrograms } from './programs.ts';
import type { FoundAgent } from './source.ts';

type Discover = AgentAdapter['discover'];

/** The command adapter with another way to look. */
const adapter = (kind: string, discover: Discover): readonly [string, AgentAdapter] => {
  const real = createAdapters(testPorts(), tmpdir()).get('command');
  assert.ok(real !== undefined);
  return [kind, { ...real, kind, discover }];
};

const program = (name: string): Found => ({
  entry: { name, command: [`/usr/bin/${name}`] },
  source: 'local',
  detail: `/usr/bin/${name}`,
});

const nobody: Discover = () => Readable.from([]);

const look = async (...adapters: readonly (readonly [string, AgentAdapter])[]) => {
  const found: FoundAgent[] = [];
  const source = createPrograms({ adapters: new Map(adapters), ports: testPorts() });
  source.begin((more) => void found.push(...more));
  await source.look(AbortSignal.timeout(20_000));
  const state = source.state();
  await source.close();
  return { found, state };
};

describe('programs', () => {
  it('of every kind are found, with what they were found by', async () => {
    const { found, state } = await look(
      adapter('one', async function* () {
        yield await Promise.resolve(program('a'));
        yield await Promise.resolve(program('b'));
      }),
      adapter('two', nobody),
      adapter('three', async function* () {
        yield await Promise.resolve(program('c'));
      }),
    );
    assert.deepEqual(
      found.map(({ entry, provenance, detail }) => [entry.name, provenance, detail]).toSorted(),
      [
        ['a', 'local', '/usr/bin/a'],
        ['b', 'local', '/usr/bin/b'],
        ['c', 'local', '/usr/bin/c'],
      ],
    );
    assert.deepEqual([state.state, state.found, state.problem], ['on', 3, null]);
  });

  it('of a kind whose adapter throws are missed, and it is said of which', async () => {
    const { found, state } = await look(
      adapter('broken', async function* () {
        yield await Promise.resolve(program('first'));
        throw new Error('no permission');
      }),
      adapter('fine', async function* () {
        yield await Promise.resolve(program('a'));
      }),
    );
    assert.deepEqual(found.map(({ entry }) => entry.name).toSorted(), ['a', 'first']);
    assert.deepEqual([state.state, state.problem], ['on', 'broken: no permission']);
  });

  it('of a kind that finds without end are taken up to a limit', async () => {
    const { found } = await look(
      adapter('endless', async function* () {
        for (let n = 0; ; n += 1) yield await Promise.resolve(program(`p${String(n)}`));
      }),
    );
    assert.equal(found.length, 50);
  });

  it('of a kind that looks too long are not waited for, and its look is told to end', async () => {
    let wasTold = false;
    const { state } = await look(
      adapter('slow', async function* ({ signal }) {
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        wasTold = signal.aborted;
        yield program('late');
      }),
    );
    assert.ok(wasTold);
    assert.deepEqual([state.state, state.problem], ['failed', 'slow: took too long to look']);
  });

  it('every adapter that there is looks without an error', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'programs-'));
    const { state } = await look(...createAdapters(testPorts(), folder));
    rmSync(folder, { recursive: true, force: true });
    assert.deepEqual([state.state, state.problem], ['on', null]);
  });
});
