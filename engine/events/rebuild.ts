// Makes a new database from events.jsonl, for when the old one is lost or in doubt. Offline: the caller holds the lock.
import { existsSync, renameSync, rmSync } from 'node:fs';
import { MeshError } from '#machines/nouns/error';
import type { EventV1 } from '#machines/nouns/event';
import type { EventRow } from '../engine.ts';
import type { Ports } from '../ports.ts';
import { openStore, type Store } from '../store/open.ts';
import { param, statement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';
import { databaseFile } from './files.ts';
import { openMirror } from './mirror.ts';

/** Derives what is not in the log itself (team runs, timers, jobs, invocations) from its events, in order of seq. */
export interface Replay {
  /** One event, inside a transaction of the new database. */
  event(row: EventRow, tx: Tx): void;
  /** After the last one, inside a transaction too. */
  finish(tx: Tx): void;
}

export interface RebuildOptions {
  readonly dataDir: string;
  readonly synchronous: 'FULL' | 'NORMAL';
  readonly ports: Pick<Ports, 'clock' | 'crash' | 'disk' | 'ids' | 'log'>;
  /** Makes the replay of a new database. */
  readonly replay?: (store: Store) => Replay;
}

export interface RebuildReport {
  /** Whether the new database is in use now. False: the old one is, untouched, because the two differ. */
  readonly swapped: boolean;
  readonly events: number;
  /** Events of the old database; null when there was none that could be read. */
  readonly old_events: number | null;
  /** Seqs at which the two tables differ, the first hundred of them. */
  readonly differences: readonly number[];
  /** Where the old database went. */
  readonly kept_as: string | null;
}

/** What the log does not tell: taken over from the old database. */
const NOT_IN_THE_LOG = ['agents', 'agent_provenance', 'audit', 'idempotency', 'installs'] as const;
const PAGE_ROWS = 500;
const DIFFERENCES_MOST = 100;

const sidecars = (file: string): string[] => [file, `${file}-wal`, `${file}-shm`];

const remove = (file: string): void => {
  for (const path of sidecars(file)) rmSync(path, { force: true });
};

const rowReader = (store: Store) =>
  statement<{ after: number }>()(store.db, (k) =>
    k
      .selectFrom('events')
      .select(['seq', 'id', 'at', 'run_id', 'kind', 'task_id', 'team_run_id', 'agent', 'state', 'line'])
      .where('seq', '>', param<number>('after'))
      .orderBy('seq')
      .limit(PAGE_ROWS),
  );

const rowsOf = function* (store: Store) {
  const read = rowReader(store);
  for (let after = 0; ;) {
    const page = read.all({ after });
    yield* page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1)?.seq ?? after;
  }
};

/** Seqs at which two tables differ. `is_foreign` is no fact of an event: it tells which form stands in the file. */
const compare = (one: Store, other: Store): number[] => {
  const differences: number[] = [];
  const [left, right] = [rowsOf(one), rowsOf(other)];
  while (differences.length < DIFFERENCES_MOST) {
    const [a, b] = [left.next(), right.next()];
    if (a.done === true && b.done === true) break;
    if (JSON.stringify(a.value) === JSON.stringify(b.value)) continue;
    differences.push(Math.min(a.value?.seq ?? Infinity, b.value?.seq ?? Infinity));
  }
  return differences;
};

/** The old database with its file healed, so that both say all they know; null when it cannot be opened. */
const openOld = async ({ synchronous, ports, dataDir }: RebuildOptions): Promise<Store | null> => {
  const database = databaseFile(dataDir);
  if (!existsSync(database)) return null;
  let store: Store;
  try {
    store = await openStore(database, { synchronous }, ports);
  } catch (error) {
    if (error instanceof MeshError && error.code === 'data_newer') throw error;
    ports.log.warn({ err: error }, 'the old database cannot be opened; it is kept aside');
    return null;
  }
  try {
    await (await openMirror(store, ports, dataDir)).close();
    return store;
  } catch (error) {
    ports.log.warn({ err: error }, 'the old database cannot be read; it is kept aside');
    store.close();
    return null;
  }
};

const replayAll = async (store: Store, replay: Replay): Promise<void> => {
  const read = rowReader(store);
  for (let after = 0; ;) {
    const page = read.all({ after });
    await store.writer.submit((tx) => {
      for (const { seq, line } of page) replay.event({ seq, line, event: JSON.parse(line) as EventV1 }, tx);
      if (page.length < PAGE_ROWS) replay.finish(tx);
    });
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1)?.seq ?? after;
  }
};

const takeOver = (store: Store, old: string): void => {
  store.db.prepare('ATTACH DATABASE ? AS old').run(old);
  try {
    store.db.transaction(() => {
      for (const table of NOT_IN_THE_LOG)
        store.db.exec(`INSERT INTO main.${table} SELECT * FROM old.${table}`);
      store.db.exec("INSERT OR REPLACE INTO main.meta SELECT * FROM old.meta WHERE key = 'log_id'");
    })();
  } finally {
    store.db.exec('DETACH DATABASE old');
  }
};

/** A new database from the file: events, then what follows from them. Throws storage_failed when the file cannot be read. */
const build = async (options: RebuildOptions, file: string, old: Store | null): Promise<Store> => {
  const { synchronous, ports, dataDir, replay } = options;
  const store = await openStore(file, { synchronous }, ports);
  try {
    const mirror = await openMirror(store, ports, dataDir);
    const { problem } = mirror.state();
    await mirror.close();
    if (problem !== null) throw new MeshError('storage_failed', `events.jsonl: ${problem}`);
    if (old !== null) takeOver(store, databaseFile(dataDir));
    if (replay !== undefined) await replayAll(store, replay(store));
    return store;
  } catch (error) {
    store.close();
    throw error;
  }
};

/**
 * Builds a new database from events.jsonl, compares its events with those of the old one, and puts it in the old one's
 * place when they are equal or when there is no old one. The old one is kept as `agentmesh.db.before-rebuild`.
 * Throws data_newer, storage_failed, and what the replay throws; the old database is untouched then.
 */
export const rebuild = async (options: RebuildOptions): Promise<RebuildReport> => {
  const database = databaseFile(options.dataDir);
  const fresh = `${database}.rebuild`;
  remove(fresh);
  const old = await openOld(options);
  let store: Store;
  try {
    store = await build(options, fresh, old);
  } catch (error) {
    old?.close();
    remove(fresh);
    throw error;
  }
  const differences = old === null ? [] : compare(old, store);
  const count = (of: Store): number =>
    (of.db.prepare('SELECT count(*) AS rows FROM events').get() as { rows: number }).rows;
  const report = { events: count(store), old_events: old === null ? null : count(old), differences };
  store.close();
  old?.close();
  if (differences.length > 0) {
    remove(fresh);
    return { ...report, swapped: false, kept_as: null };
  }
  const keptAs = existsSync(database) ? `${database}.before-rebuild` : null;
  if (keptAs !== null) {
    remove(keptAs);
    for (const [index, path] of sidecars(database).entries())
      if (existsSync(path)) renameSync(path, sidecars(keptAs)[index] ?? keptAs);
  }
  // Ended between the two renames, the next start finds no database and makes it from the file again.
  renameSync(fresh, database);
  return { ...report, swapped: true, kept_as: keptAs };
};
