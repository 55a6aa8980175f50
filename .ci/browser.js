// Gets the headless Chromium of the tests ready: the system libraries that no npm package can bring, and its one unpacking.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { provideDebianPackages } from './apt.js';
import { runQuietly } from './command.js';
import { phase } from './phase.js';

/** Library -> the Debian package that holds it. */
const NEEDED = { 'libnss3.so': 'libnss3', 'libnspr4.so': 'libnspr4', 'libexpat.so.1': 'libexpat1' };

const missingPackages = () => {
  const folders = ['/usr/lib/x86_64-linux-gnu', '/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib', '/lib64'];
  return Object.entries(NEEDED)
    .filter(([library]) => !folders.some((folder) => existsSync(`${folder}/${library}`)))
    .map(([, debianPackage]) => debianPackage);
};

/**
 * Leaves alone a browser of the user's own (CHROMIUM_PATH) and platforms for which the package holds none.
 * @param {string} root the checkout, packages installed
 * @param {string} node a Node 24
 */
export const provideBrowser = async (root, node) => {
  if (process.platform !== 'linux' || process.arch !== 'x64' || process.env.CHROMIUM_PATH) return;
  await provideDebianPackages(root, 'the browser tests', missingPackages());
  // Tests that run beside one another would each begin to unpack it, into the same place.
  if (existsSync(join(tmpdir(), 'chromium'))) return;
  const unpack = "import('@sparticuz/chromium').then((chromium) => chromium.default.executablePath())";
  await phase('unpacking the test browser', () => runQuietly(node, ['-e', unpack], { cwd: root }));
};
