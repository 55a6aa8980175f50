// Runs a command in a Node that came along when this one is too old for it. Plain JS that runs on Node 18 and newer.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The Node that `npm ci` brought along: in our own node_modules, or in one above. */
const bundledNode = () => {
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  for (let folder = ROOT; ; folder = dirname(folder)) {
    for (const name of [`node-${os}-${process.arch}`, `node-bin-${os}-${process.arch}`]) {
      const path = join(folder, 'node_modules', name, 'bin', binary);
      if (existsSync(path)) return path;
    }
    if (dirname(folder) === folder) return null;
  }
};

const complain = (name, lines) => {
  process.stderr.write(lines.map((line) => `${name}: ${line}\n`).join(''));
  process.exitCode = 1;
};

/** Runs the command with the same arguments, streams and signals; ends the way it ends. */
const runIn = (node, { name, chosen }) => {
  const command = join(ROOT, 'cli', 'bin', `${name}.js`);
  const child = spawn(node, [command, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, [chosen]: node },
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  // A terminal's Ctrl-C reaches the child by itself too; the programs take signals that come together as one.
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  child.on('error', (error) => complain(name, [`${node} cannot be started: ${error.message}`]));
  child.on('exit', (code, signal) => {
    for (const each of signals) process.off(each, forward);
    if (signal === null) process.exitCode = code;
    else process.kill(process.pid, signal);
  });
};

/**
 * Hands the command over, or says what is needed and ends with 1.
 * @param {{ name: string, needed: string, chosen: string }} command the command, the oldest Node that will do, and the
 *   variable that tells the Node that was chosen so
 */
export const handOver = (command) => {
  const node = bundledNode();
  if (node !== null && process.env[command.chosen] !== node) {
    runIn(node, command);
    return;
  }
  complain(command.name, [
    `this is Node ${process.versions.node}, and Node ${command.needed} or newer is needed.`,
    existsSync(join(ROOT, 'node_modules'))
      ? `Install Node ${command.needed} or newer; no ready-made one for ${process.platform}-${process.arch} came with npm ci.`
      : `Run \`npm ci\` in ${ROOT} (it brings a fitting Node along), or install Node ${command.needed} or newer.`,
  ]);
};
