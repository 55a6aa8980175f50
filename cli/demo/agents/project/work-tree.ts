// The files of a git work tree, as far as the sample agents read them.
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Ask } from '../harness/work.ts';
import { firstText, fromOutputs, WorkFault } from '../harness/work.ts';

const LEFT_OUT = ['.git', 'node_modules', 'dist', 'coverage'];
const SOURCE = /\.(?:js|mjs|cjs)$/;
const TEST = /(?:^|\/)(?:tests?|__tests__|spec)\/|[.-](?:test|spec)\.[a-z]+$|^test\.[a-z]+$/;
const MOST_FILES = 2_000;

/** Whether a path (relative, with /) is that of a test. */
export const isTestFile = (path: string): boolean => TEST.test(path);

/** All files of the tree, relative and with /, sorted. */
export const listFiles = (root: string): string[] => {
  const found: string[] = [];
  const visit = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (LEFT_OUT.includes(entry.name) || found.length >= MOST_FILES) continue;
      const path = join(dir, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (entry.isFile()) found.push(relative(root, path).split(sep).join('/'));
    }
  };
  visit(root);
  return found.sort();
};

/** JavaScript modules that are no tests: what may hold the fault. */
export const sourceFiles = (root: string): string[] =>
  listFiles(root).filter((path) => SOURCE.test(path) && !isTestFile(path));

/** Whether a work tree of git begins at this folder. */
const isWorkTree = (path: string): boolean => existsSync(join(path, '.git'));

/** A path named in a sentence that leads to a work tree. */
const pathInText = (text: string): string | null =>
  (text.match(/\/[^\s"'`<>|]+/g) ?? [])
    .map((path) => path.replace(/[.,;:)]+$/, ''))
    .find((path) => existsSync(path) && isWorkTree(path)) ?? null;

/** The work tree that a task is about: the input `repo`, else a path in the prompt. Null when it names none. */
export const namedWorkTree = (ask: Ask): string | null =>
  firstText(ask.inputs['repo'], fromOutputs(ask, 'repo')) ?? pathInText(ask.prompt);

/** As namedWorkTree(), resolved. Throws WorkFault when it is missing or no work tree. */
export const workTreeOf = (ask: Ask): string => {
  const path = namedWorkTree(ask);
  if (path === null)
    throw new WorkFault('invalid_input', 'no work tree is named; give the input `repo` (an absolute path)');
  if (!isAbsolute(path))
    throw new WorkFault('invalid_input', `\`repo\` must be an absolute path, not ${path}`);
  if (!existsSync(path) || !statSync(path).isDirectory())
    throw new WorkFault('invalid_input', `there is no folder ${path}`);
  if (!isWorkTree(path)) throw new WorkFault('invalid_input', `${path} is not a git work tree`);
  return realpathSync(path);
};

/** The test command: as given, else the `test` script of package.json, else node’s runner when there are test files. */
export const testCommandOf = (ask: Ask, root: string): string => {
  const given = firstText(ask.inputs['test_command'], fromOutputs(ask, 'test_command'));
  if (given !== null) return given;
  const manifest = join(root, 'package.json');
  if (existsSync(manifest)) {
    try {
      const { scripts } = JSON.parse(readFileSync(manifest, 'utf8')) as { scripts?: { test?: unknown } };
      const script = firstText(scripts?.test);
      if (script !== null && !script.includes('no test specified')) return script;
    } catch {
      throw new WorkFault('invalid_input', `${manifest} is not JSON`);
    }
  }
  const tests = listFiles(root).filter((path) => isTestFile(path) && SOURCE.test(path));
  if (tests.length === 0)
    throw new WorkFault('invalid_input', 'no test command was found; give the input `test_command`');
  return 'node --test';
};
