// Real OpenCode (by ACP), Claude Code and Codex with a model of our own on loopback:
//
//   node --test tests/agents/programs.lane.ts
//
// Thoughts, tools, questions to people, cancel, kill -9 of the daemon in mid-run, and one team whose steps run on all three.
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventV1 } from '#machines/nouns/event';
import { openLaneMesh, type LaneMesh } from './lane-mesh.ts';

let mesh: LaneMesh;
before(async () => {
  mesh = await openLaneMesh(['opencode', 'claude', 'codex']);
});
after(() => mesh.close());

const phases = (events: readonly EventV1[]): string[] => {
  const ids = new Set<unknown>();
  return events.flatMap(({ kind, payload }) => {
    if (kind !== 'tool' || payload['phase'] === 'update') return [];
    ids.add(payload['call_id']);
    assert.equal(ids.size, 1, 'one call has one id');
    return [String(payload['phase'])];
  });
};

const isGone = async (runId: string): Promise<void> => {
  for (let tries = 0; tries < 100 && mesh.leftOf(runId).length > 0; tries += 1) await sleep(100);
  assert.deepEqual(mesh.leftOf(runId), [], 'processes of the run are left');
};

const says =
  (word: string) =>
  (event: EventV1): boolean =>
    JSON.stringify(event.payload).includes(word);

/** The model has begun to answer; Codex says nothing before it has answered. */
const isAtWork = (agent: string): ((event: EventV1) => boolean) =>
  agent === 'codex'
    ? says('"thread"')
    : ({ kind, payload }) => kind === 'message' && payload['role'] === 'agent';

for (const agent of ['opencode', 'claude', 'codex'] as const)
  describe(`${agent}: the real program`, () => {
    it('answers, with what it thinks', async () => {
      const { state, text, events } = await mesh.ended(await mesh.begin(agent, 'reason'));
      assert.equal(state, 'completed', JSON.stringify(events.at(-1)));
      assert.equal(text.trim(), 'done');
      const thoughts = events
        .filter(({ kind }) => kind === 'reasoning')
        .map(({ payload }) => payload['text']);
      assert.match(thoughts.join(''), /thinking about it/);
    });

    it('a failing model is a failed run with its words', async () => {
      // OpenCode tries a broken model again for longer than a lane may wait.
      if (agent === 'opencode') return;
      const { state, events } = await mesh.ended(await mesh.begin(agent, 'fail'));
      assert.equal(state, 'failed');
      assert.ok(
        events.some(({ kind, payload }) => kind === 'error' && /broken/.test(String(payload['message']))),
      );
    });

    it('a cancel is confirmed, and the model is let go', async () => {
      const runId = await mesh.begin(agent, agent === 'codex' ? 'wait 60000 never' : 'hang');
      await mesh.seen(runId, isAtWork(agent));
      assert.equal((await mesh.cli('cancel', runId)).code, 0);
      const { state, events } = await mesh.ended(runId);
      assert.equal(state, 'cancelled');
      assert.ok(events.some(says('"cancel_confirmed":true')), JSON.stringify(events.at(-1)));
      await isGone(runId);
      for (let tries = 0; tries < 50 && mesh.model.open() > 0; tries += 1) await sleep(100);
      assert.equal(mesh.model.open(), 0);
    });

    it('the daemon killed in mid-run: nobody knows how it ended, and nothing of it is left', async () => {
      const runId = await mesh.begin(agent, agent === 'codex' ? 'wait 60000 never' : 'hang');
      await mesh.seen(runId, isAtWork(agent));
      await mesh.kill();
      await mesh.up();
      const { state, events } = await mesh.ended(runId);
      assert.equal(state, 'failed');
      assert.ok(events.some(says('outcome_unknown')), JSON.stringify(events.at(-1)));
      await isGone(runId);
    });
  });

describe('questions of real programs', () => {
  for (const agent of ['opencode', 'claude'] as const) {
    it(`${agent}: allowed, it does it`, async () => {
      const runId = await mesh.begin(agent, `ask ${agent}-yes.txt`);
      const { approval_id: id, title, operation } = await mesh.question(runId);
      assert.match(JSON.stringify([title, operation]), new RegExp(`touch ${agent}-yes.txt`));
      assert.equal((await mesh.cli('approvals', 'approve', id, '--yes')).code, 0);
      const { state, text, events } = await mesh.ended(runId);
      assert.equal(state, 'completed');
      assert.equal(text.trim(), `allowed ${agent}-yes.txt`);
      assert.deepEqual(phases(events), ['start', 'end']);
      assert.ok(existsSync(join(mesh.work, `${agent}-yes.txt`)));
    });

    it(`${agent}: denied, it does not`, async () => {
      const runId = await mesh.begin(agent, `ask ${agent}-no.txt`);
      const { approval_id: id } = await mesh.question(runId);
      assert.equal((await mesh.cli('approvals', 'reject', id, '--reason', 'denied by the lane')).code, 0);
      const { state, events } = await mesh.ended(runId);
      assert.equal(state, 'completed');
      assert.deepEqual(phases(events), ['start', 'end']);
      const end = events.find(({ kind, payload }) => kind === 'tool' && payload['phase'] === 'end');
      assert.notEqual(end?.payload['error'] ?? null, null, 'the call ended as if nothing had happened');
      assert.equal(existsSync(join(mesh.work, `${agent}-no.txt`)), false);
    });
  }

  it('codex asks nobody: its sandbox reads, and its tools are pairs', async () => {
    const { state, text, events } = await mesh.ended(await mesh.begin('codex', 'tool'));
    assert.equal(state, 'completed');
    assert.match(text, /tool result was/);
    assert.deepEqual(phases(events), ['start', 'end']);
  });
});

describe('one team on three frameworks', () => {
  it('each step on another, one trace', async () => {
    const file = join(mesh.work, 'three.yaml');
    writeFileSync(
      file,
      `apiVersion: agentmesh/v1
kind: Team
name: three
inputs:
  word: { type: string }
roles:
  one: { agent: opencode }
  two: { agent: claude }
  three: { agent: codex }
steps:
  - { id: first, role: one, prompt: 'echo {{ inputs.word }}' }
  - { id: second, role: two, prompt: 'echo {{ steps.first.output.text }} two' }
  - { id: third, role: three, prompt: 'echo {{ steps.second.output.text }} three' }
`,
    );
    const ran = (await mesh.json('team', 'run', file, '--input', 'word=one')) as {
      team_run_id: string;
      status: string;
    };
    assert.equal(ran.status, 'completed', JSON.stringify(ran));
    const events = (await mesh.json('trace', ran.team_run_id)) as EventV1[];
    const answers = events
      .filter(({ metadata }) => metadata['final'] === true)
      .map(({ step, metadata, payload }) => [step, metadata['agent'], String(payload['text']).trim()]);
    assert.deepEqual(answers, [
      ['first', 'opencode', 'one'],
      ['second', 'claude', 'one two'],
      ['third', 'codex', 'one two three'],
    ]);
  });
});
