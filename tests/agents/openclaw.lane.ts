// The real OpenClaw with a model of our own on loopback, from install to uninstall:
//
//   node --test tests/agents/openclaw.lane.ts
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventV1 } from '#machines/nouns/event';
import { openLaneGateway, type LaneGateway } from './lane-gateway.ts';
import { openLaneMesh, type LaneMesh } from './lane-mesh.ts';

let gateway: LaneGateway;
let mesh: LaneMesh;
let config: Buffer;

/** A mesh and an OpenClaw of its own for a group of tests. */
const withOpenclaw = (runs: boolean): void => {
  before(async () => {
    gateway = await openLaneGateway(runs);
    mesh = await openLaneMesh([], gateway.env);
    config = readFileSync(gateway.configFile);
  });
  after(async () => {
    await mesh.close();
    await gateway.close();
  });
};

const says =
  (word: string) =>
  (event: EventV1): boolean =>
    event.kind === 'message' && JSON.stringify(event.payload).includes(word);

/** Answers the question of a run. */
const decide = async (runId: string, word: 'approve' | 'reject'): Promise<void> => {
  const { approval_id: id } = await mesh.question(runId);
  const { code, stderr } = await mesh.cli('approvals', word, id, ...(word === 'approve' ? ['--yes'] : []));
  assert.equal(code, 0, stderr);
};

describe('openclaw: the real program', () => {
  withOpenclaw(true);

  it('is installed with its A2A channel, proved by a real word; again nothing is left to do', async () => {
    const first = await mesh.cli('openclaw', 'install', '--a2a', '--test', '--yes');
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /main answered/);
    const again = await mesh.cli('openclaw', 'install', '--a2a', '--dry-run');
    assert.deepEqual([again.code, again.stderr.includes('nothing is left to do')], [0, true]);
    assert.equal((await mesh.cli('discover')).code, 0);
  });

  it('answers, with what it thinks; by its gateway and by A2A', async () => {
    const { state, text, events } = await mesh.ended(await mesh.begin('openclaw', 'reason'));
    assert.deepEqual([state, text], ['completed', 'done']);
    const thoughts = events.flatMap(({ kind, payload }) => (kind === 'reasoning' ? [payload['text']] : []));
    assert.equal(thoughts.join(''), 'I am thinking about it.');
    assert.equal((await mesh.ended(await mesh.begin('openclaw-a2a', '1+1'))).state, 'completed');
  });

  it('asks before it runs a command: allowed it does, denied it does not', async () => {
    const allowed = await mesh.begin('openclaw', 'tool');
    await decide(allowed, 'approve');
    const done = await mesh.ended(allowed);
    assert.equal(done.text, 'tool result was: tool-says-hi');
    const phases = done.events.flatMap(({ kind, payload }) => (kind === 'tool' ? [payload['phase']] : []));
    assert.deepEqual([phases[0], phases.at(-1)], ['start', 'end']);
    const denied = await mesh.begin('openclaw', 'ask never');
    await decide(denied, 'reject');
    assert.equal((await mesh.ended(denied)).text, 'denied never');
  });

  it('asks its user which: the answer of a person is what the model reads', async () => {
    const runId = await mesh.begin('openclaw', 'choose red|Blue');
    const { approval_id: id, kind, title } = await mesh.question(runId);
    assert.deepEqual([kind, title], ['question', 'Which one?']);
    const { code, stderr } = await mesh.cli('approvals', 'approve', id, '--yes', '--answer', '2');
    assert.equal(code, 0, stderr);
    assert.match((await mesh.ended(runId)).text, /chosen: [^]*"Blue"/);
  });

  it('a cancel in mid-stream ends it at the model', async () => {
    const runId = await mesh.begin('openclaw', 'hang');
    await mesh.seen(runId, says('started'));
    assert.equal((await mesh.cli('cancel', runId)).code, 0);
    assert.equal((await mesh.ended(runId)).state, 'cancelled');
    for (let tries = 0; tries < 50 && gateway.modelBusy() > 0; tries += 1) await sleep(100);
    assert.equal(gateway.modelBusy(), 0);
  });

  it('daemon killed in mid-run: the run is found again and ends once', async () => {
    const runId = await mesh.begin('openclaw', 'wait 6000 done');
    await mesh.seen(runId, says('started'));
    await mesh.kill();
    await mesh.up();
    const { state, text, events } = await mesh.ended(runId);
    assert.deepEqual([state, text.endsWith('done')], ['completed', true]);
    assert.equal(events.filter(({ metadata }) => metadata['final'] === true).length, 1);
  });

  it('is uninstalled: its configuration is byte for byte what it was', async () => {
    const { code, stderr } = await mesh.cli('openclaw', 'uninstall');
    assert.equal(code, 0, stderr);
    assert.deepEqual(readFileSync(gateway.configFile), config);
    assert.deepEqual(await mesh.json('agents', 'list'), []);
  });
});

