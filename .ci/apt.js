// Installs Debian packages where that can be done without asking (root on Debian), else says what to install.
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { runQuietly } from './command.js';
import { phase } from './phase.js';

const hasApt = () => {
  try {
    execFileSync('apt-get', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/**
 * @param {string} root the checkout
 * @param {string} what who needs them, for people
 * @param {readonly string[]} packages those that are missing
 */
export const provideDebianPackages = async (root, what, packages) => {
  if (packages.length === 0) return;
  if (process.getuid?.() !== 0 || !hasApt()) {
    process.stderr.write(`${what} need ${packages.join(', ')}: apt-get install ${packages.join(' ')}\n`);
    return;
  }
  // RUNLEVEL=1: a package that brings a service does not start it (invoke-rc.d(8)).
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  await phase(`installing ${packages.join(', ')}`, async () => {
    await runQuietly('apt-get', ['update', '-q'], { cwd: root, env });
    await runQuietly('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], {
      cwd: root,
      env,
    });
  });
};
