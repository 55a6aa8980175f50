// Which file an argv means and what environment it gets; no shell reads either.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, resolve } from 'node:path';
import type { AgentEntry } from '#machines/nouns/agent';
import { failure, type Failure } from '#machines/nouns/error';
import type { Found } from '../agents/adapter.ts';

/** A program that can be started: absolute path, arguments, folder. */
export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The daemon’s own variables stay with the daemon: its token is not for agents. */
const inherited = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AGENTMESH_')));

const whyNot = (file: string): 'missing' | 'not executable' | null => {
  try {
    if (!statSync(file).isFile()) return 'not executable';
    accessSync(file, constants.X_OK);
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES'
      ? 'not executable'
      : 'missing';
  }
};

const candidates = (name: string, cwd: string, path: string): string[] =>
  name.includes('/')
    ? [isAbsolute(name) ? name : resolve(cwd, name)]
    : path
        .split(delimiter)
        .filter((folder) => folder !== '')
        .map((folder) => resolve(folder, name));

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
};

/**
 * Finds the program of an entry as execvp(3) would, in the folder and with the environment that it is to have: ours
 * without what is the daemon’s own, and what the entry adds. A failure says what is missing. Never throws.
 */
export const findProgram = (entry: Pick<AgentEntry, 'command' | 'cwd' | 'env'>): Program | Failure => {
  const [name, ...args] = entry.command ?? [];
  if (name === undefined) return failure('agent_unreachable', 'The agent has no command');
  const cwd = entry.cwd ?? process.cwd();
  if (!isFolder(cwd)) return failure('agent_unreachable', `The folder ${cwd} does not exist`);
  const env = { ...inherited(), ...entry.env };
  const looked = candidates(name, cwd, env['PATH'] ?? '').map((file) => ({ file, problem: whyNot(file) }));
  const found = looked.find(({ problem }) => problem === null);
  if (found !== undefined) return { file: found.file, args, cwd, env };
  const blocked = looked.find(({ problem }) => problem === 'not executable');
  return failure(
    'agent_unreachable',
    blocked === undefined
      ? `The program ${name} does not exist`
      : `The program ${blocked.file} is not executable`,
  );
};

/** What tells a program from a later version of it: its file as it is, and its arguments. */
export const fileState = ({ file, args }: Program): string => {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return JSON.stringify([file, mtimeMs, size, ino, args]);
  } catch {
    return JSON.stringify([file, null, args]);
  }
};

/** The agent that a program on the PATH is, if it is there. */
export async function* findOnPath(kind: string, program: string, title: string): AsyncGenerator<Found> {
  const entry = { name: program, kind, command: [program] };
  const found = await Promise.resolve(findProgram(entry));
  if ('file' in found) yield { entry, source: 'local', detail: `${title} at ${found.file}` };
}

/** The variable that carries the key of a run, as NAME=value: a process group is known again by it. */
export const keyVariable = (key: string): string => `AGENTMESH_IDEMPOTENCY_KEY=${key}`;

/** The variable that carries the id of a program that serves several runs, as NAME=value. */
export const programVariable = (id: string): string => `AGENTMESH_PROGRAM=${id}`;

/**
 * The environment of a program that serves several runs. It cannot name one of them: it names the program, and whoever
 * asks the mesh for something on its behalf is bound to the run that the program has at work then.
 */
export const keptEnvironment = (program: Program, id: string): NodeJS.ProcessEnv => ({
  ...program.env,
  AGENTMESH_PROGRAM: id,
  AGENTMESH_RUN_ID: id,
});

/**
 * The environment of a program for one run: marked with its key, and with the run, so that what the program starts in
 * turn is known to be on its behalf.
 */
export const markedEnvironment = (
  program: Program,
  { key, runId }: { readonly key: string; readonly runId: string },
): NodeJS.ProcessEnv => ({
  ...program.env,
  AGENTMESH_IDEMPOTENCY_KEY: key,
  AGENTMESH_RUN_ID: runId,
});
