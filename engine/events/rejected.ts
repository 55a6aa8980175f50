// events.rejected.jsonl: lines of the log that are no events, each once, with where it stands and what is wrong with it.
import { createHash } from 'node:crypto';
import SqliteDatabase, { type Database } from 'better-sqlite3';
import type { AppendFile, Disk } from '../ports.ts';
import { KEPT_OF_LONG_LINE_BYTES, type RawLine, readLines } from './lines.ts';
import { isRecord } from './record-shape.ts';

export interface Rejected {
  readonly raw: RawLine;
  readonly reason: string;
}

/** As it stands in the file. Bytes that are no UTF-8 are kept as base64, of a line that is too long only the beginning. */
const entryOf = ({ raw, reason }: Rejected): object => {
  const bytes = raw.isTooLong ? raw.bytes.subarray(0, KEPT_OF_LONG_LINE_BYTES) : raw.bytes;
  try {
    const line = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { offset: raw.offset, reason, line };
  } catch {
    return { offset: raw.offset, reason, line: Buffer.from(bytes).toString('base64'), encoding: 'base64' };
  }
};

const keyOf = (offset: unknown, line: unknown): Buffer =>
  createHash('sha256')
    .update(`${String(offset)}\n${String(line)}`)
    .digest();

interface Open {
  readonly file: AppendFile;
  readonly seen: Database;
  /** Whether the key is new. */
  readonly add: (key: Buffer) => boolean;
}

export class RejectedLog {
  readonly #disk: Disk;
  readonly #path: string;
  #open: Open | null = null;

  constructor(disk: Disk, path: string) {
    this.#disk = disk;
    this.#path = path;
  }

  /** Writes those that are not there yet. Throws what the disk says. */
  add(rejected: readonly Rejected[]): void {
    if (rejected.length === 0) return;
    const open = (this.#open ??= this.#begin());
    const lines = rejected.map(entryOf).filter((entry) => {
      const { offset, line } = entry as { offset: number; line: string };
      return open.add(keyOf(offset, line));
    });
    if (lines.length > 0)
      open.file.append(Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
  }

  close(): void {
    this.#open?.file.close();
    this.#open?.seen.close();
    this.#open = null;
  }

  #begin(): Open {
    const file = this.#disk.openAppend(this.#path);
    // A temporary database on disk: a log full of garbage must not fill the memory.
    const seen = new SqliteDatabase('');
    seen.exec('CREATE TABLE seen (key BLOB PRIMARY KEY NOT NULL) WITHOUT ROWID; BEGIN');
    const insert = seen.prepare('INSERT OR IGNORE INTO seen (key) VALUES (?)');
    const add = (key: Buffer): boolean => insert.run(key).changes > 0;
    for (const raw of readLines(file, 0, file.size())) {
      // Torn by a crash: it is written again when its line is met again.
      if (!raw.isTerminated) file.truncate(raw.offset);
      else
        try {
          const entry: unknown = JSON.parse(Buffer.from(raw.bytes).toString());
          if (isRecord(entry)) add(keyOf(entry['offset'], entry['line']));
        } catch {
          // Not by us; it stays as it is.
        }
    }
    return { file, seen, add };
  }
}
