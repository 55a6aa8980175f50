// Folders that are made for an agent alone, and removed again unless it left something in them.
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failure, type Failure } from '#machines/nouns/error';

/** Makes one; a failure when the system refuses. */
export const makeOwnFolder = (word: string): { readonly path: string } | Failure => {
  try {
    return { path: mkdtempSync(join(tmpdir(), `agentmesh-${word}-`)) };
  } catch (error) {
    return failure('agent_unreachable', 'No folder could be made for the agent to work in', String(error));
  }
};

/** Whether something was left in it. */
export const holdsFiles = (folder: string): boolean => {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
};

/** Removes it; whether nothing is left. Files in it are somebody’s work. */
export const removeEmpty = (folder: string): boolean => {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
};
