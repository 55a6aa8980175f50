// The mirror's watermark: up to where file and table are known to agree, and how to tell that the file is still that one.
import { createHash } from 'node:crypto';
import type { AppendFile } from '../ports.ts';
import type { Store } from '../store/open.ts';

export interface Watermark {
  /** Bytes of the file that stand for the rows up to `seq`. */
  readonly offset: number;
  readonly seq: number;
  /** SHA-256 (hex) of the last bytes before `offset`: the last line, or as much as fits. */
  readonly sha256: string;
}

/** Holds the last line of nearly every log whole; read once a second at most. */
const HASHED_BYTES = 4096;
const META_KEY = 'mirror';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const tailOf = (file: AppendFile, offset: number): Uint8Array => {
  const length = Math.min(offset, HASHED_BYTES);
  return file.read(offset - length, length);
};

/**
 * A place in the file with the bytes before it as they were written. They are remembered, not read back: somebody
 * else may have changed the file since, which is what the watermark is to tell.
 */
export class Place {
  readonly offset: number;
  readonly seq: number;
  readonly #tail: Uint8Array;

  constructor(offset: number, seq: number, tail: Uint8Array) {
    this.offset = offset;
    this.seq = seq;
    this.#tail = tail;
  }

  /** A place in a file that was looked through just now. */
  static in(file: AppendFile, offset: number, seq: number): Place {
    return new Place(offset, seq, tailOf(file, offset));
  }

  /** The place behind some more bytes. */
  after(bytes: Uint8Array, seq: number): Place {
    const tail = bytes.length >= HASHED_BYTES ? bytes : Buffer.concat([this.#tail, bytes]);
    return new Place(this.offset + bytes.length, seq, Buffer.from(tail.subarray(-HASHED_BYTES)));
  }

  watermark(): Watermark {
    return { offset: this.offset, seq: this.seq, sha256: sha256(this.#tail) };
  }
}

/** Whether the file still begins with what the watermark was made from. */
export const holds = (file: AppendFile, watermark: Watermark): boolean =>
  file.size() >= watermark.offset && sha256(tailOf(file, watermark.offset)) === watermark.sha256;

const isWatermark = (value: unknown): value is Watermark =>
  typeof value === 'object' &&
  value !== null &&
  'offset' in value &&
  'seq' in value &&
  'sha256' in value &&
  Number.isSafeInteger(value.offset) &&
  Number.isSafeInteger(value.seq) &&
  typeof value.sha256 === 'string';

/** The watermark kept in the database; null when there is none, and then everything is compared. */
export const readWatermark = (store: Store): Watermark | null => {
  const text = store.meta.get(META_KEY);
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  return isWatermark(value) && value.seq <= store.writer.head ? value : null;
};

/** Keeps it; inside a transaction. */
export const keepWatermark = (store: Store, watermark: Watermark): void => {
  store.meta.set(META_KEY, JSON.stringify(watermark));
};
