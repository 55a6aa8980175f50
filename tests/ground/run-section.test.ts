// Shows that the closing line of npm test can be believed: whatever goes wrong in a section is counted as failed.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { runSection } from '../../.ci/run-section.ts';
import type { Section } from '../../.ci/sections.ts';

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-sections-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const withTests = "import { describe, it, test } from 'node:test';\n";
const base = { about: '', fast: true, beside: true, limitSeconds: 60 };

/** Runs the given files as one section, each a process of its own. */
const run = async (id: string, texts: readonly string[], part: Partial<Section> = {}) => {
  const here = join(folder, id);
  mkdirSync(here);
  const files = texts.map((_, index) => join(here, `f${index}.test.mjs`));
  for (const [index, file] of files.entries()) writeFileSync(file, texts[index] ?? '');
  const work = { kind: 'node-test', takes: () => true, isolation: 'process' } as const;
  return runSection({ ...base, id, work, ...part }, files, here);
};

describe('a section of tests', () => {
  test('counts each test once, nested ones too, and no suite', async () => {
    const { passed, failed } = await run('counts', [
      `${withTests}describe('a', () => { it('b', () => {}); it('c', () => {}); });`,
      `${withTests}test('d', async (t) => { await t.test('e', () => {}); });`,
    ]);
    assert.deepEqual({ passed, failed }, { passed: 4, failed: 0 });
  });

  test('counts a failure where it happens and not again in its parents', async () => {
    const { passed, failures } = await run('fails', [
      `${withTests}describe('a', () => { it('b', () => { throw new Error('broken here'); }); it('c', () => {}); });`,
    ]);
    assert.equal(passed, 1);
    assert.deepEqual(
      failures.map(({ name }) => name),
      ['b'],
    );
    assert.match(failures[0]?.message ?? '', /broken here/);
  });

  const BAD: Readonly<Record<string, string>> = {
    'a skipped test': `${withTests}test('a', { ['sk' + 'ip']: 'not today' }, () => {});`,
    'a file without a test': 'export const nothing = 1;',
    'a file that cannot be loaded': "import './nowhere.mjs';",
    'a file that exits': `${withTests}test('a', () => process.exit(3));`,
    'a promise that nobody awaited': `${withTests}test('a', () => { void Promise.reject(new Error('lost')); });`,
    'a hook that throws': `${withTests}import { after } from 'node:test'; after(() => { throw new Error('no'); }); test('a', () => {});`,
  };
  for (const [index, [what, text]] of Object.entries(BAD).entries())
    test(`counts ${what} as failed`, async () => {
      const { failed, failures } = await run(`bad-${index}`, [text]);
      assert.ok(failed >= 1 && failures.length === failed, JSON.stringify({ failed, failures }));
    });

  test('is ended at its limit and counts as failed', async () => {
    const text = `${withTests}test('a', () => new Promise(() => { setInterval(() => {}, 1000); }));`;
    const { failed, failures } = await run('hangs', [text], { limitSeconds: 2 });
    assert.equal(failed, 1);
    assert.match(failures[0]?.message ?? '', /limit/);
  });
});

describe('a section of one command', () => {
  const command = (id: string, program: readonly string[], needs?: string) =>
    runSection({ ...base, id, work: { kind: 'command', program, ...(needs ? { needs } : {}) } }, [], folder);

  test('passes with exit code 0 and fails with any other, showing what it printed', async () => {
    assert.equal((await command('good', ['-e', '0'])).passed, 1);
    const bad = await command('bad', ['-e', 'console.log("why it failed"); process.exit(2)']);
    assert.equal(bad.failed, 1);
    assert.match(bad.failures[0]?.message ?? '', /exit code 2\nwhy it failed/);
  });

  test('is left out when the file that it is about does not exist', async () => {
    assert.equal((await command('none', ['-e', '0'], 'no/such/file.json')).empty, true);
  });
});
