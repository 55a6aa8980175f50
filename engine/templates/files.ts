// Where templates lie: folders with team.yaml inside, or single files, looked through in order.
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LIMITS } from '#machines/nouns/limits';

export interface TemplateDir {
  readonly dir: string;
  readonly origin: string;
}

export interface TemplateFile {
  readonly name: string;
  readonly origin: string;
  readonly text: string;
}

/** The names a template can be looked up by; anything else never touches the disk. */
export const TEMPLATE_NAME = /^[a-z][a-z0-9-]{0,63}$/;

const IN_FOLDER = ['team.yaml', 'team.yml', 'team.json'];
const SINGLE = ['.yaml', '.yml', '.json'];

/** What the system says of a path that leads nowhere. */
const LEADS_NOWHERE = ['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'ELOOP'];

const leadsNowhere = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  LEADS_NOWHERE.includes(error.code);

/** The text of a regular file, one byte more than is allowed at most; null when there is none. */
const readText = async (path: string): Promise<string | null> => {
  try {
    await using file = await open(path, 'r');
    if (!(await file.stat()).isFile()) return null;
    const buffer = Buffer.alloc(LIMITS.templateBytes + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.toString('utf8', 0, length);
  } catch (error) {
    if (leadsNowhere(error)) return null;
    throw error;
  }
};

/** The first template of this name, in the order of the folders; null when there is none. */
export const findTemplate = async (
  dirs: readonly TemplateDir[],
  name: string,
): Promise<TemplateFile | null> => {
  if (!TEMPLATE_NAME.test(name)) return null;
  for (const { dir, origin } of dirs)
    for (const path of [
      ...IN_FOLDER.map((file) => join(dir, name, file)),
      ...SINGLE.map((end) => join(dir, `${name}${end}`)),
    ]) {
      const text = await readText(path);
      if (text !== null) return { name, origin, text };
    }
  return null;
};

/** The names in all folders that may be templates, sorted. */
const namesIn = async (dirs: readonly TemplateDir[]): Promise<string[]> => {
  const names = new Set<string>();
  for (const { dir } of dirs) {
    const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
      if (leadsNowhere(error)) return [];
      throw error;
    });
    for (const entry of entries) {
      const end = SINGLE.find((ending) => entry.name.endsWith(ending));
      const name = end === undefined ? entry.name : entry.name.slice(0, -end.length);
      if (TEMPLATE_NAME.test(name) && (end !== undefined || !entry.isFile())) names.add(name);
    }
  }
  return [...names].sort();
};

/** Every template by name, each once: the one that findTemplate() would give. */
export const listTemplates = async (dirs: readonly TemplateDir[]): Promise<TemplateFile[]> => {
  const files = await Promise.all((await namesIn(dirs)).map((name) => findTemplate(dirs, name)));
  return files.filter((file) => file !== null);
};
