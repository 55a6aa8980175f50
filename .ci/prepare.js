// Gets a checkout ready and then runs a program of it on Node 24. Plain JavaScript that runs on Node 20 without packages.
//
//   node .ci/prepare.js [--console] [--browser] [--redis] [program [arguments…]]
//
// Bundles the command line when its bundle is stale. --console builds the console when it is stale; --browser gets the test
// browser ready, --redis the redis-server of the tests.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { provideBrowser } from './browser.js';
import { buildCli } from './cli-build.js';
import { buildConsole } from './console-build.js';
import { OLDEST, findNode } from './node24.js';
import { installPackages } from './packages.js';
import { provideRedis } from './redis.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const readArguments = (args) => {
  const start = args.findIndex((arg) => !arg.startsWith('--'));
  const flags = start === -1 ? args : args.slice(0, start);
  const unknown = flags.find((flag) => !['--console', '--browser', '--redis'].includes(flag));
  if (unknown !== undefined) throw new Error(`prepare.js does not know ${unknown}`);
  return {
    console: flags.includes('--console'),
    browser: flags.includes('--browser'),
    redis: flags.includes('--redis'),
    program: start === -1 ? [] : args.slice(start),
  };
};

/** Hands over to the program: same terminal, its exit code ours, signals passed on. */
const become = (node, program) => {
  const path = `${join(root, 'node_modules', '.bin')}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`;
  const child = spawn(node, program, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: path } });
  // A terminal sends Ctrl-C to both; this process only has to outlive the child.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 1;
    if (signal === null) return;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
};

const fail = (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
};

const main = async () => {
  const wanted = readArguments(process.argv.slice(2));
  await installPackages(root);
  const node = findNode(root);
  if (node === null)
    throw new Error(
      `this needs Node ${OLDEST.join('.')} or newer: no package brings one for ${process.platform} ${process.arch}, so install it yourself`,
    );
  await buildCli(root, node);
  if (wanted.console) await buildConsole(root, node);
  if (wanted.browser) await provideBrowser(root, node);
  if (wanted.redis) await provideRedis(root);
  if (wanted.program.length > 0) become(node, wanted.program);
};

main().catch(fail);
