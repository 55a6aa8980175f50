// Finds a Node that runs this project: the one in node_modules, else the caller's own when it is new enough.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** The first Node 24 that Angular's tools accept; it also strips types without a flag. */
export const OLDEST = [24, 15];

/** @param {string} version such as 24.21.0 */
const isNewEnough = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
};

/**
 * @param {string} root the checkout
 * @returns {string | null} an absolute path, or null when there is none (before the first install)
 */
export const findNode = (root) => {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  const own = join(root, 'node_modules', `node-${platform}-${process.arch}`, 'bin', program);
  if (existsSync(own)) return own;
  return isNewEnough(process.versions.node) ? process.execPath : null;
};
