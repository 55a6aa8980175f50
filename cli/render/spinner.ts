// A sign of life on a terminal's stderr: one line that is redrawn, gone before anything else is written.
import type { Writable } from 'node:stream';
import { clip } from './table.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;

export interface Spinner {
  /** Takes the line away, so that something else can be written; the next frame brings it back. */
  clear(): void;
  stop(): void;
}

/** A spinner with words that may change at each frame. Does nothing where nobody can see it. */
export const spinner = (
  stream: Writable & { readonly isTTY?: boolean; readonly columns?: number },
  enabled: boolean,
  words: () => string,
): Spinner => {
  if (!enabled || stream.isTTY !== true) return { clear: () => undefined, stop: () => undefined };
  let frame = 0;
  let drawn = false;
  const clear = (): void => {
    if (drawn) stream.write('\r\u001b[K');
    drawn = false;
  };
  const timer = setInterval(() => {
    frame += 1;
    const text = clip(`${FRAMES[frame % FRAMES.length] ?? ''} ${words()}`, (stream.columns ?? 80) - 1);
    stream.write(`\r\u001b[K${text}`);
    drawn = true;
  }, FRAME_MS);
  timer.unref();
  return {
    clear,
    stop: () => {
      clearInterval(timer);
      clear();
    },
  };
};
