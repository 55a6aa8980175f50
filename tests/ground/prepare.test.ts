// Shows that a checkout is made ready when it must be and left alone when not, and that programs are handed over whole.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, sep } from 'node:path';
import process from 'node:process';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { ROOT } from './tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-prepare-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The environment of somebody who has just cloned: none of the checkout's own programs on the PATH. */
const outside: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_TEST_CONTEXT: undefined,
  PATH: (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((part) => !part.includes(`node_modules${sep}.bin`))
    .join(delimiter),
};

const prepare = (...args: readonly string[]) =>
  spawnSync('node', [join(ROOT, '.ci/prepare.js'), ...args], { encoding: 'utf8', env: outside });

type Versions = Readonly<Record<string, string>>;
const lockfile = (versions: Versions, more: object = {}): string =>
  JSON.stringify({
    packages: {
      ...Object.fromEntries(
        Object.entries(versions).map(([name, version]) => [`node_modules/${name}`, { version }]),
      ),
      ...more,
    },
  });

/** A checkout whose lockfile asks for `wanted`, with `installed` as npm's own list (null: cut short). */
const isFresh = (
  name: string,
  wanted: string,
  installed: string | null,
  stamp?: string,
  removed?: string,
): boolean => {
  const root = join(folder, name);
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(join(root, 'package-lock.json'), wanted);
  if (installed !== null) {
    writeFileSync(join(root, 'node_modules/.package-lock.json'), installed);
    const { packages } = JSON.parse(installed) as { packages: Record<string, unknown> };
    for (const path of Object.keys(packages).filter((each) => each !== '' && each !== removed)) {
      mkdirSync(join(root, path), { recursive: true });
      writeFileSync(join(root, path, 'package.json'), '{}');
    }
  }
  if (stamp !== undefined) writeFileSync(join(root, 'node_modules/.installed-from'), stamp);
  const module = pathToFileURL(join(ROOT, '.ci/packages.js')).href;
  const ask = `import(${JSON.stringify(module)}).then((m) => console.log(m.arePackagesFresh(${JSON.stringify(root)})))`;
  return spawnSync('node', ['-e', ask], { encoding: 'utf8', env: outside }).stdout.trim() === 'true';
};

describe('an install', () => {
  const one = lockfile({ a: '1.0.0', b: '2.0.0' });

  test('is kept when npm installed by hand what the lockfile asks for', () => {
    assert.equal(isFresh('same', one, one), true);
  });
  test('is kept without the optional packages of other platforms', () => {
    const more = { 'node_modules/c': { version: '1.0.0', optional: true } };
    assert.equal(isFresh('optional', lockfile({ a: '1.0.0' }, more), lockfile({ a: '1.0.0' })), true);
  });
  test('is made again for another version, a package too few and a package too many', () => {
    assert.equal(isFresh('other', one, lockfile({ a: '1.0.0', b: '2.0.1' })), false);
    assert.equal(isFresh('few', one, lockfile({ a: '1.0.0' })), false);
    assert.equal(isFresh('many', one, lockfile({ a: '1.0.0', b: '2.0.0', c: '1.0.0' })), false);
  });
  test('is made again when the folder of a package was removed', () => {
    assert.equal(isFresh('removed', one, one, undefined, 'node_modules/b'), false);
  });
  test('is made again when it was cut short', () => {
    assert.equal(isFresh('cut', one, null), false);
  });
  test('is made again when its stamp is of another lockfile', () => {
    assert.equal(isFresh('stamp', one, lockfile({ a: '1.0.0' }), 'of another lockfile'), false);
  });
});

describe('a phase', () => {
  /** What is written to stderr while `work` runs. */
  const shown = (work: string, options: string): string => {
    const module = JSON.stringify(pathToFileURL(join(ROOT, '.ci/phase.js')).href);
    const ask = `import(${module}).then((m) => m.phase('counting', ${work}, ${options}))`;
    return spawnSync('node', ['-e', ask], { encoding: 'utf8', env: outside }).stderr;
  };
  const slow = '() => new Promise((done) => setTimeout(done, 300))';

  test('says that it begins and how long it took', () => {
    assert.match(shown('async () => 1', '{}'), /^counting …\ncounting: done in [\d.]+ s\n$/);
  });
  test('may keep quiet as long as it is quick, and speaks when it is not', () => {
    assert.equal(shown('async () => 1', '{ unlessDoneInMs: 60_000 }'), '');
    assert.match(shown(slow, '{ unlessDoneInMs: 1 }'), /^counting …\ncounting: done in [\d.]+ s\n$/);
  });
  test('is told of when it fails, however quick', () => {
    assert.match(
      shown('async () => { throw new Error("no") }', '{ unlessDoneInMs: 60_000 }'),
      /^counting: failed/,
    );
  });
});

describe('a program', () => {
  const program = join(folder, 'program.ts');
  writeFileSync(
    program,
    `const [, , ...args]: string[] = process.argv;
     console.log(JSON.stringify({ node: Number(process.versions.node.split('.')[0]), args, cwd: process.cwd() }));
     process.exitCode = 7;`,
  );

  test('gets Node 24, its arguments as they are, the checkout as its folder; its exit code is ours', () => {
    const { stdout, status } = prepare(program, '--keep', 'a b', '--', '-x');
    const seen = JSON.parse(stdout) as { node: number; args: string[]; cwd: string };
    assert.ok(seen.node >= 24);
    assert.deepEqual(seen.args, ['--keep', 'a b', '--', '-x']);
    assert.equal(seen.cwd, ROOT);
    assert.equal(status, 7);
  });

  test('is not started after a flag that prepare.js does not know', () => {
    const { stdout, stderr, status } = prepare('--consol', program);
    assert.equal(stdout, '');
    assert.match(stderr, /does not know --consol/);
    assert.equal(status, 1);
  });
});
