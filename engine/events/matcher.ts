// Pairs lines of the file with rows of the table. Reconcile and verify both ask it, so that they agree.
import type { Database } from 'better-sqlite3';
import type { EventDraft, EventV1 } from '#machines/nouns/event';
import { eventLine } from '#machines/nouns/event';
import { param, statement } from '../store/statement.ts';
import { readRecord } from './accept.ts';
import { foreignId } from './foreign-id.ts';
import { looksOwn, readLine } from './line.ts';
import type { RawLine } from './lines.ts';
import { toEvent } from './row.ts';
import { SeqSet } from './seq-set.ts';

export interface StoredRow {
  readonly seq: number;
  readonly is_foreign: number;
  readonly line: string;
}

export type Match =
  /** The line stands for this row, and is the first to do so. */
  | { readonly is: 'row'; readonly seq: number }
  /** A line of ours, once more. */
  | { readonly is: 'doubled'; readonly seq: number }
  /** A line of ours that the table lacks. */
  | { readonly is: 'own'; readonly event: EventV1; readonly at: number }
  /** A line of somebody else that the table lacks, with the id that it gets. */
  | { readonly is: 'foreign'; readonly draft: EventDraft; readonly at: number; readonly id: string }
  | { readonly is: 'broken'; readonly reason: string }
  /** Blank, or the same foreign event with its id once more. */
  | { readonly is: 'nothing' };

/** Rows read at a time while lines and rows go side by side. */
const PAGE_ROWS = 500;

/** The record that a foreign line becomes. */
export const foreignEvent = (draft: EventDraft, at: number, id: string, seq: number): EventV1 =>
  toEvent(draft, 'log', at, id, seq);

const statements = (db: Database) => {
  const columns = ['seq', 'is_foreign', 'line'] as const;
  return {
    byId: statement<{ id: string }>()(db, (k) =>
      k.selectFrom('events').select(columns).where('id', '=', param<string>('id')),
    ),
    ownAfter: statement<{ seq: number }>()(db, (k) =>
      k
        .selectFrom('events')
        .select(columns)
        .where('seq', '>', param<number>('seq'))
        .where('is_foreign', '=', 0)
        .orderBy('seq')
        .limit(PAGE_ROWS),
    ),
    after: statement<{ seq: number; upTo: number }>()(db, (k) =>
      k
        .selectFrom('events')
        .select(columns)
        .where('seq', '>', param<number>('seq'))
        .where('seq', '<=', param<number>('upTo'))
        .orderBy('seq')
        .limit(PAGE_ROWS),
    ),
  };
};

export class LineMatcher {
  /** Rows that a line was found for. */
  readonly found: SeqSet;
  readonly #sql: ReturnType<typeof statements>;
  /** Our rows that are expected next, in the order in which the mirror wrote them. */
  #ahead: StoredRow[] = [];
  #next = 0;
  #readTo: number;
  #isAtEnd = false;

  /** Pairs lines with the rows above `fromSeq`; lines of the rows up to it stand before the part that is looked at. */
  constructor(db: Database, fromSeq: number) {
    this.#sql = statements(db);
    this.found = new SeqSet(fromSeq);
    this.#readTo = fromSeq;
  }

  /** What a line is, when it is one of ours; null when it is not, which is for `matchOther` to look into. */
  matchOwn(raw: RawLine): Match | null {
    if (raw.isTooLong) return null;
    // Nearly every line is the next one of ours, and comparing bytes is all it takes to know.
    const expected = this.#expected();
    if (expected !== undefined && Buffer.from(expected.line).equals(raw.bytes)) return this.#take(expected);
    if (!looksOwn(raw.bytes)) return null;
    const line = readLine(raw.bytes);
    if (line.is !== 'own') return null;
    const { event, at } = line;
    const row = this.#sql.byId.get({ id: event.id });
    if (row === undefined) return { is: 'own', event, at };
    // Only lines of ours that are canonical come here, so equal text is equal bytes.
    if (row.line === eventLine(event)) return this.#take(row);
    return this.#matchForeignRow(row, readRecord(event), at, event.id);
  }

  /** What a line is that is not one of ours. Asked in the order of the file, once a line: equal lines are counted. */
  matchOther(raw: RawLine): Match {
    if (raw.isTooLong) return { is: 'broken', reason: `a line of ${raw.length} bytes is too long` };
    const line = readLine(raw.bytes);
    if (line.is === 'blank') return { is: 'nothing' };
    if (line.is === 'broken') return line;
    const draft = line.is === 'own' ? readRecord(line.event) : line.draft;
    const id = draft.id ?? this.#nextIdOf(raw.bytes);
    const row = this.#sql.byId.get({ id });
    if (row === undefined) return { is: 'foreign', draft, at: line.at, id };
    return this.#matchForeignRow(row, draft, line.at, id);
  }

  /** Either of the two, for those who only look. */
  match(raw: RawLine): Match {
    return this.matchOwn(raw) ?? this.matchOther(raw);
  }

  /** Rows above `after` and up to `upTo` that no line was found for, by seq. */
  *missing(after: number, upTo: number): Generator<StoredRow> {
    for (let seq = after; ;) {
      const rows = this.#sql.after.all({ seq, upTo });
      for (const row of rows) {
        if (!this.found.has(row.seq)) yield row;
        seq = row.seq;
      }
      if (rows.length < PAGE_ROWS) return;
    }
  }

  #expected(): StoredRow | undefined {
    for (;;) {
      const row = this.#ahead[this.#next];
      if (row === undefined) {
        if (this.#isAtEnd) return undefined;
        this.#ahead = this.#sql.ownAfter.all({ seq: this.#readTo });
        this.#next = 0;
        this.#readTo = this.#ahead.at(-1)?.seq ?? this.#readTo;
        this.#isAtEnd = this.#ahead.length < PAGE_ROWS;
      } else if (this.found.has(row.seq)) this.#next += 1;
      else return row;
    }
  }

  #take(row: StoredRow): Match {
    if (this.found.has(row.seq)) return { is: 'doubled', seq: row.seq };
    this.found.add(row.seq);
    // Lines between were taken out of the file: go on behind this one.
    if (row.is_foreign === 0 && row.seq > this.#readTo) {
      this.#ahead = [];
      this.#readTo = row.seq;
    } else while ((this.#ahead[this.#next]?.seq ?? Infinity) <= row.seq) this.#next += 1;
    return { is: 'row', seq: row.seq };
  }

  #matchForeignRow(row: StoredRow, draft: EventDraft, at: number, id: string): Match {
    if (row.is_foreign === 0 || row.line !== eventLine(foreignEvent(draft, at, id, row.seq)))
      return { is: 'broken', reason: `another content than event ${id} (seq ${row.seq})` };
    if (this.found.has(row.seq)) return { is: 'nothing' };
    this.found.add(row.seq);
    return { is: 'row', seq: row.seq };
  }

  /** The id of a line without one: of its occurrences, those found before have the ids 1 to n. */
  #nextIdOf(bytes: Uint8Array): string {
    const isFound = (occurrence: number): boolean => {
      const row = this.#sql.byId.get({ id: foreignId(bytes, occurrence) });
      return row !== undefined && this.found.has(row.seq);
    };
    // Doubling and halving: a line that stands there a million times costs forty looks, not a million.
    let [below, above] = [0, 1];
    while (isFound(above)) [below, above] = [above, above * 2];
    while (above - below > 1) {
      const middle = (below + above) >>> 1;
      if (isFound(middle)) below = middle;
      else above = middle;
    }
    return foreignId(bytes, above);
  }
}
