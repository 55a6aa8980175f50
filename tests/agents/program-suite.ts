// What every program that is started for each run must show in its lane, with a model of ours on loopback.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventV1 } from '#machines/nouns/event';
import { openLaneMesh, type LaneMesh } from './lane-mesh.ts';
import { PROGRAMS, type CommandName } from './lane-program.ts';
import { VERSION_NOTE } from './lanes.ts';
import { isAnswer, phases, says, thoughts } from './seen.ts';

export interface ProgramTraits {
  /** As its maker writes it. */
  readonly title: string;
  /** Its text comes in pieces while the model still writes. */
  readonly streams: boolean;
  /** It asks a person before it runs a command; another has a sandbox that says no by itself. */
  readonly asks: boolean;
  /** Whether an event shows that the model has begun to answer. */
  readonly isAtWork: (event: EventV1) => boolean;
}

/** Declares the tests of a program. */
export const programSuite = (agent: CommandName, traits: ProgramTraits): void => {
  const { title, streams, asks, isAtWork } = traits;

  describe(`${title} on this machine`, () => {
    let mesh: LaneMesh;
    before(async () => {
      mesh = await openLaneMesh([agent], {}, { areFound: true });
    });
    after(() => mesh.close());

    it('is found with its version, waits for trust, and answers then', async (t) => {
      const shown = await mesh.cli('discover');
      assert.equal(shown.code, 0, shown.stderr);
      assert.match(shown.stdout, new RegExp(agent));
      const found = await mesh.known(agent);
      assert.match(found.version ?? 'unknown', new RegExp(PROGRAMS[agent].version.replaceAll('.', '\\.')));
      assert.deepEqual([found.trust, found.presence], ['seen', 'reachable']);
      t.diagnostic(`${VERSION_NOTE}${title} ${PROGRAMS[agent].version}`);
      const refused = await mesh.cli('run', '--to', agent, '1+1');
      assert.notEqual(refused.code, 0);
      assert.match(refused.stderr, /agents trust/);
      assert.equal(mesh.model.asked(), 0);
      assert.equal((await mesh.cli('agents', 'trust', agent)).code, 0);
      const { code, stdout, stderr } = await mesh.cli('run', '--to', agent, '1+1');
      assert.deepEqual([code, stdout.trim()], [0, '2'], stderr);
    });
  });

  describe(`${title}: the real program`, () => {
    let mesh: LaneMesh;
    before(async () => {
      mesh = await openLaneMesh([agent]);
    });
    after(() => mesh.close());

    const isGone = async (runId: string): Promise<void> => {
      for (let tries = 0; tries < 100 && mesh.leftOf(runId).length > 0; tries += 1) await sleep(100);
      assert.deepEqual(mesh.leftOf(runId), [], 'processes of the run are left');
      for (let tries = 0; tries < 50 && mesh.model.open() > 0; tries += 1) await sleep(100);
      assert.equal(mesh.model.open(), 0, 'the model still writes for it');
    };

    it('answers, with what it thinks', async () => {
      const { state, text, events } = await mesh.ended(await mesh.begin(agent, 'reason'));
      assert.equal(state, 'completed', JSON.stringify(events.at(-1)));
      assert.equal(text.trim(), 'done');
      assert.match(thoughts(events), /thinking about it/);
    });

    if (streams)
      it('streams: pieces come while the model writes, and make the answer', async () => {
        const { state, text, events } = await mesh.ended(await mesh.begin(agent, 'stream 40'));
        assert.equal(state, 'completed', JSON.stringify(events.at(-1)));
        const whole = Array.from({ length: 40 }, (_, at) => `p${String(at)}`).join(' ');
        assert.equal(text.trim(), whole);
        const pieces = events.filter((event) => isAnswer(event) && event.metadata['final'] !== true);
        assert.ok(pieces.length > 1, `came in ${String(pieces.length)} pieces`);
        assert.equal(
          pieces
            .map(({ payload }) => String(payload['text']))
            .join('')
            .trim(),
          whole,
        );
      });

    it('a failing model is a failed run with its words', async () => {
      const runId = await mesh.begin(agent, 'fail');
      const { state, events } = await mesh.ended(runId);
      assert.equal(state, 'failed');
      assert.ok(
        events.some(({ kind, payload }) => kind === 'error' && /broken/.test(String(payload['message']))),
        JSON.stringify(events.slice(-3)),
      );
      await isGone(runId);
    });

    it('a model that never ends is ended by the time limit of the call', async () => {
      const runId = await mesh.begin(agent, 'hang', '--timeout', '8s');
      const { state, events } = await mesh.ended(runId);
      assert.equal(state, 'failed');
      assert.ok(events.some(says('timeout')), JSON.stringify(events.at(-1)));
      await isGone(runId);
    });

    it('a cancel in mid-stream is confirmed, and the model is let go', async () => {
      const runId = await mesh.begin(agent, 'hang');
      await mesh.seen(runId, isAtWork);
      assert.equal((await mesh.cli('cancel', runId)).code, 0);
      const { state, events } = await mesh.ended(runId);
      assert.equal(state, 'cancelled');
      assert.ok(events.some(says('"cancel_confirmed":true')), JSON.stringify(events.at(-1)));
      await isGone(runId);
    });

    it('the daemon killed in mid-run: nobody knows how it ended, and nothing of it is left', async () => {
      const runId = await mesh.begin(agent, 'hang');
      await mesh.seen(runId, isAtWork);
      await mesh.kill();
      await mesh.up();
      const { state, events } = await mesh.ended(runId);
      assert.equal(state, 'failed');
      assert.ok(events.some(says('outcome_unknown')), JSON.stringify(events.at(-1)));
      await isGone(runId);
    });

    if (!asks) {
      it('asks nobody: its sandbox lets it read, and its tools are pairs', async () => {
        const { state, text, events } = await mesh.ended(await mesh.begin(agent, 'tool'));
        assert.equal(state, 'completed');
        assert.match(text, /tool result was/);
        assert.deepEqual(phases(events), ['start', 'end']);
      });

      // What its sandbox refused Codex tells its model and nobody else: there is no tool event.
      it('its sandbox lets it not write, and its model is told', async () => {
        const { state, text } = await mesh.ended(await mesh.begin(agent, `ask ${agent}-no.txt`));
        assert.deepEqual([state, text.trim()], ['completed', `denied ${agent}-no.txt`]);
        assert.equal(existsSync(join(mesh.work, `${agent}-no.txt`)), false);
      });
      return;
    }

    it('asks before it runs a command: allowed, it does it', async () => {
      const runId = await mesh.begin(agent, `ask ${agent}-yes.txt`);
      const { approval_id: id, title: asked, operation } = await mesh.question(runId);
      assert.match(JSON.stringify([asked, operation]), new RegExp(`touch ${agent}-yes.txt`));
      assert.equal((await mesh.cli('approvals', 'approve', id, '--yes')).code, 0);
      const { state, text, events } = await mesh.ended(runId);
      assert.equal(state, 'completed');
      assert.equal(text.trim(), `allowed ${agent}-yes.txt`);
      assert.deepEqual(phases(events), ['start', 'end']);
      assert.ok(existsSync(join(mesh.work, `${agent}-yes.txt`)));
    });

    it('denied, it does not', async () => {
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
  });
};
