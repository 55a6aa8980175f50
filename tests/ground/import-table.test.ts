// Shows that the import table bites: each of its rules is broken once in a planted tree, and each must say so.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { ALLOWED, VIOLATIONS } from './planted-imports.ts';
import { ROOT } from './tree.ts';

interface Found {
  readonly rule: string;
  readonly from: string;
}

const TABLE = '.dependency-cruiser.cjs';

const cruise = (folder: string): readonly Found[] => {
  const cli = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const rooms = ['machines', 'engine', 'api', 'cli', 'console', 'tests'];
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [cli, '--config', TABLE, '--preserve-symlinks', '--output-type=json', ...rooms],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  assert.ok(stdout.startsWith('{'), `dependency-cruiser gave no report: ${stderr}`);
  const report = JSON.parse(stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  return report.summary.violations.map(({ from, rule }) => ({ rule: rule.name, from }));
};

describe('the import table', () => {
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-imports-'));
  let found: readonly Found[] = [];

  before(() => {
    for (const file of [TABLE, '.ci/cli-contents.js', 'package.json', 'tsconfig.json'])
      cpSync(join(ROOT, file), join(folder, file));
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const [file, text] of [
      ...Object.entries(ALLOWED),
      ...VIOLATIONS.map(([, path, code]) => [path, code] as const),
    ]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    found = cruise(folder);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [rule, file] of VIOLATIONS)
    test(`${rule}: ${file} is refused`, () => {
      const rules = found.filter(({ from }) => from === file).map((violation) => violation.rule);
      assert.ok(rules.includes(rule), `${file} broke ${rule}; reported: ${rules.join(', ') || 'nothing'}`);
    });

  test('what the table allows is not refused', () => {
    const refused = found.filter(({ from, rule }) => from in ALLOWED && rule !== 'no-circles');
    assert.deepEqual(refused, []);
  });

  test('each rule is broken by one of these files', () => {
    const load = createRequire(import.meta.url);
    const { forbidden } = load(join(ROOT, TABLE)) as { forbidden: { name: string; comment: string }[] };
    const planted = new Set(VIOLATIONS.map(([rule]) => rule));
    assert.deepEqual(
      forbidden.filter(({ name }) => !planted.has(name)).map(({ name }) => name),
      [],
    );
    assert.ok(
      forbidden.every(({ comment }) => comment.length > 40),
      'a rule says why',
    );
  });
});
