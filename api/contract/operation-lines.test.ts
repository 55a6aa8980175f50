// What a person is shown of an operation is all of it: no value missing, none hidden, no two operations alike.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { operationLines } from './operation-lines.ts';

void test('an operation reads as it would be written down', () => {
  assert.deepEqual(
    operationLines({
      command: ['git', 'push', '--force'],
      cwd: '/work',
      env: {},
      diff: '--- a\n+++ b\n+\tx',
      n: 1,
      text: '1',
    }),
    [
      'command:',
      '  - git',
      '  - push',
      '  - "--force"',
      'cwd: /work',
      'env: {}',
      'diff:',
      '  │ --- a',
      '  │ +++ b',
      '  │ +\tx',
      'n: 1',
      'text: "1"',
    ],
  );
  assert.deepEqual(operationLines('make'), ['make']);
  assert.deepEqual(operationLines(null), ['null']);
});

void test('nothing hides: escapes, direction marks and invisible characters are written out', () => {
  assert.deepEqual(
    operationLines({
      command: 'ls\u001b[8m; rm -rf ~\u001b[0m',
      name: 'a\u202eb\u200b',
      lines: 'a\r\nb\u0000\\',
    }),
    [
      'command: "ls\\u001b[8m; rm -rf ~\\u001b[0m"',
      'name: "a\\u202eb\\u200b"',
      'lines:',
      '  ┊ a\\u000d',
      '  ┊ b\\u0000\\\\',
    ],
  );
});

/** Reads the lines back: what a careful person does. */
const scalar = (word: string): unknown =>
  /^["[{]|^(?:true|false|null)$|^-?\d[\d.eE+-]*$/.test(word) ? (JSON.parse(word) as unknown) : word;

const readBlock = (lines: readonly string[]): string =>
  lines
    .map((line) =>
      line.startsWith('│ ')
        ? line.slice(2)
        : (JSON.parse(`"${line.slice(2).replaceAll('"', '\\"')}"`) as string),
    )
    .join('\n');

const read = (lines: readonly string[]): unknown => {
  const [first = ''] = lines;
  if (/^[│┊]/.test(first)) return readBlock(lines);
  const entries: { readonly head: string; readonly below: string[] }[] = [];
  for (const line of lines)
    if (line.startsWith('  ')) entries.at(-1)?.below.push(line.slice(2));
    else entries.push({ head: line, below: [] });
  const inner = (word: string, below: readonly string[]): unknown =>
    below.length > 0 ? read(below) : scalar(word);
  if (/^-(?: |$)/.test(first)) return entries.map(({ head, below }) => inner(head.slice(2), below));
  const pair = /^("(?:[^"\\]|\\.)*"|[^":][^:]*):(?: (.*))?$/s;
  if (!pair.test(first)) return scalar(first);
  return Object.fromEntries(
    entries.map(({ head, below }) => {
      const [, key = '', word = ''] = pair.exec(head) ?? [];
      return [scalar(key.startsWith('"') ? key : JSON.stringify(key)), inner(word, below)];
    }),
  );
};

const odd = fc.constantFrom(
  '\n',
  '\t',
  '- ',
  ': ',
  '"',
  '\\',
  ' ',
  '│ ',
  '┊ ',
  '\u001b',
  '\u202e',
  '1',
  'true',
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.oneof(odd, fc.string({ maxLength: 3 })), { maxLength: 6 }).map((parts) => parts.join('')),
);
const { operation: anyOperation } = fc.letrec<{ operation: unknown }>((tie) => ({
  operation: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('operation'), { maxLength: 4 }),
    fc.dictionary(text, tie('operation'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

void test('the operation can be read back from its lines, and a terminal obeys none of them', () => {
  fc.assert(
    fc.property(anyOperation, (given) => {
      const operation = JSON.parse(JSON.stringify(given)) as unknown;
      const lines = operationLines(operation);
      for (const line of lines) assert.doesNotMatch(line, /[\p{Cf}\p{Zl}\p{Zp}]|(?!\t)\p{Cc}/u);
      assert.deepEqual(read(lines), operation);
    }),
    { numRuns: 10_000 },
  );
});
