// One daemon a data folder: an exclusive transaction on lock.db, held for life. The system frees it however we end.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { FILES } from '#api/contract/address';
import { MeshError } from '#machines/nouns/error-codes';
import { readInfo } from './info.ts';

export interface Lock {
  release(): void;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** The error for a folder that another daemon has, with its pid and address where it has written them down. */
export const daemonRunning = (dataDir: string, what = ''): MeshError => {
  const info = readInfo(dataDir);
  const who = info === null ? 'it is starting or stopping' : `pid ${String(info.pid)} at ${info.url}`;
  return new MeshError(
    'daemon_running',
    `A daemon already runs on ${dataDir}: ${who}${what}`,
    info === null ? {} : { pid: info.pid, url: info.url },
  );
};

/**
 * Takes the folder, at once or not at all.
 * @throws MeshError daemon_running when another daemon has it, storage_failed when lock.db cannot be opened
 */
export const takeLock = (dataDir: string): Lock => {
  const path = join(dataDir, FILES.lock);
  let database: Database.Database | null = null;
  try {
    database = new Database(path, { timeout: 0 });
    chmodSync(path, 0o600);
    // Nothing is ever written: no journal file to leave behind.
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    if (codeOf(error).startsWith('SQLITE_BUSY')) throw daemonRunning(dataDir);
    const reason = error instanceof Error ? error.message : String(error);
    throw new MeshError('storage_failed', `${path} cannot be locked: ${reason}`, {}, { cause: error });
  }
  const held = database;
  return {
    release() {
      if (held.inTransaction) held.exec('ROLLBACK');
      held.close();
    },
  };
};
