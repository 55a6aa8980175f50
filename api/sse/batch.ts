// Rows committed since the last flush, made into bytes once for all streams that want the same of them.
import type { EventRow } from '#engine/index';
import type { EventV1 } from '#machines/nouns/event';
import { eventFrame } from './frame.ts';

export class Batch {
  readonly #rows: readonly EventRow[];
  readonly #frames = new Map<number, string>();
  readonly #shared = new Map<string, Buffer>();

  /** `rows` ascend and are not empty. */
  constructor(rows: readonly EventRow[]) {
    this.#rows = rows;
  }

  get firstSeq(): number {
    return this.#rows[0]?.seq ?? 0;
  }

  get lastSeq(): number {
    return this.#rows.at(-1)?.seq ?? 0;
  }

  #frame(row: EventRow): string {
    const known = this.#frames.get(row.seq);
    if (known !== undefined) return known;
    const frame = eventFrame(row.seq, row.line);
    this.#frames.set(row.seq, frame);
    return frame;
  }

  /** The frames of the rows above `afterSeq` that fit, in one piece; empty when none does. */
  bytesAfter(afterSeq: number, key: string, fits: (event: EventV1) => boolean): Buffer {
    const whole = afterSeq < this.firstSeq;
    const shared = whole ? this.#shared.get(key) : undefined;
    if (shared !== undefined) return shared;
    let text = '';
    for (const row of this.#rows) if (row.seq > afterSeq && fits(row.event)) text += this.#frame(row);
    const bytes = Buffer.from(text);
    if (whole) this.#shared.set(key, bytes);
    return bytes;
  }
}
