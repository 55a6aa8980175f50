#!/usr/bin/env node
// The `agentmesh` command: runs its bundle (dist/cli) while that is fresh; else launch.js finds a fitting Node and runs the
// sources, cli/agentmesh.ts. Plain JS for Node 18 and newer. This is on the way of every command, so nothing is imported:
// a second file costs a millisecond, and importing a built-in module touches each of its exports.

/**
 * The bundle as a function that runs it. Null when there is none, when another Node compiled it, when the command is not
 * in it, or when it is not of these very sources: each file that it was made of must have the size and the time that it
 * had then. Whatever is wrong with it, the sources are right. With AGENTMESH_DEBUG they always run, so that a stack names
 * their lines.
 */
const freshBundle = (root) => {
  if (process.env.AGENTMESH_DEBUG) return null;
  try {
    const { readFileSync, statSync } = process.getBuiltinModule('node:fs');
    const made = JSON.parse(readFileSync(`${root}/dist/cli/agentmesh.json`, 'utf8'));
    if (made.node !== process.execPath || process.argv.some((word) => made.unbundled.includes(word)))
      return null;
    for (const [path, size, mtimeMs] of made.files) {
      const now = statSync(`${root}/${path}`);
      if (now.size !== size || now.mtimeMs !== mtimeMs) return null;
    }
    const filename = `${root}/dist/cli/${made.bundle}`;
    const cachedData = readFileSync(`${root}/dist/cli/${made.code}`);
    const { Script } = process.getBuiltinModule('node:vm');
    return new Script(readFileSync(filename, 'latin1'), { filename, cachedData }).runInThisContext();
  } catch {
    return null;
  }
};

/** What settles when the command is done; null when the bundle could not even begin. */
const begin = (root) => {
  const run = freshBundle(root);
  if (run === null) return null;
  const module = { exports: {} };
  const urlOf = (path) => process.getBuiltinModule('node:url').pathToFileURL(`${root}/${path}`).href;
  try {
    run(process.getBuiltinModule, module, urlOf);
  } catch {
    return null;
  }
  // As launch.js does: what this process starts is to choose its Node by itself.
  delete process.env.AGENTMESH_NODE_CHOSEN;
  return module.exports.finished;
};

const finished = begin(import.meta.dirname?.replace(/.cli.bin$/, ''));
if (finished === null) {
  const { launch } = await import('./launch.js');
  await launch('agentmesh');
} else await finished;
