// The lines of a file as a stream: split on \n only (U+2028 may stand inside), in memory that does not grow with it.
import { LIMITS } from '#machines/nouns/limits';
import type { AppendFile } from '../ports.ts';

export interface RawLine {
  /** Byte offset of its first byte. */
  readonly offset: number;
  /** Bytes without the newline. */
  readonly length: number;
  /** The bytes without the newline; of a line over the limit only its beginning. */
  readonly bytes: Uint8Array;
  /** Longer than a line of the log may be. */
  readonly isTooLong: boolean;
  /** False for what stands after the last newline. */
  readonly isTerminated: boolean;
}

const CHUNK_BYTES = 1 << 18;
const NEWLINE = 0x0a;
/** What is kept of a line that is too long. */
export const KEPT_OF_LONG_LINE_BYTES = 1024;

/** Yields the lines in [from, to) of a file; `from` must be the start of a line. The rest after the last newline comes last. */
export function* readLines(file: AppendFile, from: number, to: number): Generator<RawLine> {
  let start = from;
  let parts: Uint8Array[] = [];
  let held = 0;
  let length = 0;
  const take = (part: Uint8Array): void => {
    length += part.length;
    if (length > LIMITS.logLineBytes && held > KEPT_OF_LONG_LINE_BYTES) {
      parts = [Buffer.concat(parts).subarray(0, KEPT_OF_LONG_LINE_BYTES)];
      held = KEPT_OF_LONG_LINE_BYTES;
    }
    const room = length > LIMITS.logLineBytes ? KEPT_OF_LONG_LINE_BYTES - held : part.length;
    if (room <= 0 || part.length === 0) return;
    parts.push(part.subarray(0, room));
    held += Math.min(room, part.length);
  };
  const finish = (isTerminated: boolean): RawLine => {
    const only = parts[0];
    const bytes = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
    const line = { offset: start, length, bytes, isTooLong: length > LIMITS.logLineBytes, isTerminated };
    start += length + 1;
    parts = [];
    held = 0;
    length = 0;
    return line;
  };
  for (let at = from; at < to;) {
    const chunk = file.read(at, Math.min(CHUNK_BYTES, to - at));
    if (chunk.length === 0) break;
    at += chunk.length;
    for (let begin = 0; begin < chunk.length;) {
      const end = chunk.indexOf(NEWLINE, begin);
      take(chunk.subarray(begin, end === -1 ? chunk.length : end));
      if (end === -1) break;
      yield finish(true);
      begin = end + 1;
    }
  }
  if (length > 0) yield finish(false);
}
