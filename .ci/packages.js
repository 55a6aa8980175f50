// Makes node_modules fit package-lock.json: installs when it is missing, cut short, or of another lockfile.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathOutsideModules, runQuietly } from './command.js';
import { phase } from './phase.js';

const stampOf = (root) => join(root, 'node_modules', '.installed-from');
const hashOf = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

/** Whether an install by hand (npm ci, npm install) left what the lockfile asks for: npm writes its own list last. */
const npmSaysSo = (root) => {
  const listed = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(listed)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const present = JSON.parse(readFileSync(listed, 'utf8')).packages;
  const isWanted = ([path, { version }]) => wanted[path]?.version === version;
  const isPresent = ([path, entry]) => path === '' || entry.optional || entry.devOptional || path in present;
  return Object.entries(present).every(isWanted) && Object.entries(wanted).every(isPresent);
};

/** Whether each package that must be there is on the disk; a folder that somebody removed is in no list. */
const areAllThere = (root) =>
  Object.entries(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages).every(
    ([path, entry]) =>
      path === '' || entry.optional || entry.devOptional || existsSync(join(root, path, 'package.json')),
  );

/** @param {string} root the checkout */
export const arePackagesFresh = (root) => {
  if (!existsSync(join(root, 'node_modules')) || !areAllThere(root)) return false;
  const hash = hashOf(root);
  if (existsSync(stampOf(root)) && readFileSync(stampOf(root), 'utf8') === hash) return true;
  if (!npmSaysSo(root)) return false;
  writeFileSync(stampOf(root), hash);
  return true;
};

/** npm links the programs of packages but not a checkout's own; without these links npx makes a copy for itself. */
const linkOwnPrograms = (root) => {
  if (process.platform === 'win32') return;
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const [name, file] of Object.entries(bin)) {
    const link = join(root, 'node_modules', '.bin', name);
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(`../../${file}`, link);
  }
};

/**
 * Installs exactly the lockfile where that is needed. No install script of any package runs.
 * @param {string} root the checkout
 */
export const installPackages = async (root) => {
  if (arePackagesFresh(root)) {
    linkOwnPrograms(root);
    return;
  }
  const env = { ...process.env, PATH: pathOutsideModules() };
  await phase('installing packages', () =>
    runQuietly('npm', ['ci', '--ignore-scripts', '--loglevel=error', '--no-audit', '--no-fund'], {
      cwd: root,
      env,
    }),
  );
  writeFileSync(stampOf(root), hashOf(root));
  linkOwnPrograms(root);
};
