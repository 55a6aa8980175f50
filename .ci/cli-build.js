// Builds the bundle of the command line into dist/cli when what it is made of has changed since the last build.
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runQuietly } from './command.js';
import { phase } from './phase.js';

/** The question that cli/bin/agentmesh.js asks at each start: is each file as it was, and is this the same Node? */
const isFresh = (root, node) => {
  try {
    const made = JSON.parse(readFileSync(join(root, 'dist', 'cli', 'agentmesh.json'), 'utf8'));
    return (
      made.node === realpathSync(node) &&
      made.files.every(([path, size, mtimeMs]) => {
        const now = statSync(join(root, path));
        return now.size === size && now.mtimeMs === mtimeMs;
      })
    );
  } catch {
    return false;
  }
};

/**
 * Bundles the command line where that is needed. Without the bundle it runs from its sources, only slower, so a failure is
 * told and stops nothing.
 * @param {string} root the checkout, packages installed
 * @param {string} node the Node that is to run the bundle
 */
export const buildCli = async (root, node) => {
  const bundler = join(root, '.ci', 'cli-bundle.js');
  if (!existsSync(join(root, 'cli')) || isFresh(root, node)) return;
  try {
    const bundle = () => runQuietly(node, [bundler], { cwd: root });
    await phase('bundling the command line', bundle, { unlessDoneInMs: 1_500 });
  } catch (error) {
    process.stderr.write(`${error.message}\nagentmesh runs from its sources now\n`);
  }
};
