// A terminal never obeys what an agent wrote.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { escapeLine, escapeText } from './escape.ts';

const cases: readonly (readonly [string, string, string])[] = [
  ['colours', '\u001b[31mred\u001b[0m', 'red'],
  ['a link', '\u001b]8;;http://evil.example\u001b\\click\u001b]8;;\u001b\\', 'click'],
  ['a title', '\u001b]0;owned\u0007text', 'text'],
  ['a clipboard write', '\u001b]52;c;Zm9v\u0007after', 'after'],
  ['device control', 'a\u001bPq#0\u001b\\b', 'ab'],
  ['8-bit sequences', 'a\u009b31mb\u009d0;t\u009cc', 'abc'],
  ['a reset', 'a\u001bcb', 'ab'],
  ['overwriting the line', 'safe\rFAKE', 'safe\nFAKE'],
  ['backspaces and bells', 'a\b\u0007b\u007f', 'ab'],
  ['text in [brackets]', 'see [1] and [[x]] \\[y]', 'see [1] and [[x]] \\[y]'],
  ['a turned direction', 'a\u202eb', 'a<U+202E>b'],
  ['tags', 'a\u{e0041}b', 'a<U+E0041>b'],
  ['an unfinished title keeps its text', '\u001b]0;never ended', '0;never ended'],
  ['umlauts, Chinese and emoji stay', 'Größe 网格 🛠\u200d', 'Größe 网格 🛠\u200d'],
];

for (const [name, given, shown] of cases)
  void test(`escape: ${name}`, () => {
    assert.equal(escapeText(given), shown);
  });

const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001b',
      '[',
      ']',
      'P',
      '\\',
      '\u0007',
      '\u009b',
      '\u009c',
      '\u009d',
      '\r',
      '\n',
      '\u202e',
      '0',
      ';',
      'm',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 60,
});

void test('nothing that a terminal obeys survives, twice is once, printable ASCII stays', () => {
  fc.assert(
    fc.property(nasty, (text) => {
      const shown = escapeText(text);
      for (const char of shown) {
        const code = char.codePointAt(0) ?? 0;
        assert.ok(code >= 0x20 || code === 0x09 || code === 0x0a, `U+${code.toString(16)}`);
        assert.ok(code < 0x7f || code > 0x9f, `U+${code.toString(16)}`);
        assert.ok(!(code >= 0x202a && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069));
      }
      assert.equal(escapeText(shown), shown);
      assert.ok(!escapeLine(text).includes('\n'));
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
      assert.equal(escapeText(text), text);
    }),
  );
});

void test('a megabyte of openers is escaped without delay that grows with its square', () => {
  const start = process.cpuUsage();
  for (const opener of ['\u001b]', '\u001b[', '\u001bP', '\u009d0;', '\u001b[0;'])
    escapeText(opener.repeat(200_000));
  // Linear needs well under a second; quadratic needs minutes.
  assert.ok(process.cpuUsage(start).user < 20_000_000);
});
