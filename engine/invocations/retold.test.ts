// What an adapter tells again is counted off against the log: whatever was recorded, and however it was cut, the rest is news.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { EventV1 } from '#machines/nouns/event';
import type { AdapterEvent } from '../agents/adapter.ts';
import { createRetold } from './retold.ts';

let seq = 0;

const recordedAs = ({ kind, payload, delta }: AdapterEvent, source = 'agent'): EventV1 => ({
  schema_version: '1',
  ts: '2026-01-01T00:00:00.000Z',
  run_id: 'r',
  kind,
  task_id: null,
  step: null,
  payload,
  metadata: { agent: 'a', source, ...(delta === true ? { delta: true } : {}) },
  team_run_id: null,
  id: `e${String((seq += 1))}`,
  seq,
});

const message = (text: string, delta = false): AdapterEvent => ({
  kind: 'message',
  payload: { role: 'agent', text },
  ...(delta ? { delta: true } : {}),
});

const tool = (name: string, phase: 'start' | 'end'): AdapterEvent => ({
  kind: 'tool',
  payload: { name, phase, call_id: `${name}-1` },
});

describe('what is told again', () => {
  it('is news from where the log ends, for any words and any cut (property)', () => {
    // Few words, so that an agent often says the same thing twice.
    const event = fc.oneof(
      fc.constantFrom('yes', 'no', 'a', 'aa').map((text) => message(text)),
      fc.constantFrom<'start' | 'end'>('start', 'end').map((phase) => tool('ls', phase)),
      fc
        .constantFrom('one', 'two')
        .map((text): AdapterEvent => ({ kind: 'reasoning', payload: { text }, metadata: { any: 'thing' } })),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), fc.nat(30), (said, cut) => {
        const retold = createRetold(said.slice(0, cut).map((each) => recordedAs(each)));
        assert.deepEqual(
          said.flatMap((each) => retold.news(each) ?? []),
          said.slice(cut),
        );
      }),
    );
  });

  it('is news from the very letter at which a streamed text ended (property)', () => {
    const pieces = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(pieces, fc.nat(80), fc.nat(80), (said, end, joint) => {
        // Numbered, so that no piece is a part of another.
        const all = said.map((word, at) => `<${String(at)}:${word}>`);
        const text = all.join('');
        const cut = Math.min(end, text.length);
        const [first, second] = [text.slice(0, Math.min(joint, cut)), text.slice(Math.min(joint, cut), cut)];
        const retold = createRetold([first, second].map((part) => recordedAs(message(part, true))));
        const news = all.flatMap((piece) => retold.news(message(piece, true)) ?? []);
        assert.equal(news.map(({ payload }) => (payload as { text: string }).text).join(''), text.slice(cut));
      }),
    );
  });

  it('is no news where a history holds as messages what was streamed in pieces', () => {
    const retold = createRetold([message('one two three', true)].map((each) => recordedAs(each)));
    const news = ['one ', 'two ', 'three', 'four'].map((text) => retold.news(message(text)));
    assert.deepEqual(news, [null, null, null, message('four')]);
  });

  it('is no news where it says that the agent has what it is at work on already', () => {
    const submitted: AdapterEvent = { kind: 'status', payload: { state: 'submitted' } };
    const working: AdapterEvent = { kind: 'status', payload: { state: 'working' } };
    assert.deepEqual(createRetold([recordedAs(submitted, 'engine')]).news(submitted), submitted);
    assert.equal(createRetold([recordedAs(submitted)]).news(submitted), null);
    const begun = createRetold([recordedAs(message('hello'))]);
    assert.deepEqual([begun.news(submitted), begun.news(working)], [null, working]);
  });

  it('is not counted off against what the engine wrote', () => {
    const working: AdapterEvent = { kind: 'status', payload: { state: 'working' } };
    assert.deepEqual(createRetold([recordedAs(working, 'engine')]).news(working), working);
    assert.equal(createRetold([recordedAs(working)]).news(working), null);
  });
});
