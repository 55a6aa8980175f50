// Team templates of the caller's own folder: found, read, and told where they come from. The daemon never reads them itself.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { MeshError } from '#machines/nouns/error-codes';
import { LIMITS } from '#machines/nouns/limits';

const git = promisify(execFile);

export const LOCAL_TEMPLATES = join('.agentmesh', 'templates');
const ENDINGS = ['.yaml', '.yml', '.json'];
const IN_FOLDER = ENDINGS.map((ending) => `team${ending}`);

export interface TemplateText {
  readonly text: string;
  /** Absolute path that it was read from. */
  readonly origin: string;
  /** The commit that holds exactly this text; null when it is changed, not committed, or in no work tree. */
  readonly commit: string | null;
}

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;
const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** Whether a word on the command line means a file: it has a slash or an ending, names never do. */
export const looksLikeFile = (word: string): boolean =>
  /[/\\]/.test(word) || ENDINGS.some((ending) => word.endsWith(ending));

/** The file of a template by name below `folder`: NAME/team.yaml or NAME.yaml, also .yml and .json; null when there is none. */
const fileIn = (folder: string, name: string): string | null =>
  [
    ...IN_FOLDER.map((file) => join(folder, name, file)),
    ...ENDINGS.map((ending) => join(folder, `${name}${ending}`)),
  ].find(isFile) ?? null;

const commitOf = async (path: string): Promise<string | null> => {
  const options = { cwd: dirname(path), timeout: 5_000, env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' } };
  try {
    const changed = await git('git', ['status', '--porcelain', '--ignored', '--', basename(path)], options);
    if (changed.stdout.trim() !== '') return null;
    const head = await git('git', ['log', '-1', '--format=%H', '--', basename(path)], options);
    return /^[0-9a-f]{40,64}$/.test(head.stdout.trim()) ? head.stdout.trim() : null;
  } catch {
    // No git, or no work tree: then there is no commit to name.
    return null;
  }
};

/** Reads a template file (or a folder with a team.yaml). Throws bad_request when it cannot be read or is too large. */
export const readTemplate = async (word: string): Promise<TemplateText> => {
  const given = resolve(word);
  const path = isFolder(given) ? (IN_FOLDER.map((file) => join(given, file)).find(isFile) ?? given) : given;
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined || !isFile(path))
    throw new MeshError('unknown_template', `There is no template file ${word}`);
  if (size > LIMITS.templateBytes)
    throw new MeshError(
      'invalid_template',
      `${word} has ${size} bytes; a template has at most ${LIMITS.templateBytes}`,
    );
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    throw new MeshError('invalid_template', `${word} cannot be read as UTF-8 text`, {}, { cause });
  }
  return { text, origin: path, commit: await commitOf(path) };
};

/** The template of this name in ./.agentmesh/templates; null when the daemon has to know it. */
export const localTemplate = async (name: string): Promise<TemplateText | null> => {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name)) return null;
  const path = fileIn(resolve(LOCAL_TEMPLATES), name);
  return path === null ? null : readTemplate(path);
};

/** Names in ./.agentmesh/templates. */
export const localNames = (): readonly string[] => {
  const folder = resolve(LOCAL_TEMPLATES);
  if (!isFolder(folder)) return [];
  const names = readdirSync(folder).map((entry) => {
    const ending = ENDINGS.find((each) => entry.endsWith(each));
    return ending === undefined ? entry : entry.slice(0, -ending.length);
  });
  return [...new Set(names)].filter((name) => fileIn(folder, name) !== null).sort();
};
