// Cutting stdout into text and events: the same wherever the chunks end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AdapterEvent } from '../adapter.ts';
import { parseEventLine, StdoutLines } from './stdout-lines.ts';

describe('command: cutting stdout', () => {
  const cut = (chunks: readonly Uint8Array[]): { text: string; events: AdapterEvent[] } => {
    const lines = new StdoutLines();
    const pieces = [...chunks.flatMap((chunk) => lines.push(chunk)), ...lines.end()];
    return {
      text: pieces.map((piece) => ('text' in piece ? piece.text : '')).join(''),
      events: pieces.flatMap((piece) => ('event' in piece ? [piece.event] : [])),
    };
  };

  it('gives the same wherever the chunks are cut', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')),
      fc
        .record({
          kind: fc.constantFrom('status', 'message', 'other'),
          payload: fc.record({ state: fc.string(), role: fc.string(), text: fc.string() }),
        })
        .map((value) => JSON.stringify(value)),
      fc.json().map((text) => `{${text}`),
    );
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat({ max: 400 })), fc.boolean(), (lines, cuts, ends) => {
        const bytes = Buffer.from(lines.join('\n') + (ends ? '\n' : ''));
        const whole = cut([bytes]);
        const marks = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const parts = marks.slice(1).map((end, at) => bytes.subarray(marks[at] ?? 0, end));
        assert.deepEqual(cut(parts), whole);
        const text = lines.filter((each) => parseEventLine(each) === null);
        assert.equal(whole.events.length, lines.length - text.length);
      }),
    );
  });

  it('takes no event that nests deeper than the log allows', () => {
    const deep = `{"kind":"status","payload":{"state":"x","data":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`;
    assert.equal(parseEventLine(deep), null);
    assert.notEqual(parseEventLine('{"kind":"status","payload":{"state":"[[[[[","text":"\\"{"}}'), null);
  });
});
