// Runs a program to its end for the preparation: quiet while it goes well, everything it said when it does not.
import { spawn } from 'node:child_process';
import { delimiter, sep } from 'node:path';
import process from 'node:process';

/** PATH without node_modules/.bin: an install replaces that folder, so it must not run from it. */
export const pathOutsideModules = () =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes(`node_modules${sep}.bin`))
    .join(delimiter);

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<void>} rejects with the program's output when it does not exit with 0
 */
export const runQuietly = (program, args, { cwd, env = process.env }) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => (said += text));
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${said.trim()}\n${program} ${args.join(' ')}: ended with ${code ?? signal}`));
    });
  });
