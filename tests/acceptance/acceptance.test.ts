// The table of acceptance lines is sound: its proofs exist, nothing without a proof is green, and the page is up to date.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LINES, linesUpTo, MILESTONES } from './lines.ts';
import { acceptancePage, PAGE } from './page.ts';
import { isFast, judgeTests, readTap, ROOT } from './proof.ts';
import { isAccepted, resultOf } from './table.ts';

const [line] = LINES;
assert.ok(line);
const good = { name: 'a', verdict: { green: true, why: '' } };
const bad = { name: 'b', verdict: { green: false, why: 'broken' } };

describe('acceptance lines', () => {
  it('name test files that exist, and tests that stand in them', () => {
    for (const { text, proofs } of LINES)
      for (const proof of proofs) {
        if (proof.kind !== 'tests') continue;
        assert.ok(existsSync(join(ROOT, proof.file)), `${text}: ${proof.file}`);
        // The tests of a suite that several files run stand in the suite.
        const suite = join(ROOT, proof.file.replace(/\.test\.ts$/, '.testsuite.ts'));
        const source = [join(ROOT, proof.file), suite]
          .filter((file) => existsSync(file))
          .map((file) => readFileSync(file, 'utf8'))
          .join('\n');
        for (const name of proof.names) assert.ok(source.includes(`'${name}'`), `${proof.file}: ${name}`);
      }
  });

  it('of m0 all have a proof; each milestone includes the ones before', () => {
    assert.deepEqual(
      linesUpTo('m0').filter(({ proofs }) => proofs.length === 0),
      [],
    );
    const sizes = MILESTONES.map((milestone) => linesUpTo(milestone).length);
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => a - b),
    );
    assert.equal(sizes.at(-1), LINES.length);
  });

  it('are green only with proofs that are all green', () => {
    assert.equal(resultOf(line, []).state, 'not yet');
    assert.equal(resultOf(line, [good]).state, 'green');
    assert.equal(resultOf(line, [good, bad]).state, 'red');
    const of = (...proofs: readonly (typeof good)[]) => resultOf(line, proofs);
    assert.equal(isAccepted([of(good), of(good)]), true);
    assert.equal(isAccepted([of(good), of()]), false);
    assert.equal(isAccepted([of(good), of(bad)]), false);
    assert.equal(isAccepted([]), false);
  });

  it('stand in docs/acceptance.md as they stand in the table', async () => {
    assert.equal(readFileSync(join(ROOT, PAGE), 'utf8'), await acceptancePage());
  });
});

describe('a proof', () => {
  const run = (source: string): { readonly code: number | null; readonly tap: string } => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        '--test-reporter=tap',
        '--input-type=module',
        '-e',
        `import { describe, it } from 'node:test'; ${source}`,
      ],
      { encoding: 'utf8', env },
    );
    return { code: status, tap: stdout };
  };

  it('by tests needs each named test to have run and passed', () => {
    const { code, tap } = run(
      "describe('all', () => { it('one # and \\\\ two', () => {}); it('bad', () => { throw new Error('x'); }); });",
    );
    assert.deepEqual(
      [...readTap(tap)],
      [
        ['one # and \\ two', true],
        ['bad', false],
        ['all', false],
      ],
    );
    assert.equal(judgeTests(['one # and \\ two'], code, tap).green, true);
    assert.equal(judgeTests(['bad'], code, tap).green, false);
    assert.equal(judgeTests(['of another name'], code, tap).green, false);
    assert.equal(judgeTests([], code, tap).green, false);
  });

  it('by a whole file needs at least one test, and exit code 0', () => {
    const empty = run('');
    assert.equal(judgeTests([], empty.code, empty.tap).green, false);
    const fine = run("it('one', () => {});");
    assert.equal(judgeTests([], fine.code, fine.tap).green, true);
    assert.equal(judgeTests([], 1, fine.tap).green, false);
  });

  it('by the benchmark of commands needs every mean under two seconds', () => {
    const lines = (...means: readonly number[]): string =>
      means.map((mean) => JSON.stringify({ case: 'x', mean_ms: mean })).join('\n');
    assert.equal(isFast(lines(100, 200, 300, 1_999)), true);
    assert.equal(isFast(lines(100, 200, 300, 2_000)), false);
    assert.equal(isFast(lines(100)), false);
    assert.equal(isFast(''), false);
  });
});
