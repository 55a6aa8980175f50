// events.jsonl, the mirror of the table: written right after each COMMIT, healed at boot and whenever the file is not as
// it was left. A mirror that cannot be written only lags: no run waits for it, and it catches up from the table.
import type { EventRow, MirrorState } from '../engine.ts';
import type { AppendFile, Ports } from '../ports.ts';
import type { Store } from '../store/open.ts';
import { eventsFile, rejectedFile } from './files.ts';
import { type Healed, reconcile } from './reconcile.ts';
import { RejectedLog } from './rejected.ts';
import { type Place, type Watermark, keepWatermark, readWatermark } from './watermark.ts';

export interface Mirror {
  state(): MirrorState;
  /** What was put right since the engine started, at boot above all. */
  healed(): Healed;
  /** Commits what waits and lets a healing in progress end; does not begin one. */
  settle(): Promise<void>;
  /** Keeps the watermark and closes the file. Call it before the store is closed. */
  close(): Promise<void>;
}

type MirrorPorts = Pick<Ports, 'clock' | 'crash' | 'disk' | 'log'>;

/** The watermark is kept at most this often: after a crash, at most so much of the file is compared again. */
const WATERMARK_MS = 1_000;
/** A rename leaves the open file alive without its name; looked at this often. */
const NAME_CHECK_MS = 1_000;
/** Waits between attempts while the disk fails. */
const RETRY_FIRST_MS = 100;
const RETRY_MOST_MS = 30_000;

const sum = (a: Healed, b: Healed): Healed => ({
  appended_to_file: a.appended_to_file + b.appended_to_file,
  indexed_from_file: a.indexed_from_file + b.indexed_from_file,
  torn_tail_bytes: a.torn_tail_bytes + b.torn_tail_bytes,
});

class FileMirror implements Mirror {
  readonly #store: Store;
  readonly #ports: MirrorPorts;
  readonly #path: string;
  readonly #rejectedPath: string;
  #file: AppendFile | null = null;
  /** Up to where file and table agree; null while that is being found out. */
  #at: Place | null = null;
  /** The last of these places that is known for sure, and the one that the database knows. */
  #sure: Watermark | null;
  #kept: Watermark | null;
  #problem: string | null = null;
  #healing: Promise<void> | null = null;
  #healed: Healed = { appended_to_file: 0, indexed_from_file: 0, torn_tail_bytes: 0 };
  #retryMs = RETRY_FIRST_MS;
  #cancelRetry: (() => void) | null = null;
  #cancelKeep: (() => void) | null = null;
  #nameCheckedAt = 0;
  #isClosed = false;

  constructor(store: Store, ports: MirrorPorts, dataDir: string) {
    this.#store = store;
    this.#ports = ports;
    this.#path = eventsFile(dataDir);
    this.#rejectedPath = rejectedFile(dataDir);
    this.#kept = readWatermark(store);
    this.#sure = this.#kept;
    store.writer.onCommit((rows) => {
      this.#write(rows);
    });
  }

  state(): MirrorState {
    const lag = this.#store.writer.head - (this.#at?.seq ?? this.#sure?.seq ?? 0);
    return { ok: this.#problem === null && lag === 0, lag, problem: this.#problem };
  }

  healed(): Healed {
    return this.#healed;
  }

  async settle(): Promise<void> {
    this.#store.writer.flush();
    await this.#healing;
    this.#store.writer.flush();
  }

  async close(): Promise<void> {
    await this.settle();
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#cancelKeep?.();
    await this.#healing;
    await this.#keep();
    this.#drop();
  }

  /** Heals until file and table agree or the disk fails; then again later. Never throws, never runs twice at once. */
  heal(): Promise<void> {
    this.#healing ??= this.#healOnce().finally(() => {
      this.#healing = null;
      // Rows committed since the last look, or lines that somebody else wrote meanwhile.
      if (this.#problem === null && (this.#at?.seq ?? -1) < this.#store.writer.head) this.#retry(0);
    });
    return this.#healing;
  }

