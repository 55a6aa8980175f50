// For tests: a checkout of the command line alone, to be bundled, edited and damaged.
import { spawnSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
// prettier-ignore
const PARTS = ['cli', '.ci', 'api/contract', 'machines', 'package.json', 'package-lock.json', 'tsconfig.json'];

export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Copies it to a folder that is not there yet; the packages are those of this checkout. */
export const copyCheckout = (root: string): string => {
  for (const part of PARTS) cpSync(join(ROOT, part), join(root, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
};

/** Its launcher of `agentmesh`. */
export const launcherOf = (root: string): string => join(root, 'cli', 'bin', 'agentmesh.js');

/** Bundles its command line. */
export const bundle = (root: string): Said =>
  spawnSync(process.execPath, [join(root, '.ci', 'cli-bundle.js')], { encoding: 'utf8' });
