// The contract that every adapter must keep. Each adapter folder runs it in <kind>.test.ts against a real counterpart.
//
// The counterpart understands prompts: `echo TEXT`, `repeat N TEXT`, `stream N` (N pieces `p0 p1 …`), `tool`, `reason`, `artifact`
// (data {"answer":42}), `fail`, `hang` (says `started`, works until it is cancelled), `wait MS TEXT` (says `started`,
// then TEXT). It notes each key that it works on in a ledger of its own. One that asks people: approval.testsuite.ts.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { InstallReceipt, InstallSession, InvokeRequest, Outcome, Sink } from './adapter.ts';
import {
  dropAt,
  recorder,
  request,
  texts,
  until,
  type AdapterFixture,
  type Recorder,
} from './adapter.testkit.ts';

import { approvalContract } from './approval.testsuite.ts';

export type { AdapterFixture };

const isOutcome = (found: object): found is Outcome => 'artifacts' in found;

/** Declares the contract tests of one adapter; `open` starts its counterpart, `label` tells several of them apart. */
export const adapterContract = (kind: string, open: () => Promise<AdapterFixture>, label = ''): void => {
  describe(`adapter contract: ${kind}${label === '' ? '' : ` (${label})`}`, () => {
    let fixture: AdapterFixture;
    before(async () => {
      fixture = await open();
    });
    after(() => fixture.close());

    const canCancel = (): boolean =>
      fixture.adapter.capabilities(fixture.target.entry).cancel !== 'none' && fixture.cancels !== false;

    const run = async (
      prompt: string,
      more?: Partial<InvokeRequest>,
    ): Promise<{ outcome: Outcome; sink: Recorder }> => {
      const sink = recorder();
      const outcome = await fixture.adapter.invoke(request(fixture.target, prompt, more), sink);
      return { outcome, sink };
    };

    it('names its kind and answers a probe', async () => {
      assert.equal(fixture.adapter.kind, kind);
      const probe = await fixture.adapter.probe(fixture.target, { signal: AbortSignal.timeout(5_000) });
      assert.equal(probe.problem, null);
      assert.equal(probe.ok, true);
      assert.ok(probe.latencyMs >= 0);
    });

    it('echo: completed, with the text whole; the engine records it, so no event repeats it', async () => {
      const text = 'héllo — 世界 😀\nsecond line';
      const { outcome, sink } = await run(`echo ${text}`);
      assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
      assert.equal(outcome.text, text);
      assert.deepEqual(
        texts(sink.events, false).filter((said) => said === text),
        [],
      );
    });

    it('saves the handle before the first event and tells when the request was sent', async () => {
      const { sink } = await run('echo x');
      assert.ok(sink.calls.includes('handle') && sink.calls.includes('sent'));
      const firstEvent = sink.calls.findIndex((call) => call !== 'handle' && call !== 'sent');
      assert.ok(sink.calls.indexOf('handle') < firstEvent);
      // Once, and once more where the agent names the run only when it has begun.
      assert.ok(sink.calls.filter((call) => call === 'handle').length <= 2);
    });

    it('streams pieces in order, and the outcome holds the whole', async () => {
      const { outcome, sink } = await run('stream 40');
      const whole = Array.from({ length: 40 }, (_, at) => `p${String(at)}`).join(' ');
      assert.equal(outcome.text?.trim(), whole);
      const pieces = texts(sink.events, true);
      if (fixture.adapter.capabilities(fixture.target.entry).stream && fixture.streams) {
        assert.equal(pieces.join('').trim(), whole);
        assert.ok(pieces.length > 1);
      } else assert.deepEqual(pieces, []);
    });

    it('reports a tool call as a pair with one id', async () => {
      const { outcome, sink } = await run('tool');
      assert.equal(outcome.status, 'completed');
      const calls = sink.events.flatMap((event) => (event.kind === 'tool' ? [event.payload] : []));
      if (!fixture.adapter.capabilities(fixture.target.entry).tools) {
        assert.deepEqual(calls, []);
        return;
      }
      const [start, end, ...more] = calls.filter(({ phase }) => phase !== 'update');
      assert.deepEqual([start?.phase, end?.phase, more], ['start', 'end', []]);
      assert.ok(start?.call_id !== undefined && calls.every(({ call_id: id }) => id === start.call_id));
      assert.equal(start.name, end?.name);
      assert.deepEqual(start.input, fixture.tellsToolInputs === false ? undefined : { command: 'ls' });
    });

    it('reports reasoning', async () => {
      const { sink } = await run('reason');
      const thoughts = sink.events.flatMap((event) =>
        event.kind === 'reasoning' ? [event.payload.text] : [],
      );
      if (fixture.adapter.capabilities(fixture.target.entry).reasoning)
        assert.ok(thoughts.join('').includes('thinking'));
      else assert.deepEqual(thoughts, []);
    });

    it('keeps artifacts, in events and in the outcome', async () => {
      const { outcome, sink } = await run('artifact');
      const seen = sink.events.flatMap((event) => (event.kind === 'artifact' ? [event.payload.data] : []));
      const expected = fixture.adapter.capabilities(fixture.target.entry).artifacts ? [{ answer: 42 }] : [];
      assert.deepEqual(seen, expected);
      assert.deepEqual(
        outcome.artifacts.map(({ data }) => data),
        expected,
      );
    });

    it('a failure of the agent is an outcome that says whether trying again may help', async () => {
      const { outcome } = await run('fail');
      assert.equal(outcome.status, 'failed');
      assert.equal(outcome.error?.code, 'agent_failed');
      assert.equal(outcome.error.retryable, true);
      assert.notEqual(outcome.error.message, '');
    });

    it('an abort ends the run at the agent, within two seconds', async () => {
      const abort = new AbortController();
      const key = randomUUID();
      let abortedAt = 0;
      const sink = recorder((event) => {
        if (abortedAt > 0 || !JSON.stringify(event.payload).includes('started')) return;
        abortedAt = Date.now();
        abort.abort();
      });
      const ask = request(fixture.target, 'hang', { key, signal: abort.signal });
      const outcome = await fixture.adapter.invoke(ask, sink);
      const tookMs = Date.now() - abortedAt;
      assert.ok(abortedAt > 0, 'the agent never began');
      assert.equal(outcome.status, 'cancelled', JSON.stringify(outcome));
      assert.ok(tookMs <= 2_000, `took ${String(tookMs)} ms`);
      assert.equal(outcome.cancelConfirmed, canCancel());
      if (canCancel())
        await until('the agent to be idle', async () => !(await fixture.isWorking(key)), 1_000);
    });

    it('an abort before the start does nothing at the agent', async () => {
      const key = randomUUID();
      const outcome = await fixture.adapter.invoke(
        request(fixture.target, 'echo never', { key, signal: AbortSignal.abort() }),
        recorder(),
      );
      assert.equal(outcome.status, 'cancelled');
      assert.equal(await fixture.effects(key), 0);
    });

    it('the same key twice is one effect where the agent can tell', async () => {
      const key = randomUUID();
      const first = await run('echo once', { key });
      const second = await run('echo once', { key });
      assert.equal(first.outcome.status, 'completed');
      assert.equal(second.outcome.status, 'completed');
      assert.equal(await fixture.effects(key), fixture.dedupes ? 1 : 2);
    });

    it('a handle that never became durable orphans nothing', async () => {
      const ask = request(fixture.target, 'wait 600 done');
      await dropAt(fixture, ask, 'handle', true);
      const found = await fixture.adapter.reattach(ask, null, recorder());
      // Where the handle is known beforehand the request may wait for it; where the agent makes it, the run goes on.
      if (fixture.findsByKey === false) {
        assert.equal(found.status, 'unknown', 'what cannot be found is never sent again');
        await until('the agent to be idle', async () => !(await fixture.isWorking(ask.key)));
        assert.equal(await fixture.effects(ask.key), 1);
      } else if (fixture.adapter.capabilities(fixture.target.entry).resume && isOutcome(found)) {
        assert.equal(found.text, 'done');
        assert.equal(await fixture.effects(ask.key), 1);
      } else {
        assert.equal(found.status, 'never-received');
        await sleep(700);
        assert.equal(await fixture.effects(ask.key), 0);
      }
    });

    it('finds a run again whose daemon was killed, or ends it and says that it cannot', async () => {
      const ask = request(fixture.target, 'wait 1500 done');
      const { handle } = await dropAt(fixture, ask, 'event', false);
      assert.ok(handle !== null);
      const found = await fixture.adapter.reattach(ask, handle, recorder());
      if (fixture.adapter.capabilities(fixture.target.entry).resume) {
        assert.ok(isOutcome(found), `found ${found.status}`);
        assert.equal(found.status, 'completed');
        assert.equal(found.text, 'done');
      } else assert.equal(found.status, 'unknown');
      assert.equal(await fixture.isWorking(ask.key), false);
      assert.equal(await fixture.effects(ask.key), 1);
    });

    it('finds a run again that ended while nobody looked', async () => {
      const ask = request(fixture.target, 'wait 300 done');
      const { handle } = await dropAt(fixture, ask, 'event', false);
      await until('the agent to be idle', async () => !(await fixture.isWorking(ask.key)));
      const found = await fixture.adapter.reattach(ask, handle, recorder());
      if (fixture.adapter.capabilities(fixture.target.entry).resume) {
        assert.ok(isOutcome(found), `found ${found.status}`);
        assert.equal(found.text, 'done');
      } else assert.equal(found.status, 'unknown');
    });

    it('a reattached run can be cancelled', async () => {
      const ask = request(fixture.target, 'hang');
      const { handle } = await dropAt(fixture, ask, 'event', false);
      const found = await fixture.adapter.reattach(
        { ...ask, signal: AbortSignal.timeout(300) },
        handle,
        recorder(),
      );
      if (fixture.adapter.capabilities(fixture.target.entry).resume) {
        assert.equal(found.status, 'cancelled');
        assert.equal('cancelConfirmed' in found && found.cancelConfirmed, canCancel());
      } else assert.equal(found.status, 'unknown');
      if (canCancel())
        await until('the agent to be idle', async () => !(await fixture.isWorking(ask.key)), 1_000);
    });

    it('a key that the agent never saw was never received', async () => {
      const found = await fixture.adapter.reattach(request(fixture.target, 'echo x'), null, recorder());
      assert.equal(found.status, fixture.findsByKey === false ? 'unknown' : 'never-received');
    });

    it('a wrong credential is a failure that nobody retries', async () => {
      if (fixture.wrongCredential === null) {
        assert.equal(fixture.adapter.capabilities(fixture.target.entry).remote, false);
        return;
      }
      const outcome = await fixture.adapter.invoke(request(fixture.wrongCredential, 'echo x'), recorder());
      assert.equal(outcome.status, 'failed');
      assert.equal(outcome.error?.code, 'auth', JSON.stringify(outcome.error));
      assert.equal(outcome.error.retryable, false);
    });

    it('an agent that is gone is a failure that may be retried', async () => {
      const outcome = await fixture.adapter.invoke(request(fixture.gone, 'echo x'), recorder());
      assert.equal(outcome.status, 'failed');
      assert.equal(outcome.error?.code, 'agent_unreachable', JSON.stringify(outcome.error));
      assert.equal(outcome.error.retryable, true);
    });

    it('five runs at once do not mix', async () => {
      const runs = await Promise.all(
        Array.from({ length: 5 }, (_, at) => run(`wait ${String(50 * (5 - at))} mine-${String(at)}`)),
      );
      runs.forEach(({ outcome, sink }, at) => {
        assert.equal(outcome.text, `mine-${String(at)}`);
        const said = JSON.stringify([sink.events, outcome]);
        for (let other = 0; other < 5; other += 1) {
          assert.equal(said.includes(`mine-${String(other)}`), other === at);
        }
      });
    });

    it('keeps a large answer whole', async () => {
      const { outcome } = await run('repeat 20000 0123456789äöü;');
      assert.equal(outcome.text, '0123456789äöü;'.repeat(20_000));
    });

    it('a sink that fails is a fault, not an outcome, and leaves nothing running', async () => {
      const key = randomUUID();
      const sink: Sink = {
        handle: () => Promise.resolve(),
        event: () => Promise.reject(new Error('the disk is full')),
        sent: () => undefined,
        approval: () => Promise.resolve({ decision: 'withdrawn' }),
      };
      const ask = request(fixture.target, 'wait 200 x', { key });
      await assert.rejects(fixture.adapter.invoke(ask, sink), /the disk is full/);
      await until('the agent to be idle', async () => !(await fixture.isWorking(key)), 3_000);
    });

    it('a probe never throws: what is broken is a result in under two seconds and a margin', async () => {
      const gone = { name: 'gone', target: fixture.gone, code: 'agent_unreachable' };
      for (const { name, target, code } of [gone, ...fixture.broken]) {
        const probe = await fixture.adapter.probe(target, { signal: AbortSignal.timeout(1_500) });
        assert.equal(probe.ok, false, name);
        assert.equal(probe.problem?.code, code, `${name}: ${JSON.stringify(probe.problem)}`);
      }
    });

    it('plans, installs and uninstalls as often as one likes', async () => {
      const options = fixture.installation ?? { env: {}, settings: {}, receipts: [] };
      const plan = await fixture.adapter.plan(options);
      assert.deepEqual(await fixture.adapter.plan(options), plan);
      assert.deepEqual(plan.obstacles, []);
      JSON.stringify(plan);
      let kept: InstallReceipt | null = null;
      const session: InstallSession = {
        env: options.env,
        keep(receipt) {
          kept = receipt;
          return Promise.resolve();
        },
        note: () => undefined,
      };
      const receipt = await fixture.adapter.install(plan, session);
      assert.deepEqual(JSON.parse(JSON.stringify(receipt)), receipt);
      if (plan.steps.length > 0) assert.notEqual(kept, null, 'no receipt was kept before the first effect');
      const again = await fixture.adapter.plan({ ...options, receipts: [receipt] });
      assert.deepEqual(again.steps, [], 'nothing is left to do');
      assert.deepEqual(await fixture.adapter.install(plan, session), receipt);
      await fixture.adapter.uninstall(receipt, session);
      await fixture.adapter.uninstall(receipt, session);
      assert.deepEqual(await fixture.adapter.plan(options), plan, 'all is as it was');
    });

    approvalContract(() => fixture);

    it('looks for agents on this machine without an error', async () => {
      for await (const found of fixture.adapter.discover({ signal: AbortSignal.timeout(5_000) })) {
        assert.notEqual(found.detail, '');
      }
    });
  });
};
