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

before(async () => {
  gateway = await openLaneGateway();
  mesh = await openLaneMesh([], gateway.env);
  config = readFileSync(gateway.configFile);
});
after(async () => {
  await mesh.close();
  await gateway.close();
});

const says =
  (word: string) =>
  (event: EventV1): boolean =>
    event.kind === 'message' && JSON.stringify(event.payload).includes(word);

const decide = async (runId: string, word: 'approve' | 'reject'): Promise<void> => {
  const { approval_id: id } = await mesh.question(runId);
  const { code, stderr } = await mesh.cli('approvals', word, id, ...(word === 'approve' ? ['--yes'] : []));
  assert.equal(code, 0, stderr);
};

describe('openclaw: the real program', () => {
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
