// Gets the redis-server of the tests ready: no npm package brings one. The tests start and end their own.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { provideDebianPackages } from './apt.js';

const isOnPath = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });

/**
 * A package that cannot be installed is said, and stops nothing: without a redis-server the tests that need one say so,
 * and fail in CI.
 * @param {string} root the checkout
 */
export const provideRedis = async (root) => {
  if (process.platform !== 'linux' || isOnPath('redis-server')) return;
  try {
    await provideDebianPackages(root, 'the tests with Redis', ['redis-server']);
  } catch (error) {
    process.stderr.write(`redis-server could not be installed: ${error.message}\n`);
  }
};