  async #healOnce(): Promise<void> {
    const { disk, log } = this.#ports;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    if (this.#at !== null) this.#sure = this.#at.watermark();
    this.#at = null;
    this.#drop();
    const rejected = new RejectedLog(disk, this.#rejectedPath);
    try {
      const file = disk.openAppend(this.#path);
      this.#file = file;
      const part = { store: this.#store, ports: this.#ports, file, rejected };
      const { place, healed } = await reconcile(part, this.#sure);
      this.#healed = sum(this.#healed, healed);
      this.#at = place;
      if (place !== null) this.#kept = this.#sure = place.watermark();
      this.#problem = null;
      this.#retryMs = RETRY_FIRST_MS;
      if (healed.appended_to_file + healed.indexed_from_file + healed.torn_tail_bytes > 0)
        log.info(healed, 'events.jsonl and the table agree again');
    } catch (error) {
      this.#fail(error);
      this.#drop();
      this.#retry(this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MOST_MS);
    } finally {
      rejected.close();
    }
  }

  /** After a COMMIT. What goes wrong here is for the mirror alone to mend. */
  #write(rows: readonly EventRow[]): void {
    const at = this.#at;
    const file = this.#file;
    if (at === null || file === null || this.#healing !== null) return;
    try {
      if (file.size() !== at.offset || rows[0]?.seq !== at.seq + 1 || !this.#hasItsName(file)) {
        void this.heal();
        return;
      }
      const last = Buffer.from(`${rows.at(-1)?.line ?? ''}\n`);
      const before = rows.slice(0, -1).map(({ line }) => `${line}\n`);
      // In two parts, so that a test can end the process inside a line; to a reader it is one append all the same.
      const bytes = Buffer.concat([Buffer.from(before.join('')), last]);
      const half = bytes.length - (last.length >>> 1);
      file.append(bytes.subarray(0, half));
      this.#ports.crash.reach('mirror.during');
      file.append(bytes.subarray(half));
      this.#at = at.after(bytes, rows.at(-1)?.seq ?? at.seq);
      this.#cancelKeep ??= this.#ports.clock.after(WATERMARK_MS, () => {
        this.#cancelKeep = null;
        void this.#keep();
      });
    } catch (error) {
      this.#fail(error);
      this.#retry(this.#retryMs);
    }
  }

  #hasItsName(file: AppendFile): boolean {
    const { clock, disk } = this.#ports;
    const now = clock.now();
    if (now >= this.#nameCheckedAt && now - this.#nameCheckedAt < NAME_CHECK_MS) return true;
    this.#nameCheckedAt = now;
    return disk.exists(this.#path) && disk.size(this.#path) === file.size();
  }

  #fail(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    if (this.#problem === null)
      this.#ports.log.warn({ err: error }, 'events.jsonl cannot be written; it will catch up');
    this.#problem = problem;
  }

  #retry(ms: number): void {
    if (this.#isClosed || this.#cancelRetry !== null) return;
    this.#cancelRetry = this.#ports.clock.after(ms, () => {
      this.#cancelRetry = null;
      void this.heal();
    });
  }

  async #keep(): Promise<void> {
    const mark = this.#at?.watermark();
    if (mark === undefined || mark.seq === this.#kept?.seq) return;
    try {
      await this.#store.writer.submit(() => {
        keepWatermark(this.#store, mark);
      });
      this.#kept = mark;
    } catch (error) {
      // An older watermark only means that more is compared at the next start.
      this.#ports.log.debug({ err: error }, 'the watermark was not kept');
    }
  }

  #drop(): void {
    try {
      this.#file?.close();
    } catch (error) {
      this.#ports.log.debug({ err: error }, 'events.jsonl was not closed');
    }
    this.#file = null;
  }
}

/**
 * Opens the mirror of a data folder and makes file and table agree. Create it before the event log, so that what
 * subscribers see stands in the file. Resolves also when the file cannot be written: state() says so then.
 */
export const openMirror = async (store: Store, ports: MirrorPorts, dataDir: string): Promise<Mirror> => {
  const mirror = new FileMirror(store, ports, dataDir);
  await mirror.heal();
  return mirror;
};
