// Changes one file of a work tree as a whole or not at all.
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { createHash } from 'node:crypto';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** SHA-256 of a file’s text; null when it is not there. */
export const fileHash = (path: string): string | null =>
  existsSync(path) ? sha256(readFileSync(path, 'utf8')) : null;

/** Writes beside the file, syncs, then renames over it: a crash leaves the old text or the new one. */
export const replaceFile = (path: string, text: string): void => {
  const temporary = join(dirname(path), `.${basename(path)}.agentmesh-${process.pid}`);
  const file = openSync(temporary, 'w', statSync(path).mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
    closeSync(file);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
};
