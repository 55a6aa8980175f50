// One client of the event stream. It reads the table up to the head, then takes batches as they come;
// when it cannot keep up it goes back to the table at its own cursor: nothing is lost, and nothing piles up here.
import type { ServerResponse } from 'node:http';
import type { Engine } from '#engine/index';
import type { EventFilter, EventV1 } from '#machines/nouns/event';
import { LIMITS } from '#machines/nouns/limits';
import type { Batch } from './batch.ts';
import { eventMatcher, filterKey } from './filter.ts';
import { cursorFrame, eventFrame, helloFrame, KEEP_ALIVE_FRAME, resetFrame, seqOfLine } from './frame.ts';

export interface StreamStart {
  readonly filter: EventFilter;
  /** Events after this seq; the end of the log when undefined. */
  readonly afterSeq: number | undefined;
  /** The log that afterSeq belongs to. */
  readonly logId: string | undefined;
}

/** reading: a page of the table comes next. full: waits until the socket has drained. live: batches come. */
type Mode = 'reading' | 'full' | 'live' | 'closed';

export class EventStream {
  readonly #engine: Engine;
  readonly #response: ServerResponse;
  readonly #filter: EventFilter;
  readonly #key: string;
  readonly #fits: (event: EventV1) => boolean;
  /** Every row up to here was sent or does not fit. */
  #cursor: number;
  /** The last id that the client has seen. */
  #told: number;
  #mode: Mode = 'reading';

  /** Greets at once; `start()` sends the rest. The response must have its headers set. */
  constructor(engine: Engine, response: ServerResponse, start: StreamStart) {
    this.#engine = engine;
    this.#response = response;
    this.#filter = start.filter;
    this.#key = filterKey(start.filter);
    this.#fits = eventMatcher(start.filter);
    const { logId } = engine.events;
    const head = engine.events.head();
    const foreign =
      (start.logId !== undefined && start.logId !== logId) ||
      (start.afterSeq !== undefined && start.afterSeq > head);
    this.#cursor = foreign ? 0 : (start.afterSeq ?? head);
    this.#told = this.#cursor;
    response.write(foreign ? resetFrame(logId, head) : helloFrame(logId, head));
    response.on('drain', () => {
      if (this.#mode === 'full') this.start();
    });
  }

  /** Reads the table from the cursor on, page by page, and goes live at its end. A table that cannot be read ends it. */
  start(): void {
    if (this.#mode === 'closed') return;
    try {
      this.#read();
    } catch {
      // The client comes back at its cursor and gets a problem, or the daemon that comes next.
      this.close();
    }
  }

  #read(): void {
    this.#mode = 'reading';
    const { events } = this.#engine;
    // Read first: a page that has no more after it has looked at everything up to here.
    const head = events.head();
    const page = events.page(this.#filter, this.#cursor, LIMITS.ssePageRows);
    for (const line of page.lines) {
      if (this.#isFull()) {
        this.#mode = 'full';
        return;
      }
      const seq = seqOfLine(line);
      this.#response.write(eventFrame(seq, line));
      this.#cursor = seq;
      this.#told = seq;
    }
    this.#cursor = Math.max(this.#cursor, page.nextSeq, page.more ? 0 : head);
    if (page.more)
      // Others get their turn between pages.
      setImmediate(() => {
        if (this.#mode === 'reading') this.start();
      });
    else {
      // No await since the page was read: what is committed from here on comes as a batch.
      this.#mode = 'live';
      this.#tellCursor();
    }
  }

  /** Takes what was committed. Rows that the table gave already are skipped. */
  push(batch: Batch): void {
    if (this.#mode !== 'live' || batch.lastSeq <= this.#cursor) return;
    const bytes = batch.bytesAfter(this.#cursor, this.#key, this.#fits);
    if (bytes.length > 0) {
      if (this.#response.writableLength + bytes.length > LIMITS.sseBufferBytes) {
        // From the table at its cursor, when the socket has room: at once when it is empty.
        this.#mode = 'full';
        if (!this.#response.writableNeedDrain) this.start();
        return;
      }
      this.#response.write(bytes);
    }
    this.#cursor = batch.lastSeq;
    if (bytes.length > 0 && this.#key === '') this.#told = this.#cursor;
  }

  /** Keeps an idle connection alive and lets the cursor of a filtered stream follow the log. */
  keepAlive(): void {
    if (this.#mode !== 'live' || this.#response.writableNeedDrain) return;
    if (!this.#tellCursor()) this.#response.write(KEEP_ALIVE_FRAME);
  }

  /** Ends the answer; the client comes back to another daemon, or not. */
  close(): void {
    this.#mode = 'closed';
    this.#response.end();
  }

  /** The connection is gone. */
  gone(): void {
    this.#mode = 'closed';
  }

  #isFull(): boolean {
    return this.#response.writableLength > LIMITS.sseBufferBytes;
  }

  #tellCursor(): boolean {
    if (this.#cursor === this.#told) return false;
    this.#response.write(cursorFrame(this.#cursor));
    this.#told = this.#cursor;
    return true;
  }
}
