// Paths as users write them, made absolute where they were written; without zod, for the supervisor's sake.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** An unset variable and an empty one are the same. */
export const nonEmpty = (word: string | undefined): string | undefined => (word === '' ? undefined : word);

/** Absolute, from the current folder; a leading ~ (which no shell expands in a variable's default) is the home. */
export const absolute = (word: string): string =>
  resolve(word === '~' || word.startsWith('~/') ? join(homedir(), word.slice(1)) : word);

/** The data folder: flag, else AGENTMESH_DATA_DIR, else ~/.agentmesh. */
export const dataDirOf = (flag: string | undefined, env: NodeJS.ProcessEnv): string =>
  absolute(nonEmpty(flag) ?? nonEmpty(env['AGENTMESH_DATA_DIR']) ?? join(homedir(), '.agentmesh'));

/** The extra bootstrap file: flag, else AGENTMESH_BOOTSTRAP. */
export const bootstrapOf = (flag: string | undefined, env: NodeJS.ProcessEnv): string | undefined => {
  const word = nonEmpty(flag) ?? nonEmpty(env['AGENTMESH_BOOTSTRAP']);
  return word === undefined ? undefined : absolute(word);
};
