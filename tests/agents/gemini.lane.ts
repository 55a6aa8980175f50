// The real A2A server of Gemini CLI, an agent of A2A 0.3 with forms of its own, with a model of ours on loopback:
//
//   npm run test:agents -- gemini
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from '#machines/nouns/agent';
import { openLaneGemini, type LaneGemini } from './lane-gemini.ts';
import { openLaneMesh, type LaneMesh } from './lane-mesh.ts';
import { PROGRAMS } from './lane-program.ts';
import { VERSION_NOTE } from './lanes.ts';
import { isAnswer, phases, says, thoughts } from './seen.ts';

let gemini: LaneGemini;
let mesh: LaneMesh;
before(async () => {
  gemini = await openLaneGemini();
  mesh = await openLaneMesh([]);
});
after(async () => {
  await mesh.close();
  await gemini.close();
});

const modelIsFree = async (): Promise<void> => {
  for (let tries = 0; tries < 50 && gemini.model.open() > 0; tries += 1) await sleep(100);
  assert.equal(gemini.model.open(), 0, 'the model still writes for it');
};

describe('Gemini: the real A2A server', () => {
  it('is added by its address, found with its card, and answers', async (t) => {
    t.diagnostic(`${VERSION_NOTE}gemini-cli-a2a-server ${PROGRAMS.gemini.version}`);
    const added = await mesh.cli('agents', 'add', '--name', 'gemini', gemini.url);
    assert.equal(added.code, 0, added.stderr);
    assert.equal((await mesh.cli('discover')).code, 0);
    const agent = (await mesh.json('agents', 'get', 'gemini')) as Agent;
    assert.deepEqual(
      [agent.kind, agent.presence, agent.skills.map(({ id }) => id)],
      ['a2a', 'reachable', ['code_generation']],
    );
    assert.match(agent.protocol ?? '', /0\.3/);
    const { code, stdout, stderr } = await mesh.cli('run', '--to', 'gemini', '1+1');
    assert.deepEqual([code, stdout.trim()], [0, '2'], stderr);
  });

  it('answers, with what it thinks', async () => {
    const { state, text, events } = await mesh.ended(await mesh.begin('gemini', 'reason'));
    assert.deepEqual([state, text], ['completed', 'done'], JSON.stringify(events.at(-1)));
    assert.match(thoughts(events), /thinking/);
  });

  it('streams: pieces come while the model writes, and make the answer', async () => {
    const { state, text, events } = await mesh.ended(await mesh.begin('gemini', 'stream 40'));
    const whole = Array.from({ length: 40 }, (_, at) => `p${String(at)}`).join(' ');
    assert.deepEqual([state, text], ['completed', whole]);
    assert.ok(events.filter((event) => isAnswer(event) && event.metadata['final'] !== true).length > 1);
  });

  it('a failing model is a failed run with its words', async () => {
    const { state, events } = await mesh.ended(await mesh.begin('gemini', 'fail'));
    assert.equal(state, 'failed', JSON.stringify(events.slice(-3)));
    assert.ok(
      events.some(({ kind, payload }) => kind === 'error' && /broken/.test(String(payload['message']))),
      JSON.stringify(events.slice(-3)),
    );
  });

  it('asks before it runs a command: allowed, it does it', async () => {
    const runId = await mesh.begin('gemini', 'ask gemini-yes.txt');
    const { approval_id: id, title, operation } = await mesh.question(runId);
    assert.match(JSON.stringify([title, operation]), /touch gemini-yes.txt/);
    assert.equal((await mesh.cli('approvals', 'approve', id, '--yes')).code, 0);
    const { state, text, events } = await mesh.ended(runId);
    assert.deepEqual([state, text], ['completed', 'allowed gemini-yes.txt'], JSON.stringify(events.at(-1)));
    assert.deepEqual(phases(events), ['start', 'end']);
    assert.ok(existsSync(join(gemini.work, 'gemini-yes.txt')));
  });

  it('denied, it does not', async () => {
    const runId = await mesh.begin('gemini', 'ask gemini-no.txt');
    const { approval_id: id } = await mesh.question(runId);
    assert.equal((await mesh.cli('approvals', 'reject', id, '--reason', 'denied by the lane')).code, 0);
    const { state, events } = await mesh.ended(runId);
    // Its turn ends there, without a word: the run says so, and asks no empty question.
    assert.equal(state, 'failed');
    assert.ok(events.some(says('agent_needs_input')), JSON.stringify(events.at(-1)));
    assert.deepEqual(phases(events), ['start', 'end']);
    assert.equal(existsSync(join(gemini.work, 'gemini-no.txt')), false);
  });

  it('what a command prints belongs to its tool, and is no answer', async () => {
    const runId = await mesh.begin('gemini', 'tool');
    const { approval_id: id } = await mesh.question(runId);
    assert.equal((await mesh.cli('approvals', 'approve', id, '--yes')).code, 0);
    const { state, text, events } = await mesh.ended(runId);
    assert.equal(state, 'completed', JSON.stringify(events.at(-1)));
    assert.match(text, /^tool result was: [^]*tool-says-hi/);
    assert.deepEqual(phases(events), ['start', 'end']);
    const end = events.find(({ kind, payload }) => kind === 'tool' && payload['phase'] === 'end');
    assert.match(JSON.stringify(end?.payload['output']), /tool-says-hi/);
  });

  it('a cancel in mid-stream is confirmed, and the model is let go', async () => {
    const runId = await mesh.begin('gemini', 'hang');
    await mesh.seen(runId, isAnswer);
    assert.equal((await mesh.cli('cancel', runId)).code, 0);
    const { state, events } = await mesh.ended(runId);
    assert.equal(state, 'cancelled');
    assert.ok(events.some(says('"cancel_confirmed":true')), JSON.stringify(events.at(-1)));
    await modelIsFree();
  });

  // It ends a task whose connection ends in order, and hears nothing of one that is reset: a kill does either.
  it('daemon killed in mid-run: the task is found; what it came to is told once', async () => {
    const runId = await mesh.begin('gemini', 'wait 6000 done');
    await mesh.seen(runId, isAnswer);
    await mesh.kill();
    await mesh.up();
    const { state, text, events } = await mesh.ended(runId);
    const finals = events.filter(({ metadata }) => metadata['final'] === true).length;
    if (state === 'completed') assert.deepEqual([text.endsWith('done'), finals], [true, 1]);
    else {
      assert.deepEqual([state, finals], ['failed', 0], JSON.stringify(events.at(-1)));
      assert.ok(events.some(says('connection to it broke')), JSON.stringify(events.at(-1)));
    }
    await modelIsFree();
  });
});
