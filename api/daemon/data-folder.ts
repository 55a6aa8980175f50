// The data folder: made for its owner alone, and checked before anything is begun in it.
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FILES } from '#api/contract/address';
import { MeshError } from '#machines/nouns/error-codes';

const OTHERS = 0o077;

const refuse = (dataDir: string, error: unknown): MeshError => {
  const reason = error instanceof Error ? error.message : String(error);
  return new MeshError(
    'storage_failed',
    `The data folder ${dataDir} cannot be used: ${reason}`,
    {},
    { cause: error },
  );
};

/** Whether a folder is ours to close to others: empty, or with something in it that AgentMesh writes. */
const isMeshFolder = (dataDir: string): boolean => {
  const names = readdirSync(dataDir);
  const ours: readonly string[] = [FILES.events, FILES.pid, FILES.log, FILES.lock, FILES.database];
  return names.length === 0 || names.some((name) => ours.includes(name));
};

/**
 * Makes a folder and those above it. Node's own recursive mkdir never returns where a file system takes no folders but
 * answers ENOENT, as /proc does.
 */
const makeFolder = (path: string): void => {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another start was quicker.
    if (!existsSync(path)) throw error;
  }
};

/**
 * Makes the folder (0700) or checks that it can be written. One that was open to others, as the earlier tools made it,
 * is closed to them; a folder that has another use is left as it is.
 * @returns what the user should know about it, or null
 * @throws MeshError storage_failed
 */
export const prepareDataFolder = (dataDir: string): string | null => {
  try {
    makeFolder(dataDir);
    const { mode, uid } = statSync(dataDir);
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
    if ((mode & OTHERS) === 0) return null;
    if (uid !== process.getuid?.() || !isMeshFolder(dataDir))
      return `other users of this machine can look into ${dataDir}`;
    chmodSync(dataDir, 0o700);
    return `${dataDir} was open to other users; it is closed to them now`;
  } catch (error) {
    throw refuse(dataDir, error);
  }
};

/** Everything of ours in the folder that is a file; -wal and -shm are SQLite's beside a database. */
const OUR_FILES: readonly string[] = [
  FILES.events,
  FILES.rejected,
  FILES.log,
  FILES.bootstrap,
  FILES.config,
  FILES.database,
  `${FILES.database}-wal`,
  `${FILES.database}-shm`,
];

/**
 * Closes our files to other users (0600): the folder may be one that others look into, and the earlier tools left
 * their log open. A file of another owner, or one that is not there, is left alone.
 */
export const closeFiles = (dataDir: string): void => {
  for (const name of OUR_FILES) {
    const path = join(dataDir, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() === true && stat.uid === process.getuid?.() && (stat.mode & OTHERS) !== 0)
      chmodSync(path, 0o600);
  }
};
