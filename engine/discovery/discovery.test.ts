// Discovery as a whole: files, sweeps, agents that die and come back, and what is recorded of it.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { socketCaller } from '../identity/caller.ts';
import type { Discovery } from './discovery.ts';
import {
  openDoor as openOne,
  openMesh,
  until,
  type DiscoveryMesh,
  type Door,
  type MeshOptions,
} from './discovery.testmesh.ts';

const caller = socketCaller('uid:1000');

let folder = '';
let mesh: DiscoveryMesh;
const doors: Door[] = [];

const open = async (more: MeshOptions = {}): Promise<void> => {
  mesh = await openMesh(folder, more);
};
const close = (): Promise<void> => mesh.close();
const openDoor = async (name: string, delayMs = 0): Promise<Door> => {
  const door = await openOne(name, delayMs);
  doors.push(door);
  return door;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'discovery-'));
});
afterEach(async () => {
  await close();
  for (const door of doors.splice(0)) await door.stop();
  rmSync(folder, { recursive: true, force: true });
});

const write = (agents: readonly unknown[], file = 'bootstrap.json'): void => {
  writeFileSync(join(folder, file), JSON.stringify({ agents }));
};

const known = (): string[] => mesh.known();
const states = (): string[] => mesh.states();
const sweep = (waitMs = 5_000): ReturnType<Discovery['sweep']> => mesh.discovery.sweep(caller, { waitMs });

describe('discovery: sweeps', () => {
  it('an empty mesh answers at once', async () => {
    await open();
    const result = await sweep(60_000);
    assert.equal(result.found, 0);
    assert.deepEqual(result.agents, []);
    assert.equal(mesh.log.page({ run_id: result.sweep_id, status: 'completed' }, 0, 10).lines.length, 1);
    assert.equal(mesh.audit.list({ limit: 1 })[0]?.operation, 'discovery.sweep');
  });

  it('asks everybody, and says what is wrong with whom', async () => {
    const calc = await openDoor('calc');
    write([
      { url: calc.url },
      { name: 'dead', url: 'http://127.0.0.1:1' },
      { name: 'prog', command: ['true'] },
      { bad: 1 },
    ]);
    await open();
    const result = await sweep();
    assert.deepEqual(known(), ['calc reachable', 'dead seen', 'prog reachable']);
    assert.equal(result.found, 2);
    const sources = result.problems.map(({ source }) => source).sort();
    assert.deepEqual(sources, [join(folder, 'bootstrap.json'), 'dead'].sort());
  });

  it('waits no longer than told; what comes later is recorded all the same', async () => {
    const slow = await openDoor('slow', 1_000);
    write([{ name: 'slow', url: slow.url }]);
    await open();
    const result = await sweep(100);
    assert.equal(result.agents[0]?.presence, 'seen');
    await until('the late answer', () => known()[0] === 'slow reachable');
  });

  it('a kind without adapter is a problem of its entry, not of the file', async () => {
    write([
      { name: 'odd', kind: 'nosuch', url: 'http://127.0.0.1:1' },
      { name: 'prog', command: ['true'] },
    ]);
    await open();
    const result = await sweep();
    assert.deepEqual(known(), ['prog reachable']);
    assert.ok(result.problems[0]?.message.includes('nosuch'));
  });

  it('two sweeps at once each get their answer', async () => {
    write(Array.from({ length: 20 }, (_, at) => ({ name: `p${at}`, command: ['true', String(at)] })));
    await open();
    const [one, other] = await Promise.all([sweep(), sweep()]);
    assert.equal(one.found, 20);
    assert.equal(other.found, 20);
    assert.notEqual(one.sweep_id, other.sweep_id);
  });
});

describe('discovery: bootstrap files', () => {
  it('an entry that comes is probed, an entry that goes takes its agent along', async () => {
    await open();
    write([{ name: 'prog', command: ['true'] }]);
    await until('the new agent', () => known().join() === 'prog reachable');
    write([]);
    await until('nobody', () => known().length === 0);
    assert.deepEqual(states(), ['prog agent_seen', 'prog agent_reachable']);
  });

  it('an entry that comes while the disk is full is taken when there is room', async () => {
    await open();
    const { db } = mesh.store;
    const big = `x${'y'.repeat(60_000)}`;
    db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true }) as number}`);
    write([{ name: 'prog', command: ['true', big] }]);
    await sleep(1_000);
    assert.deepEqual(known(), []);
    db.pragma('max_page_count = 100000');
    await until('the new agent', () => known().join() === 'prog reachable');
  });

  it('an agent that another source names too stays', async () => {
    const calc = await openDoor('calc');
    write([{ name: 'calc', url: calc.url }]);
    write([{ url: calc.url }], 'more.json');
    await open({ bootstrapFile: join(folder, 'more.json') });
    assert.equal(mesh.registry.get('calc').provenance.length, 2);
    write([]);
    await until('one source left', () => mesh.registry.list()[0]?.provenance.length === 1);
  });

  it('broken JSON keeps the last good state and is said', async () => {
    write([{ name: 'prog', command: ['true'] }]);
    await open();
    writeFileSync(join(folder, 'bootstrap.json'), '{');
    await until('the problem', () => mesh.discovery.problems().length === 1);
    assert.equal(known().length, 1);
  });

  it('a file that is broken at the start does not forget the agents of before', async () => {
    write([{ name: 'prog', command: ['true'] }]);
    await open();
    await sweep();
    await close();
    writeFileSync(join(folder, 'bootstrap.json'), '{');
    await open();
    assert.deepEqual(known(), ['prog reachable']);
    assert.equal(mesh.discovery.problems().length, 1);
  });
});

describe('discovery: presence over time', () => {
  it('an agent that dies is lost, and back when it answers again', async () => {
    const calc = await openDoor('calc');
    write([{ url: calc.url }]);
    await open({ reprobeMs: 150 });
    await until('reachable', () => known().join() === 'calc reachable');
    await calc.stop();
    await until('lost', () => known().join() === 'calc lost');
    assert.notEqual(mesh.registry.get('calc').problem, null);
    await calc.start();
    await until('back', () => known().join() === 'calc reachable');
    assert.equal(mesh.registry.get('calc').problem, null);
    const told = states().map((each) => each.replace(/^.* /, ''));
    assert.deepEqual(told, ['agent_seen', 'agent_reachable', 'agent_lost', 'agent_reachable']);
  });

  it('a stop in mid-probe says nothing about the agent, and the job runs after the next start', async () => {
    const slow = await openDoor('slow', 600);
    write([{ name: 'slow', url: slow.url }]);
    await open();
    await sweep(50);
    await close();
    await open();
    assert.equal(mesh.registry.get('slow').problem, null);
    await until('answered', () => known().join() === 'slow reachable');
    await until('no job left', () => mesh.store.db.prepare('SELECT count(*) FROM jobs').pluck().get() === 0);
  });
});
