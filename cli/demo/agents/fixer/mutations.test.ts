// Mutations change code, never texts or comments; a diff of one applies with git.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { unifiedDiff } from './diff.ts';
import { applyMutation, mutationsOf } from './mutations.ts';
import { tokenize } from './tokens.ts';

const changes = (code: string): string[] =>
  mutationsOf(code, new Set([1])).map((mutation) => applyMutation(code, mutation));

describe('mutationsOf', () => {
  it('swaps comparisons, operators, constants and methods', () => {
    assert.ok(changes('if (a < b) go();').includes('if (a <= b) go();'));
    assert.ok(changes('if (a < b) go();').includes('if (!(a < b)) go();'));
    assert.ok(changes('x = a + b;').includes('x = a - b;'));
    assert.ok(changes('x = a - 1;').includes('x = a ;'));
    assert.ok(changes('x = 5;').includes('x = 6;'));
    assert.ok(changes('x = true;').includes('x = false;'));
    assert.ok(changes('x = Math.min(a, b);').includes('x = Math.max(a, b);'));
    assert.ok(changes('f = (a) => a.b;').includes('f = (a) => !(a.b);'));
    assert.ok(changes('f = (r) => r.to - r.from;').includes('f = (r) => (r.to - r.from) + 1;'));
  });
  it('leaves texts, templates, regular expressions and comments alone', () => {
    for (const code of ["x('a < b && 1');", 'x(`a < ${b}`);', 'x(/[<>]+/);', '// a < b', '/* 1 + 1 */'])
      for (const changed of changes(code))
        assert.ok(/^x\(!|^x/.test(changed) && changed.includes(code.slice(2, -2)), changed);
  });
  it('touches only the lines it is given', () => {
    assert.deepEqual(
      mutationsOf('a < b;\nc < d;', new Set([2]))
        .map(({ line }) => line)
        .filter((line) => line !== 2),
      [],
    );
  });
});

const pieces = fc
  .array(
    fc.constantFrom(
      'a',
      'b1',
      '.',
      '/',
      '*',
      "'",
      '"',
      '`',
      '${',
      '}',
      '(',
      '[',
      ']',
      '=',
      '!',
      '&&',
      '\n',
      '\\',
      ' ',
    ),
  )
  .map((parts) => parts.join(''));

describe('tokenize', () => {
  it('covers any text in order and without overlap', () => {
    fc.assert(
      fc.property(pieces, (code) => {
        let last = 0;
        for (const { start, end, text } of tokenize(code)) {
          assert.ok(start >= last && end > start && end <= code.length);
          assert.equal(code.slice(start, end), text);
          last = end;
        }
      }),
    );
  });
});

describe('unifiedDiff', () => {
  it('applies with git, wherever the change is', () => {
    const dir = mkdtempSync(join(tmpdir(), 'agentmesh-diff-'));
    try {
      const lines = Array.from({ length: 9 }, (_, index) => `line ${index}`);
      for (const at of [0, 1, 4, 7, 8]) {
        const before = `${lines.join('\n')}\n`;
        const after = before.replace(`line ${at}`, `changed ${at}`);
        writeFileSync(join(dir, 'f.txt'), before);
        execFileSync('git', ['apply', '-'], { cwd: dir, input: unifiedDiff('f.txt', before, after) });
        assert.equal(readFileSync(join(dir, 'f.txt'), 'utf8'), after);
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});
