// Bundles the command line into dist/cli, with its compiled code and a list of what it was made of. For Node 24.
//
// cli/bin/agentmesh.js runs the bundle while every file on the list is as it was. The list is written last, and names the
// bundle by its content: whoever starts a command meanwhile finds the old one or the new one whole, or neither.
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { BUNDLED_PACKAGES, contentsOf } from './cli-contents.js';
import { runQuietly } from './command.js';

const ROOT = dirname(import.meta.dirname);
const OUT = join(ROOT, 'dist', 'cli');
const LIST = 'agentmesh.json';
/** What else decides what the bundle is: the way it is made, and the versions of what is in it. */
// prettier-ignore
const MADE_BY = [
  '.ci/cli-bundle.js', '.ci/cli-contents.js', '.ci/cli-warm.ts', 'package.json', 'package-lock.json', 'tsconfig.json',
];
/** Written by npm at each install. */
const INSTALLED = 'node_modules/.package-lock.json';

/** Ending of files that only this process knows: another one may be bundling. */
const OWN = `.${process.pid}`;
/** So long what is not on the list is left alone: it may be of another process, which has not listed it yet. */
const KEPT_MS = 3_600_000;

const slashed = (path) => path.split(sep).join('/');
const seen = new Map();

/** Remembers size and time of a file as it is now, before it is read: a later change cannot be missed. */
const see = (path) => {
  const { size, mtimeMs } = statSync(join(ROOT, path));
  seen.set(path, [path, size, mtimeMs]);
};

/** Our own files: each knows its URL, which in a bundle is not that of the file that runs. */
const ownFiles = {
  name: 'own-files',
  setup(bundler) {
    bundler.onLoad({ filter: /\.ts$/, namespace: 'file' }, ({ path }) => {
      const name = slashed(relative(ROOT, path));
      see(name);
      const text = readFileSync(path, 'utf8');
      return { loader: 'ts', contents: text.replaceAll('import.meta.url', `urlOf(${JSON.stringify(name)})`) };
    });
  },
};

/**
 * Clipanion as ES modules, of which only what is used gets in, and without what it looks up about the terminal when it is
 * loaded: that makes three streams and counts colours, for a context that cli/agentmesh.ts brings itself.
 */
const leanClipanion = {
  name: 'lean-clipanion',
  setup(bundler) {
    const lib = join(ROOT, 'node_modules', 'clipanion', 'lib');
    const context = /Cli\.defaultContext = \{[^}]*\};/;
    bundler.onResolve({ filter: /^clipanion$/ }, () => ({
      path: join(lib, 'advanced', 'index.mjs'),
      sideEffects: false,
    }));
    bundler.onResolve({ filter: /^\.\.\/platform$/ }, () => ({
      path: join(lib, 'platform', 'browser.mjs'),
      sideEffects: false,
    }));
    bundler.onLoad({ filter: /clipanion.lib.advanced.Cli\.mjs$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!context.test(text)) throw new Error(`${path} has no default context where it used to be`);
      return { contents: text.replace(context, 'Cli.defaultContext = {};') };
    });
  },
};

/** Node's own modules are there anyway; a package that few commands need is not bundled (cli-contents.js). */
const otherPackages = {
  name: 'other-packages',
  setup(bundler) {
    bundler.onResolve({ filter: /^[^.#/]/ }, ({ path, kind }) => {
      const [scope, name] = path.split('/');
      const bundled = BUNDLED_PACKAGES.includes(scope.startsWith('@') ? `${scope}/${name}` : scope);
      return kind === 'entry-point' || bundled ? undefined : { path, external: true };
    });
  },
};

/**
 * @returns {Promise<{ text: string, unbundled: string[] }>} the bundle, a function of (require, module, urlOf), and the
 *   commands that it cannot run
 */
const bundled = async () => {
  const { outputFiles, metafile, warnings } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['cli/agentmesh.ts'],
    outfile: join(OUT, 'agentmesh.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    // A module that is imported when it is needed is begun when it is needed; Node's own import() takes longer.
    supported: { 'dynamic-import': false },
    // Names and lines stay as they are: a stack is to be read.
    minifySyntax: true,
    charset: 'ascii',
    legalComments: 'none',
    plugins: [ownFiles, leanClipanion, otherPackages],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('\n'));
  const { unbundled } = contentsOf(metafile);
  return { text: `(function (require, module, urlOf) {\n${outputFiles[0].text}\n})`, unbundled };
};

/** Writes a file so that it is there whole or not at all, a power cut included. */
const writeWhole = (name, content) => {
  const path = join(OUT, name);
  const file = openSync(path + OWN, 'w');
  writeFileSync(file, content);
  fsyncSync(file);
  closeSync(file);
  renameSync(path + OWN, path);
};

const main = async () => {
  for (const path of MADE_BY) see(path);
  try {
    see(INSTALLED);
  } catch {
    // Packages that another tool than npm installed.
  }
  const { text, unbundled } = await bundled();
  const name = `agentmesh-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
  const [bundle, code] = [`${name}.js`, `${name}.code`];
  mkdirSync(OUT, { recursive: true });
  writeWhole(bundle, text);
  const warmed = join(OUT, `${code}.warm${OWN}`);
  // Options of V8 would go into the compiled code, which a Node without them refuses.
  const env = { ...process.env, NODE_OPTIONS: '' };
  const warm = [join(import.meta.dirname, 'cli-warm.ts'), join(OUT, bundle), warmed];
  await runQuietly(process.execPath, warm, { cwd: ROOT, env });
  writeWhole(code, readFileSync(warmed));
  rmSync(warmed);
  for (const path of [`dist/cli/${bundle}`, `dist/cli/${code}`, slashed(relative(ROOT, process.execPath))])
    see(path);
  writeWhole(
    LIST,
    JSON.stringify({ node: process.execPath, bundle, code, unbundled, files: [...seen.values()] }),
  );
  for (const old of readdirSync(OUT).map((each) => join(OUT, each)))
    if (Date.now() - (statSync(old, { throwIfNoEntry: false })?.mtimeMs ?? 0) > KEPT_MS)
      if (![LIST, bundle, code].some((each) => join(OUT, each) === old)) rmSync(old, { force: true });
};

try {
  await main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
