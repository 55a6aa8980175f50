// What a probe of a program knows, and when: asked once, waited for a moment, remembered.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failure } from '#machines/nouns/error';
import type { AgentEntry } from '#machines/nouns/agent';
import type { Clock } from '../ports.ts';
import { createProgramProbe, type Look } from './inquiry.ts';

const entry: AgentEntry = { name: 'slow', kind: 'acp', command: [process.execPath] };
const introduction: Look = { name: 'Slow', version: '1.2.3', protocol: null };

/** A clock by hand: `pass` moves it on. */
const handClock = (): Clock & { pass(ms: number): void } => {
  let now = 1_000_000;
  let waiting: { readonly at: number; readonly run: () => void }[] = [];
  return {
    now: () => now,
    after(ms, run) {
      const timer = { at: now + ms, run };
      waiting.push(timer);
      return () => {
        waiting = waiting.filter((each) => each !== timer);
      };
    },
    pass(ms) {
      now += ms;
      const due = waiting.filter(({ at }) => at <= now);
      waiting = waiting.filter(({ at }) => at > now);
      for (const { run } of due) run();
    },
  };
};

const setUp = () => {
  const clock = handClock();
  const asked: { readonly answer: (look: Look) => void; readonly signal: AbortSignal }[] = [];
  const probe = createProgramProbe(
    clock,
    ({ command = [] }) => command,
    (_, signal) => {
      const { promise, resolve } = Promise.withResolvers<Look>();
      signal.addEventListener('abort', () => resolve('late'), { once: true });
      asked.push({ answer: resolve, signal });
      return promise;
    },
  );
  return { clock, asked, probe };
};

const ever = new AbortController().signal;

describe('the probe of a program', () => {
  it('asks once, however often it is asked, and remembers', async () => {
    const { asked, probe } = setUp();
    const both = [probe(entry, ever), probe(entry, ever)];
    asked[0]?.answer(introduction);
    assert.deepEqual(
      (await Promise.all(both)).map(({ version }) => version),
      ['1.2.3', '1.2.3'],
    );
    assert.equal((await probe(entry, AbortSignal.abort())).version, '1.2.3');
    assert.equal(asked.length, 1);
  });

  it('does not wait long for a slow one, and knows it the next time', async () => {
    const { clock, asked, probe } = setUp();
    const first = probe(entry, ever);
    clock.pass(4_000);
    const { ok, version } = await first;
    assert.deepEqual([ok, version, asked[0]?.signal.aborted], [true, null, false]);
    const next = probe(entry, ever);
    asked[0]?.answer(introduction);
    assert.deepEqual([(await next).version, asked.length], ['1.2.3', 1]);
  });

  it('ends one that is far too slow, and asks again much later', async () => {
    const { clock, asked, probe } = setUp();
    const first = probe(entry, ever);
    clock.pass(4_000);
    await first;
    clock.pass(26_000);
    assert.equal(asked[0]?.signal.aborted, true);
    assert.deepEqual([(await probe(entry, ever)).version, asked.length], [null, 1]);
    clock.pass(10 * 60_000);
    const later = probe(entry, ever);
    asked[1]?.answer(introduction);
    assert.equal((await later).version, '1.2.3');
  });

  it('ends with whoever stops, and not with whoever only ran out of time', async () => {
    for (const [reason, ends] of [
      [new DOMException('', 'TimeoutError'), false],
      [undefined, true],
    ] as const) {
      const { asked, probe } = setUp();
      const caller = new AbortController();
      const waiting = probe(entry, caller.signal);
      caller.abort(reason);
      assert.deepEqual([(await waiting).version, asked[0]?.signal.aborted], [null, ends]);
    }
  });

  it('asks a broken one again each time', async () => {
    const { asked, probe } = setUp();
    const first = probe(entry, ever);
    asked[0]?.answer(failure('invalid_agent_response', 'no'));
    assert.equal((await first).ok, false);
    const next = probe(entry, ever);
    asked[1]?.answer(introduction);
    assert.equal((await next).ok, true);
  });
});
