// The part of the contract for adapters whose agents ask people: adapter.testsuite.ts runs it where `approvals` is true.
//
// The counterpart understands `ask TEXT`: it asks permission for an operation that names TEXT; allowed it does that and
// answers `allowed TEXT`, otherwise it does not and answers `denied TEXT`.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  dropAt,
  nobody,
  recorder,
  request,
  until,
  type AdapterFixture,
  type Person,
} from './adapter.testkit.ts';
import type { ApprovalAnswer, InvokeRequest, Outcome } from './adapter.ts';

const BY = 'socket uid:1000';
const ALLOW: ApprovalAnswer = { decision: 'allow', text: null, by: BY };

/** Declares the approval tests; `fixtureOf` answers the fixture once the tests run. */
export const approvalContract = (
  fixtureOf: () => Pick<AdapterFixture, 'adapter' | 'module' | 'factory' | 'target'>,
): void => {
  const ask = async (
    text: string,
    person: Person,
    more: Partial<InvokeRequest> = {},
  ): Promise<{ outcome: Outcome; sink: ReturnType<typeof recorder> }> => {
    const { adapter, target } = fixtureOf();
    const asked = request(target, `ask ${text}`, more);
    const sink = recorder(undefined, person, asked.signal);
    return { outcome: await adapter.invoke(asked, sink), sink };
  };

  /** A test of adapters whose agents ask; the others must say that theirs do not. */
  const whenAsking = (name: string, test: () => Promise<void>): void =>
    void it(name, async () => {
      if (fixtureOf().adapter.capabilities(fixtureOf().target.entry).approvals) await test();
    });

  describe('approvals', () => {
    whenAsking('allowed: the question is whole, and the agent goes on', async () => {
      const text = randomUUID();
      const { outcome, sink } = await ask(text, () => ALLOW);
      assert.deepEqual([outcome.status, outcome.text?.trim()], ['completed', `allowed ${text}`]);
      const [question, ...more] = sink.asked;
      assert.ok(question !== undefined && more.length === 0, `${sink.asked.length} questions`);
      assert.equal(question.kind, 'permission');
      assert.notEqual(question.nativeId, '');
      assert.match(question.title, /^\S[^\n]*$/);
      assert.ok(JSON.stringify(question.operation).includes(text), JSON.stringify(question.operation));
      assert.ok(sink.calls.indexOf('handle') < sink.calls.indexOf('approval'), 'asked with a handle saved');
    });

    whenAsking('allowed late: the agent waits', async () => {
      const text = randomUUID();
      const { outcome } = await ask(
        text,
        () =>
          new Promise((resolve) => {
            setTimeout(resolve, 300, ALLOW);
          }),
      );
      assert.equal(outcome.text?.trim(), `allowed ${text}`);
    });

    for (const answer of [{ decision: 'deny', reason: 'no', by: BY }, { decision: 'expired' }] as const)
      whenAsking(`${answer.decision}: the agent hears no, does not do it, and ends well`, async () => {
        const text = randomUUID();
        const { outcome } = await ask(text, () => answer);
        assert.deepEqual([outcome.status, outcome.text?.trim()], ['completed', `denied ${text}`]);
      });

    whenAsking('cancelled while it waits: withdrawn, and the run ends as cancelled', async () => {
      const stop = new AbortController();
      const { adapter, target } = fixtureOf();
      const asked = request(target, `ask ${randomUUID()}`, { signal: stop.signal });
      const sink = recorder(undefined, nobody, stop.signal);
      const ended = adapter.invoke(asked, sink);
      await until('the question', () => sink.asked.length > 0);
      stop.abort();
      const outcome = await ended;
      assert.equal(outcome.status, 'cancelled', JSON.stringify(outcome));
    });

    whenAsking('several at once do not mix', async () => {
      const texts = Array.from({ length: 4 }, (_, at) => `${at}-${randomUUID()}`);
      const outcomes = await Promise.all(
        texts.map(async (text, at) => {
          const { outcome } = await ask(text, ({ operation }) => {
            assert.ok(JSON.stringify(operation).includes(text));
            return at % 2 === 0 ? ALLOW : { decision: 'deny', reason: null, by: BY };
          });
          return outcome.text?.trim();
        }),
      );
      assert.deepEqual(
        outcomes,
        texts.map((text, at) => `${at % 2 === 0 ? 'allowed' : 'denied'} ${text}`),
      );
    });

    whenAsking(
      'daemon killed while it waits: the same question is asked again, and its answer counts',
      async () => {
        const fixture = fixtureOf();
        if (!fixture.adapter.capabilities(fixture.target.entry).resume) return;
        const text = randomUUID();
        const asked = request(fixture.target, `ask ${text}`);
        const { handle, said } = await dropAt(fixture, asked, 'approval', false);
        const before = said as { nativeId: string; operation: unknown };
        assert.ok(handle !== null);
        const sink = recorder(undefined, () => ALLOW);
        const outcome = await fixture.adapter.reattach(asked, handle, sink);
        assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
        assert.ok('text' in outcome);
        assert.equal(outcome.text?.trim(), `allowed ${text}`);
        const [again, ...more] = sink.asked;
        assert.ok(again !== undefined && more.length === 0);
        assert.deepEqual([again.nativeId, again.operation], [before.nativeId, before.operation]);
      },
    );
  });
};
