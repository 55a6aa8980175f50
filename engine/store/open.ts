// Opens the database of a data folder: checks, a kept copy, migrations, pragmas, and the writer on top.
import { chmodSync, copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import type { Migration } from 'kysely/migration';
import { MeshError } from '#machines/nouns/error';
import type { Ports } from '../ports.ts';
import { kysely, kyselyMigration } from './kysely.ts';
import { MIGRATIONS } from './migrations.ts';
import type { Schema } from './schema.ts';
import { Writer } from './writer.ts';

/** Copies kept from before migrations; older ones are removed. */
const COPIES_KEPT = 3;

export interface Store {
  readonly db: Database;
  readonly writer: Writer;
  /** Reads and writes one fact of the meta table. Writing is for use inside a transaction or at boot. */
  readonly meta: { get(key: string): string | null; set(key: string, value: string): void };
  /** Commits what waits, checkpoints and closes. */
  close(): void;
}

const appliedMigrations = (db: Database): string[] => {
  const table = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'kysely_migration'").get();
  if (table === undefined) return [];
  return (db.prepare('SELECT name FROM kysely_migration').all() as { name: string }[]).map(
    ({ name }) => name,
  );
};

/** Keeps a copy of the database as it was before a migration, under <file>.before-<migration>. */
const keepCopy = (db: Database, file: string, migration: string): void => {
  db.pragma('wal_checkpoint(TRUNCATE)');
  const copy = `${file}.before-${migration}`;
  copyFileSync(file, copy);
  // SQLite makes its files with the umask; what they hold is the owner's alone.
  chmodSync(copy, 0o600);
  const folder = join(file, '..');
  const prefix = `${file.slice(folder.length + 1)}.before-`;
  const copies = readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .sort();
  for (const name of copies.slice(0, -COPIES_KEPT)) rmSync(join(folder, name));
};

const migrate = async (
  db: Database,
  file: string,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> => {
  const applied = appliedMigrations(db);
  const known = Object.keys(migrations).sort();
  const newer = applied.filter((name) => !known.includes(name));
  if (newer.length > 0)
    throw new MeshError('data_newer', `${file} has been migrated by a newer version (${newer.join(', ')})`);
  const pending = known.filter((name) => !applied.includes(name));
  if (pending.length === 0) return;
  const { Kysely, SqliteDialect } = kysely();
  const { Migrator } = kyselyMigration();
  // A new database holds nothing that a copy could save.
  const isNew = applied.length === 0;
  for (const name of pending) {
    if (!isNew) keepCopy(db, file, name);
    // The migrator would close the connection with its dialect; it works on the same one here.
    const connection = new Kysely<Schema>({ dialect: new SqliteDialect({ database: db }) });
    const migrator = new Migrator({
      db: connection,
      provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
    });
    const { error } = await migrator.migrateTo(name);
    if (error !== undefined)
      throw new MeshError('storage_failed', `migration ${name} of ${file} failed`, {}, { cause: error });
    applied.push(name);
  }
};

/**
 * Opens (and makes, and migrates) the database at `file`.
 * `synchronous` FULL: an answer survives a power cut; NORMAL: it survives the end of the process only.
 * Throws data_newer or storage_failed.
 */
export const openStore = async (
  file: string,
  options: { readonly synchronous: 'FULL' | 'NORMAL' },
  ports: Pick<Ports, 'clock' | 'crash' | 'ids'>,
  migrations: Readonly<Record<string, Migration>> = MIGRATIONS,
): Promise<Store> => {
  const isNew = !existsSync(file);
  let db: Database;
  try {
    db = new SqliteDatabase(file);
    db.pragma('journal_mode = WAL');
    db.pragma(`synchronous = ${options.synchronous}`);
    db.pragma('foreign_keys = ON');
    db.pragma('cache_size = -65536');
    db.pragma('temp_store = MEMORY');
    db.pragma('wal_autocheckpoint = 4000');
  } catch (error) {
    throw new MeshError('storage_failed', `cannot open ${file}: ${String(error)}`, {}, { cause: error });
  }
  try {
    await migrate(db, file, migrations);
  } catch (error) {
    db.close();
    throw error;
  }
  const read = db.prepare('SELECT value FROM meta WHERE key = ?');
  const write = db.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  );
  const meta = {
    get: (key: string): string | null => (read.get(key) as { value: string } | undefined)?.value ?? null,
    set: (key: string, value: string): void => void write.run(key, value),
  };
  if (isNew || meta.get('log_id') === null) meta.set('log_id', ports.ids.uuidv7());
  const { head } = db.prepare('SELECT coalesce(max(seq), 0) AS head FROM events').get() as { head: number };
  const writer = new Writer(db, ports, head);
  return {
    db,
    writer,
    meta,
    close: () => {
      writer.close();
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
    },
  };
};
