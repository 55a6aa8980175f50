// What is in the bundle of the command line, read from esbuild's account of it: what must not be, and what cannot run there.

/** Small packages, and those of every command. Others stay outside: every command would read a bundle with them. */
export const BUNDLED_PACKAGES = ['clipanion', 'typanion', 'eventsource-parser', 'canonicalize'];

const ROOMS = /^(cli|api\/contract|machines)\//;
const ENTRY = 'cli/agentmesh.ts';
/** Names every command and imports it when it is the one that runs. */
const TABLE = 'cli/command-line/table.ts';

const isPackage = (path) => path.includes('node_modules/');

/**
 * @param {{ inputs: Record<string, { imports: { path: string, kind: string, external?: boolean }[] }> }} metafile
 * @returns {{ unbundled: string[] }} the first words of commands that need another package than those above: they run from
 *   the sources
 * @throws Error when a server is in it, or when a package would be loaded by commands that have no use for it
 */
export const contentsOf = ({ inputs }) => {
  const importsOf = (file) => inputs[file].imports;
  const own = Object.keys(inputs).filter((path) => !isPackage(path));
  const server = own.filter((path) => !ROOMS.test(path));
  if (server.length > 0) throw new Error(`the command line must not load ${server.join(', ')}`);

  /** Files that come with the roots; those of other commands do not. */
  const closure = (roots, isFollowed) => {
    const found = new Set(roots);
    for (const file of found)
      for (const { path, kind, external } of importsOf(file))
        if (!external && isFollowed(file, kind)) found.add(path);
    return [...found];
  };
  const isStatic = (_file, kind) => kind !== 'dynamic-import';
  const isNoCommand = (file, kind) => file !== TABLE || isStatic(file, kind);
  /** Packages outside of the bundle that a file imports. */
  const foreign = (file) =>
    importsOf(file).filter(({ path, external }) => external && !path.startsWith('node:') && !isPackage(file));

  const commands = importsOf(TABLE)
    .filter(({ kind }) => kind === 'dynamic-import')
    .map(({ path }) => path);
  const everywhere = [...closure([ENTRY], isNoCommand), ...closure(commands, isStatic)];
  for (const file of everywhere)
    for (const { path } of foreign(file))
      throw new Error(
        `${file} must not load ${path}: help and every other command would. Import it where the command performs`,
      );
  const unbundled = commands
    .filter((command) => closure([command], isNoCommand).some((file) => foreign(file).length > 0))
    .map((command) => command.replace('cli/commands/', '').split(/[/.]/)[0]);
  return { unbundled: [...new Set(unbundled)] };
};
