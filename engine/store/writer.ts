// The one writer: everything that must last goes through it. Many submissions, one synchronous transaction, one fsync.
import type { Database } from 'better-sqlite3';
import { MeshError } from '#machines/nouns/error';
import type { EventRow } from '../engine.ts';
import type { CrashPoints, Clock } from '../ports.ts';

/** One unit of work inside a transaction. It rolls back alone when it throws. */
export interface Tx {
  /** Clock at the beginning of the batch, milliseconds. */
  readonly now: number;
  /** The next seq of the log: gapless, given back when the work rolls back. */
  nextSeq(): number;
  /** An event row that this work has inserted; listeners get it after COMMIT. */
  stage(row: EventRow): void;
  /** Runs after COMMIT, before the submitter is answered. Must not throw. */
  after(effect: () => void): void;
  /** Runs when this work, or the whole batch, is rolled back, the last one first: for putting memory right. Must not throw. */
  undone(repair: () => void): void;
}

interface Submission {
  readonly work: (tx: Tx) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** How many submissions one transaction takes at most, so that a batch never blocks the loop for long. */
const BATCH_MAX = 512;

const storageError = (error: unknown): MeshError => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new MeshError(
    code === 'SQLITE_FULL' ? 'disk_full' : 'storage_failed',
    error instanceof Error ? error.message : String(error),
    {},
    { cause: error },
  );
};

const isStorageError = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  /^SQLITE_(FULL|IOERR|CORRUPT|READONLY|NOTADB)/.test(String(error.code));

export class Writer {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #crash: CrashPoints;
  readonly #listeners: ((rows: readonly EventRow[]) => void)[] = [];
  readonly #begin: () => void;
  readonly #commit: () => void;
  readonly #rollback: () => void;
  readonly #savepoint: () => void;
  readonly #release: () => void;
  readonly #undo: () => void;
  readonly #waiting: Submission[] = [];
  #scheduled = false;
  #head: number;
  #closed = false;

  constructor(db: Database, ports: { readonly clock: Clock; readonly crash: CrashPoints }, head: number) {
    this.#db = db;
    this.#clock = ports.clock;
    this.#crash = ports.crash;
    this.#head = head;
    const exec = (sql: string): (() => void) => {
      const prepared = db.prepare(sql);
      return () => void prepared.run();
    };
    this.#begin = exec('BEGIN IMMEDIATE');
    this.#commit = exec('COMMIT');
    this.#rollback = exec('ROLLBACK');
    this.#savepoint = exec('SAVEPOINT work');
    this.#release = exec('RELEASE work');
    this.#undo = exec('ROLLBACK TO work');
  }

  /** seq of the last committed event. */
  get head(): number {
    return this.#head;
  }

  /** Called after each COMMIT with the batch's events in seq order, before the submitters are answered. */
  onCommit(listener: (rows: readonly EventRow[]) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Queues work for the next transaction; resolves with its result once that is durable.
   * Rejects with what the work threw (nothing of it is kept), or with disk_full or storage_failed (nothing of the batch is).
   */
  submit<T>(work: (tx: Tx) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new MeshError('stopping'));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  /** One batch a turn of the event loop: ten thousand submissions at once must not stop everything else. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#commitBatch(this.#waiting.splice(0, BATCH_MAX));
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  /** Commits what waits, now. */
  flush(): void {
    while (this.#waiting.length > 0) this.#commitBatch(this.#waiting.splice(0, BATCH_MAX));
  }

  /** Commits what waits and refuses more. */
  close(): void {
    this.flush();
    this.#closed = true;
  }

  #commitBatch(batch: readonly Submission[]): void {
    if (batch.length === 0) return;
    const now = this.#clock.now();
    const rows: EventRow[] = [];
    const effects: (() => void)[] = [];
    const answers: (() => void)[] = [];
    const repairs: (() => void)[] = [];
    let seq = this.#head;
    try {
      this.#begin();
      for (const { work, resolve, reject } of batch) {
        const marks = { rows: rows.length, effects: effects.length, repairs: repairs.length, seq };
        this.#savepoint();
        try {
          const value = work({
            now,
            nextSeq: () => ++seq,
            stage: (row) => void rows.push(row),
            after: (effect) => void effects.push(effect),
            undone: (repair) => void repairs.push(repair),
          });
          this.#release();
          answers.push(() => {
            resolve(value);
          });
        } catch (error) {
          if (isStorageError(error)) throw error;
          this.#undo();
          this.#release();
          for (const repair of repairs.splice(marks.repairs).reverse()) repair();
          rows.length = marks.rows;
          effects.length = marks.effects;
          seq = marks.seq;
          answers.push(() => {
            reject(error);
          });
        }
      }
      this.#crash.reach('commit.before');
      this.#commit();
    } catch (error) {
      if (this.#db.inTransaction) this.#rollback();
      for (const repair of repairs.reverse()) repair();
      const failed = storageError(error);
      for (const { reject } of batch) reject(failed);
      return;
    }
    this.#head = seq;
    this.#crash.reach('commit.after');
    if (rows.length > 0) for (const listener of this.#listeners) listener(rows);
    for (const effect of effects) effect();
    for (const answer of answers) answer();
  }
}
