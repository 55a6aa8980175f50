// Starts an entry in this very Node when it runs TypeScript as it stands, else in one that does (hand-over.js).
// Plain JS that runs on Node 18 and newer. This is on the way of every command, so nothing is imported here: importing
// a built-in module reads each of its exports, and with some of them (node:fs, node:child_process) comes a lot more.

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

/** Where compiled code is kept: beside the packages; for a copy without any, in the user's cache. */
const cacheFolder = (root) => {
  const { existsSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  if (existsSync(join(root, 'node_modules'))) return join(root, 'node_modules', '.cache', 'compile');
  const { homedir } = process.getBuiltinModule('node:os');
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'agentmesh', 'compile');
};

/**
 * Starts `cli/<name>.ts`. Ends with 1 and a remedy when no Node here can run it.
 * @param {string} name `agentmesh` or `agentmeshd`
 */
export const launch = async (name) => {
  if (!runsTypeScript()) {
    const { handOver } = await import('./hand-over.js');
    handOver({ name, needed: NEEDED.join('.'), chosen: CHOSEN });
    return;
  }
  delete process.env[CHOSEN];
  const { fileURLToPath } = process.getBuiltinModule('node:url');
  process
    .getBuiltinModule('node:module')
    .enableCompileCache(cacheFolder(fileURLToPath(new URL('../..', import.meta.url))));
  const entry = new URL(`../${name}.ts`, import.meta.url);
  // The entry sees itself in argv[1] as if it had been started directly, in this Node as in another.
  process.argv[1] = fileURLToPath(entry);
  const { finished } = await import(entry.href);
  await finished;
};
