// Cutting what a program prints into JSON lines: the same wherever the chunks end, with limits that hold.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '#machines/nouns/limits';
import { AgentFault } from './agent-fault.ts';
import { depthOf, JsonLines, readLine, type Line } from './json-lines.ts';

const cut = (chunks: readonly Uint8Array[]): Line[] => {
  const lines = new JsonLines();
  return [...chunks.flatMap((chunk) => [...lines.push(chunk)]), ...lines.end()];
};

describe('JSON lines of a program', () => {
  it('are the same wherever the chunks are cut, and hold every value and every word', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')),
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })).map((value) => JSON.stringify(value)),
      fc.json().map((text) => `{${text}`),
      fc.constantFrom('', '\r', '  ', '\u2028'),
    );
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat({ max: 400 })), fc.boolean(), (lines, cuts, ends) => {
        const bytes = Buffer.from(lines.join('\n') + (ends ? '\n' : ''));
        const marks = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const parts = marks.slice(1).map((end, at) => bytes.subarray(marks[at] ?? 0, end));
        const whole = cut([bytes]);
        assert.deepEqual(cut(parts), whole);
        const said = Buffer.from(lines.join('\n'))
          .toString()
          .split('\n')
          .filter((text) => text.trim() !== '');
        assert.equal(whole.length, said.length);
      }),
    );
  });

  it('an object is a value, everything else is talk', () => {
    assert.deepEqual(readLine(' {"a":1}\r'), { value: { a: 1 } });
    for (const talk of ['hello', '[1]', '1', '"x"', '{broken', 'null'])
      assert.deepEqual(readLine(talk), { text: talk });
    assert.equal(readLine(' \t '), null);
  });

  it('nests as deep as the log allows, and brackets inside of strings do not count', () => {
    const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    assert.equal(depthOf(nested(LIMITS.jsonDepth)), LIMITS.jsonDepth);
    assert.ok('value' in (readLine(nested(LIMITS.jsonDepth)) ?? {}));
    assert.throws(() => readLine(nested(LIMITS.jsonDepth + 1)), AgentFault);
    assert.equal(depthOf(JSON.stringify({ a: '[[[[[["{{{{\\' })), 1);
  });

  it('a line without an end is given up, not collected', () => {
    const lines = new JsonLines();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    assert.throws(() => {
      for (let at = 0; at < 64; at += 1)
        for (const line of lines.push(chunk)) assert.fail(JSON.stringify(line));
    }, /more than 16777216 bytes/);
  });
});
