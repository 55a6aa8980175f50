// The checkout as the tests of the ground see it: where it is and which files are ours.
import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

/** Made by tools or brought by npm, never written by hand. */
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.agentmesh', '.angular', 'artifacts']);

/** All files of ours under `folder`, relative to the checkout, with forward slashes. */
export const ourFiles = (folder = ROOT): readonly string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.has(entry.name)) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ourFiles(path);
    return entry.isFile() ? [relative(ROOT, path).split(sep).join('/')] : [];
  });