describe('openclaw: the real program alone, without a gateway', () => {
  withOpenclaw(false);

  it('is offered by its program when no gateway runs, and installed so when it is asked for', async () => {
    const plain = await mesh.cli('openclaw', 'install', '--dry-run');
    assert.equal(plain.code, 13);
    assert.match(plain.stderr, /does not answer[^]*--without-gateway/);
    const { code, stdout, stderr } = await mesh.cli(
      'openclaw',
      'install',
      '--without-gateway',
      '--test',
      '--yes',
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /no gateway runs, so its program is used[^]*main answered/);
    const [agent] = (await mesh.json('agents', 'list')) as { version: string; presence: string }[];
    assert.deepEqual([agent?.version, agent?.presence], ['2026.9.6', 'reachable']);
  });

  it('answers; two at once do not mix, and the second says that it waits', async () => {
    const first = await mesh.begin('openclaw', 'wait 500 first');
    const second = await mesh.begin('openclaw', 'echo second');
    const [one, two] = [await mesh.ended(first), await mesh.ended(second)];
    assert.deepEqual([one.text.endsWith('first'), two.text], [true, 'second']);
    assert.ok(
      [...one.events, ...two.events].some(({ payload }) => JSON.stringify(payload).includes('waits')),
    );
  });

  it('a command that needs a yes is not run, and the model is told', async () => {
    const { state, text } = await mesh.ended(await mesh.begin('openclaw', 'tool'));
    assert.equal(state, 'completed');
    assert.match(text, /approval/i);
  });

  it('a cancel ends its processes and its call of the model', async () => {
    const runId = await mesh.begin('openclaw', 'hang');
    for (let tries = 0; tries < 1_500 && gateway.modelBusy() === 0; tries += 1) await sleep(100);
    assert.equal(gateway.modelBusy(), 1);
    assert.equal((await mesh.cli('cancel', runId)).code, 0);
    const { state, events } = await mesh.ended(runId);
    assert.equal(state, 'cancelled');
    assert.equal(JSON.stringify(events).includes('"cancel_confirmed":false'), false);
    assert.deepEqual(mesh.leftOf(runId), []);
    for (let tries = 0; tries < 50 && gateway.modelBusy() > 0; tries += 1) await sleep(100);
    assert.equal(gateway.modelBusy(), 0);
  });

  it('daemon killed in mid-run: nothing of it is left, and nobody claims to know how it ended', async () => {
    const runId = await mesh.begin('openclaw', 'hang');
    for (let tries = 0; tries < 1_500 && gateway.modelBusy() === 0; tries += 1) await sleep(100);
    await mesh.kill();
    await mesh.up();
    assert.equal((await mesh.ended(runId)).state, 'failed');
    assert.deepEqual(mesh.leftOf(runId), []);
  });

  it('a model that refuses its key is a failure that nobody repeats', async () => {
    const { state, events } = await mesh.ended(await mesh.begin('openclaw', 'fail 401'));
    assert.equal(state, 'failed');
    assert.match(JSON.stringify(events.at(-1)), /authentication failed[^]*openclaw models status/);
  });

  it('is uninstalled: its configuration was never touched', async () => {
    const { code, stderr } = await mesh.cli('openclaw', 'uninstall');
    assert.equal(code, 0, stderr);
    assert.deepEqual(readFileSync(gateway.configFile), config);
    assert.deepEqual(await mesh.json('agents', 'list'), []);
  });
});
