// Finds a Node that runs TypeScript as it stands and starts an entry with it. Plain JS without imports from the
// project, so that it runs on Node 18 and newer.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The first Node whose type stripping needs no flag and prints no warning (package.json "engines"). */
const NEEDED = [24, 15];
/** Set for the Node that was chosen, so that a wrong choice ends in a message and not in a circle. */
const CHOSEN = 'AGENTMESH_NODE_CHOSEN';

/** Whether this very process can import .ts files. */
const runsTypeScript = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const recent = major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
  return recent && process.features.typescript !== false;
};

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

/** Runs the command in another Node with the same arguments, streams and signals; ends the way it ends. */
const handOver = (name, node) => {
  const command = join(ROOT, 'cli', 'bin', `${name}.js`);
  const child = spawn(node, [command, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, [CHOSEN]: node },
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

const cacheFolder = () =>
  existsSync(join(ROOT, 'node_modules'))
    ? join(ROOT, 'node_modules', '.cache', 'compile')
    : join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'agentmesh', 'compile');

/**
 * Starts `cli/<name>.ts`. Ends with 1 and a remedy when no Node here can run it.
 * @param {string} name `agentmesh` or `agentmeshd`
 */
export const launch = async (name) => {
  const entry = join(ROOT, 'cli', `${name}.ts`);
  if (runsTypeScript()) {
    delete process.env[CHOSEN];
    module.enableCompileCache?.(cacheFolder());
    // The entry sees itself in argv[1] as if it had been started directly, in this Node as in another.
    process.argv[1] = entry;
    await import(pathToFileURL(entry).href);
    return;
  }
  const needed = NEEDED.join('.');
  const node = bundledNode();
  if (node !== null && process.env[CHOSEN] !== node) return handOver(name, node);
  complain(name, [
    `this is Node ${process.versions.node}, and Node ${needed} or newer is needed.`,
    existsSync(join(ROOT, 'node_modules'))
      ? `Install Node ${needed} or newer; no ready-made one for ${process.platform}-${process.arch} came with npm ci.`
      : `Run \`npm ci\` in ${ROOT} (it brings a fitting Node along), or install Node ${needed} or newer.`,
  ]);
};
