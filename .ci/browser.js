// Gets the headless Chromium of the tests ready: the system libraries that no npm package can bring, and its one unpacking.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
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

const hasApt = () => {
  try {
    execFileSync('apt-get', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** Installs what is missing where that can be done without asking (root on Debian), else says what to install. */
const provideLibraries = async (root) => {
  const missing = missingPackages();
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !hasApt()) {
    process.stderr.write(
      `the browser tests need ${missing.join(', ')}: apt-get install ${missing.join(' ')}\n`,
    );
    return;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await phase(`installing ${missing.join(', ')}`, async () => {
    await runQuietly('apt-get', ['update', '-q'], { cwd: root, env });
    await runQuietly('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], {
      cwd: root,
      env,
    });
  });
};

/**
 * Leaves alone a browser of the user's own (CHROMIUM_PATH) and platforms for which the package holds none.
 * @param {string} root the checkout, packages installed
 * @param {string} node a Node 24
 */
export const provideBrowser = async (root, node) => {
  if (process.platform !== 'linux' || process.arch !== 'x64' || process.env.CHROMIUM_PATH) return;
  await provideLibraries(root);
  // Tests that run beside one another would each begin to unpack it, into the same place.
  if (existsSync(join(tmpdir(), 'chromium'))) return;
  const unpack = "import('@sparticuz/chromium').then((chromium) => chromium.default.executablePath())";
  await phase('unpacking the test browser', () => runQuietly(node, ['-e', unpack], { cwd: root }));
};
