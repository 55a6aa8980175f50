// Makes a small git repository with one fault in it, chosen by a seed: what the demo and the tests let a team repair.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Fault } from './faulty-project.ts';
import { FAULTS, MISSING_CODE, PROJECT } from './faulty-project.ts';

export interface FaultyRepo {
  /** Absolute path of the work tree. */
  readonly repo: string;
  readonly fault: Fault;
  readonly repairable: boolean;
}

/** Fixed, so that the same seed gives the same commits. */
const AUTHOR = ['-c', 'user.name=AgentMesh demo', '-c', 'user.email=demo@localhost'];
const DATES = { GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z', GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z' };

const git = (repo: string, ...args: readonly string[]): void => {
  execFileSync(
    'git',
    [
      '-c',
      'init.defaultBranch=main',
      '-c',
      'commit.gpgsign=false',
      '-c',
      'core.hooksPath=',
      ...AUTHOR,
      ...args,
    ],
    {
      cwd: repo,
      stdio: 'ignore',
      // The settings of whoever runs this do not matter here.
      env: {
        PATH: process.env['PATH'],
        HOME: repo,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_CONFIG_GLOBAL: '/dev/null',
        ...DATES,
      },
    },
  );
};

/**
 * A repository at `dir` (made when absent; must be empty) with two commits: the project, then the fault.
 * `seed` is a whole number; seeds that differ by less than FAULTS.length have different faults.
 * With `repairable: false` the fault is one that no small change undoes.
 */
export const makeFaultyRepo = (
  dir: string,
  seed: number,
  options: { readonly repairable?: boolean } = {},
): FaultyRepo => {
  const repairable = options.repairable ?? true;
  const fault = repairable ? FAULTS[Math.abs(Math.trunc(seed)) % FAULTS.length] : MISSING_CODE;
  const original = fault === undefined ? undefined : PROJECT[fault.file];
  if (fault === undefined || original?.includes(fault.right) !== true)
    throw new Error(`no fault can be made from the seed ${seed}`);
  const write = (file: string, text: string): void => {
    const path = join(dir, ...file.split('/'));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  for (const [file, text] of Object.entries(PROJECT)) write(file, text);
  git(dir, 'init', '--quiet');
  git(dir, 'add', '.');
  git(dir, 'commit', '--quiet', '-m', 'The shop');
  write(
    fault.file,
    original.replace(fault.right, () => fault.wrong),
  );
  git(dir, 'commit', '--quiet', '-a', '-m', `Tidy up ${fault.file}`);
  return { repo: dir, fault, repairable };
};
