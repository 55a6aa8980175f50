// Makes file and table agree after whatever happened: each gets what only the other has. Killed anywhere and run again,
// it comes to the same end: rows are looked up by id, lines are appended only when missing, the watermark moves last.
import type { AppendFile, Ports } from '../ports.ts';
import type { Store } from '../store/open.ts';
import { Indexer } from './indexer.ts';
import { type RawLine, readLines } from './lines.ts';
import { LineMatcher, type StoredRow } from './matcher.ts';
import type { Rejected, RejectedLog } from './rejected.ts';
import { Place, type Watermark, holds, keepWatermark } from './watermark.ts';

export interface Healed {
  readonly appended_to_file: number;
  readonly indexed_from_file: number;
  readonly torn_tail_bytes: number;
}

export interface Reconciliation {
  /** Up to where file and table agree; null when somebody else wrote meanwhile, and it is to be run again. */
  readonly place: Place | null;
  readonly healed: Healed;
}

interface Part {
  readonly store: Store;
  readonly ports: Pick<Ports, 'crash'>;
  readonly file: AppendFile;
  readonly rejected: RejectedLog;
}

/** Lines looked at, and bytes written, between two turns of the event loop. */
const CHUNK_LINES = 500;
const CHUNK_BYTES = 1 << 18;

const START: Watermark = { offset: 0, seq: 0, sha256: '' };
const NEWLINE = Uint8Array.of(0x0a);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const chunks = function* (lines: Iterable<RawLine>): Generator<RawLine[]> {
  let chunk: RawLine[] = [];
  for (const line of lines) {
    chunk.push(line);
    if (chunk.length < CHUNK_LINES) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
};

/** Lines of ours that the table lacks are indexed under their seqs. Answers the first line that is not ours, and the tail. */
const readOwn = async (
  { rejected }: Part,
  matcher: LineMatcher,
  indexer: Indexer,
  lines: Iterable<RawLine>,
): Promise<{ firstOther: number | null; tail: RawLine | null }> => {
  let firstOther: number | null = null;
  let tail: RawLine | null = null;
  const noteOther = (offset: number): void => {
    firstOther = Math.min(firstOther ?? offset, offset);
  };
  for (const chunk of chunks(lines)) {
    const broken: Rejected[] = [];
    for (const raw of chunk) {
      if (!raw.isTerminated) {
        tail = raw;
        continue;
      }
      const match = matcher.matchOwn(raw);
      if (match?.is === 'broken') broken.push({ raw, reason: match.reason });
      const isOther = match === null || (match.is === 'own' && !indexer.plan(raw, match.event, match.at));
      if (isOther) noteOther(raw.offset);
    }
    rejected.add(broken);
    // A line that was planned and then found its seq taken is somebody else's after all.
    const refused = await indexer.indexPlanned();
    if (refused !== null) noteOther(refused);
    await turn();
  }
  return { firstOther, tail };
};

/** Cuts what a crash left of a row's line, or ends the line of somebody who was cut off. Answers the cut bytes. */
const settleTail = ({ file }: Part, tail: RawLine, missing: Iterable<StoredRow>): number => {
  const isTornBy = ({ line }: StoredRow): boolean => {
    const bytes = Buffer.from(line);
    return bytes.length >= tail.bytes.length && bytes.subarray(0, tail.bytes.length).equals(tail.bytes);
  };
  if (!tail.isTooLong)
    for (const row of missing)
      if (isTornBy(row)) {
        file.truncate(tail.offset);
        return tail.length;
      }
  file.append(NEWLINE);
  return 0;
};

/** Lines of others become rows, broken ones are kept aside. */
const readOthers = async (
  { store, ports, rejected }: Part,
  matcher: LineMatcher,
  indexer: Indexer,
  lines: Iterable<RawLine>,
): Promise<void> => {
  for (const chunk of chunks(lines)) {
    const broken: Rejected[] = [];
    await store.writer.submit((tx) => {
      broken.length = 0;
      for (const raw of chunk) {
        if (indexer.isIndexedOwn(raw)) continue;
        const match = matcher.matchOther(raw);
        if (match.is === 'broken') broken.push({ raw, reason: match.reason });
        if (match.is === 'foreign') indexer.index(tx, match);
      }
    });
    rejected.add(broken);
    ports.crash.reach('recover.during');
    await turn();
  }
};

/** Rows that the file lacks are appended. Answers how many, and the bytes and seq up to which the file is complete. */
const appendMissing = async (
  { store, ports, file }: Part,
  matcher: LineMatcher,
  from: { readonly offset: number; readonly seq: number },
): Promise<{ count: number; offset: number; seq: number }> => {
  let count = 0;
  let { offset, seq } = from;
  const write = (lines: readonly string[]): void => {
    const bytes = Buffer.from(lines.join(''));
    const half = bytes.length >>> 1;
    file.append(bytes.subarray(0, half));
    ports.crash.reach('recover.during');
    file.append(bytes.subarray(half));
    count += lines.length;
    offset += bytes.length;
  };
  // Rows that are committed meanwhile are taken along.
  while (seq < store.writer.head) {
    const head = store.writer.head;
    let lines: string[] = [];
    let size = 0;
    for (const row of matcher.missing(seq, head)) {
      lines.push(`${row.line}\n`);
      size += row.line.length;
      if (size < CHUNK_BYTES) continue;
      write(lines);
      [lines, size] = [[], 0];
      await turn();
    }
    if (lines.length > 0) write(lines);
    seq = head;
  }
  return { count, offset, seq };
};

/**
 * Compares from the watermark on (from the start when the file no longer fits it) and heals both sides.
 * Memory does not grow with the file. Throws what the disk or the database says; run it again then.
 */
export const reconcile = async (part: Part, from: Watermark | null): Promise<Reconciliation> => {
  const { store, ports, file } = part;
  const start = from !== null && holds(file, from) ? from : START;
  const matcher = new LineMatcher(store.db, start.seq);
  const indexer = new Indexer(store, matcher, start);
  const end = file.size();
  const looked = await readOwn(part, matcher, indexer, readLines(file, start.offset, end));
  const { tail } = looked;
  let { firstOther } = looked;
  ports.crash.reach('recover.during');
  let torn = 0;
  let settled = end;
  if (tail !== null) {
    torn = settleTail(part, tail, matcher.missing(start.seq, store.writer.head));
    settled = torn > 0 ? tail.offset : end + NEWLINE.length;
    if (torn === 0) {
      const last = await readOwn(part, matcher, indexer, [{ ...tail, isTerminated: true }]);
      firstOther ??= last.firstOther;
    }
  }
  if (firstOther !== null) await readOthers(part, matcher, indexer, readLines(file, firstOther, settled));
  const { count, offset, seq } = await appendMissing(part, matcher, { offset: settled, seq: start.seq });
  const place = file.size() === offset ? Place.in(file, offset, seq) : null;
  if (place !== null)
    await store.writer.submit(() => {
      keepWatermark(store, place.watermark());
    });
  return {
    place,
    healed: { appended_to_file: count, indexed_from_file: indexer.count, torn_tail_bytes: torn },
  };
};
