// The bundle of the command line: it runs while it is of these very sources, and never else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bundle, copyCheckout, launcherOf, type Said } from '../testing/checkout.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'agentmesh-bundle-')));
after(() => {
  rmSync(folder, { recursive: true });
});

interface Made {
  node: string;
  readonly bundle: string;
  readonly code: string;
  readonly files: (readonly [string, number, number])[];
}

const agentmesh = (
  root: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Said =>
  spawnSync(process.execPath, [launcherOf(root), ...words], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
  });

const listOf = (root: string): string => join(root, 'dist', 'cli', 'agentmesh.json');
const madeIn = (root: string): Made => JSON.parse(readFileSync(listOf(root), 'utf8')) as Made;

/** Writes the list anew, with size and time of the bundle as they are now. */
const relist = (root: string, made: Made): void => {
  const files = made.files.map(([path]) => {
    const { size, mtimeMs } = statSync(join(root, path));
    return [path, size, mtimeMs];
  });
  writeFileSync(listOf(root), JSON.stringify({ ...made, files }));
};

const HELP = ['version', '--help'];
const OLD = /^Version of this program$/m;
const NEW = /^Verzion of this program$/m;
const EDITED = join('cli', 'commands', 'version.ts');
/** A whole second, which utimes can give back exactly. */
const THEN = new Date('2026-01-01T00:00:00Z');

const edit = (root: string): void => {
  const file = join(root, EDITED);
  writeFileSync(file, readFileSync(file, 'utf8').replace('Version of this', 'Verzion of this'));
};

/** A checkout whose bundle and sources differ, though every file is as large and as old as it was: it shows what runs. */
const twofold = (name: string): string => {
  const root = copyCheckout(join(folder, name));
  utimesSync(join(root, EDITED), THEN, THEN);
  assert.equal(bundle(root).status, 0);
  edit(root);
  utimesSync(join(root, EDITED), THEN, THEN);
  return root;
};

describe('what runs', () => {
  let root = '';
  before(() => {
    root = twofold('twofold');
  });

  test('the bundle, while every file is as large and as old as when it was made', () => {
    assert.match(agentmesh(root, HELP).stdout, OLD);
  });

  test('the sources, when AGENTMESH_DEBUG asks for stacks that name their lines', () => {
    assert.match(agentmesh(root, HELP, { AGENTMESH_DEBUG: '1' }).stdout, NEW);
  });

  test('the sources, as soon as one of them was touched, was edited, or is another', () => {
    for (const change of [
      () => {
        utimesSync(join(root, EDITED), THEN, new Date());
      },
      () => {
        utimesSync(join(root, EDITED), THEN, new Date(THEN.getTime() - 1_000));
      },
      () => {
        appendFileSync(join(root, EDITED), '\n');
        utimesSync(join(root, EDITED), THEN, THEN);
      },
    ]) {
      const text = readFileSync(join(root, EDITED));
      change();
      const { stdout, stderr } = agentmesh(root, HELP);
      assert.match(stdout, NEW, stderr);
      writeFileSync(join(root, EDITED), text);
      utimesSync(join(root, EDITED), THEN, THEN);
      assert.match(agentmesh(root, HELP).stdout, OLD);
    }
  });

  test('an edit anywhere in the command line is seen by the next command', () => {
    for (const file of ['cli/agentmesh.ts', 'machines/nouns/error-codes.ts', 'package.json']) {
      const { atime, mtime } = statSync(join(root, file));
      utimesSync(join(root, file), atime, new Date());
      assert.match(agentmesh(root, HELP).stdout, NEW, file);
      const made = madeIn(root);
      utimesSync(join(root, file), atime, mtime);
      relist(root, made);
    }
    assert.match(agentmesh(root, HELP).stdout, OLD);
  });
});

describe('a bundle that is broken', () => {
  const damages: Readonly<Record<string, (root: string, made: Made) => void>> = {
    'has no list': (root) => {
      rmSync(listOf(root));
    },
    'has half a list': (root) => {
      writeFileSync(listOf(root), readFileSync(listOf(root), 'utf8').slice(0, 200));
    },
    'has a list of something else': (root) => {
      writeFileSync(listOf(root), '{"node":"","files":7}');
    },
    'was compiled by another Node': (root, made) => {
      writeFileSync(listOf(root), JSON.stringify({ ...made, node: '/usr/bin/another-node' }));
    },
    'is gone': (root, made) => {
      rmSync(join(root, 'dist', 'cli', made.bundle));
    },
    'has lost its compiled code': (root, made) => {
      rmSync(join(root, 'dist', 'cli', made.code));
    },
    'was cut': (root, made) => {
      const file = join(root, 'dist', 'cli', made.bundle);
      writeFileSync(file, readFileSync(file, 'utf8').slice(0, 100_000));
    },
    'was cut, and is listed so': (root, made) => {
      const file = join(root, 'dist', 'cli', made.bundle);
      writeFileSync(file, readFileSync(file, 'utf8').slice(0, 100_000));
      relist(root, made);
    },
    'cannot begin': (root, made) => {
      writeFileSync(join(root, 'dist', 'cli', made.bundle), '(function () { throw new Error("no"); })');
      relist(root, made);
    },
    'has compiled code of other lines with a right size': (root, made) => {
      const file = join(root, 'dist', 'cli', made.code);
      writeFileSync(file, Buffer.alloc(statSync(file).size));
    },
  };

  let whole = '';
  before(() => {
    whole = twofold('whole');
  });

  for (const [what, damage] of Object.entries(damages))
    test(`that ${what}: the sources run, without a word about it`, () => {
      const root = join(folder, what.replaceAll(/\W+/g, '-'));
      cpSync(whole, root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      relist(root, madeIn(root));
      assert.match(agentmesh(root, HELP).stdout, OLD);
      damage(root, madeIn(root));
      const { status, stdout, stderr } = agentmesh(root, HELP);
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(stdout, NEW);
    });
});
