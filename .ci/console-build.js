// Builds the console into dist/console when what it is made of has changed since the last build.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runQuietly } from './command.js';
import { phase } from './phase.js';

/** Everything that can change the built pages: the sources, the rooms that they import, the tools. */
const MADE_OF = ['console', 'angular.json', 'tsconfig.json', 'api/contract', 'machines', 'package-lock.json'];

const filesUnder = (path) => {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true })
    .map((name) => join(path, name))
    .filter((file) => statSync(file).isFile())
    .sort();
};

const hashOf = (root) => {
  const hash = createHash('sha256');
  for (const file of MADE_OF.flatMap((path) => filesUnder(join(root, path)))) {
    if (/\.(spec|test|testsuite)\.ts$/.test(file)) continue;
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
};

/**
 * @param {string} root the checkout, packages installed
 * @param {string} node the Node that runs Angular's tools
 */
export const buildConsole = async (root, node) => {
  if (!existsSync(join(root, 'angular.json'))) {
    process.stderr.write('no console to build: there is no angular.json\n');
    return;
  }
  const stamp = join(root, 'dist', 'console', '.built-from');
  const hash = hashOf(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  const ng = join(root, 'node_modules', '@angular', 'cli', 'bin', 'ng.js');
  await phase('building the console', () => runQuietly(node, [ng, 'build'], { cwd: root }));
  writeFileSync(stamp, hash);
};
