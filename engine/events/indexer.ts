// Lines that the table lacks become rows: ours under their own seqs, those of others under the next free ones.
import { type EventV1, eventLine } from '#machines/nouns/event';
import type { Store } from '../store/open.ts';
import { param, statement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';
import { readLine, looksOwn } from './line.ts';
import type { RawLine } from './lines.ts';
import { type LineMatcher, type Match, foreignEvent } from './matcher.ts';
import { rowInserter } from './row.ts';
import type { Watermark } from './watermark.ts';

/** So many seqs may be lost between two lines of ours; a line further ahead comes from another log. */
const LOST_SEQS_MAX = 10_000;

interface Planned {
  readonly raw: RawLine;
  readonly event: EventV1;
  readonly at: number;
}

export class Indexer {
  readonly #store: Store;
  readonly #matcher: LineMatcher;
  readonly #start: Watermark;
  readonly #insert;
  readonly #hasId;
  readonly #hasSeq;
  readonly #counts;
  #planned: Planned[] = [];
  /** Seqs below this and above the start are taken. */
  #freeFrom: number;
  /** Seqs between rows that are free; counted once, before the first line of others is indexed. */
  #gaps: number | null = null;
  /** Rows made. */
  count = 0;

  constructor(store: Store, matcher: LineMatcher, start: Watermark) {
    this.#store = store;
    this.#matcher = matcher;
    this.#start = start;
    this.#freeFrom = start.seq + 1;
    this.#insert = rowInserter(store.db);
    this.#hasId = statement<{ id: string }>()(store.db, (k) =>
      k.selectFrom('events').select('seq').where('id', '=', param<string>('id')),
    );
    this.#hasSeq = statement<{ seq: number }>()(store.db, (k) =>
      k.selectFrom('events').select('seq').where('seq', '=', param<number>('seq')),
    );
    this.#counts = statement<{ seq: number }>()(store.db, (k) =>
      k
        .selectFrom('events')
        .select(({ fn }) => [fn.countAll<number>().as('rows'), fn.max('seq').as('last')])
        .where('seq', '>', param<number>('seq')),
    );
  }

  /**
   * Notes a line of ours for indexPlanned. False when its seq cannot be of this log: taken, or further ahead than
   * there are bytes before it (each event has cost at least one).
   */
  plan(raw: RawLine, event: EventV1, at: number): boolean {
    const { seq } = event;
    const ahead = seq - this.#start.seq;
    if (ahead <= 0 || ahead > raw.offset - this.#start.offset + LOST_SEQS_MAX) return false;
    if (this.#hasSeq.get({ seq }) !== undefined) return false;
    this.#planned.push({ raw, event, at });
    return true;
  }

  /** Writes what was planned. Answers the offset of the first line whose seq was taken meanwhile, or null. */
  async indexPlanned(): Promise<number | null> {
    const planned = this.#planned;
    this.#planned = [];
    if (planned.length === 0) return null;
    return this.#store.writer.submit((tx) => {
      let refused: number | null = null;
      let last = this.#counts.get({ seq: 0 })?.last ?? 0;
      for (const { raw, event, at } of planned) {
        if (this.#hasId.get({ id: event.id }) !== undefined) continue;
        if (this.#hasSeq.get({ seq: event.seq }) !== undefined) {
          refused ??= raw.offset;
          continue;
        }
        const isNext = event.seq > last;
        while (last < event.seq) last = tx.nextSeq();
        const line = this.#insert(event, at, false);
        if (isNext) tx.stage({ seq: event.seq, line, event });
        this.#matcher.found.add(event.seq);
        this.count += 1;
      }
      return refused;
    });
  }

  /** Whether a line is ours and has its row, so that nothing is left to do for it. */
  isIndexedOwn(raw: RawLine): boolean {
    if (raw.isTooLong || !looksOwn(raw.bytes)) return false;
    const line = readLine(raw.bytes);
    return line.is === 'own' && this.#hasId.get({ id: line.event.id }) !== undefined;
  }

  /** Writes a line of somebody else. */
  index(tx: Tx, { draft, at, id }: Extract<Match, { is: 'foreign' }>): void {
    const gap = this.#nextGap();
    const event = foreignEvent(draft, at, id, gap ?? tx.nextSeq());
    const line = this.#insert(event, at, true, eventLine(event));
    // Whoever follows the log is beyond a gap; only rows at its end are news.
    if (gap === null) tx.stage({ seq: event.seq, line, event });
    this.#matcher.found.add(event.seq);
    this.count += 1;
  }

  /** The next free seq between rows: where these lines stood when the log was written. Null when there is none. */
  #nextGap(): number | null {
    this.#gaps ??= this.#countGaps();
    if (this.#gaps === 0) return null;
    this.#gaps -= 1;
    while (this.#hasSeq.get({ seq: this.#freeFrom }) !== undefined) this.#freeFrom += 1;
    return this.#freeFrom;
  }

  #countGaps(): number {
    const { rows, last } = this.#counts.get({ seq: this.#start.seq }) ?? { rows: 0, last: null };
    return (last ?? this.#start.seq) - this.#start.seq - rows;
  }
}
