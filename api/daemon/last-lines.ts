// Keeps the last lines of a stream: a process's last words.

/** A line longer than this is cut, in characters: last words must stay readable. */
const LINE_CHARS = 2_000;

/** Collects chunks of UTF-8 and remembers the last `count` lines, the unfinished one included. */
export const lastLines = (count: number): { push(chunk: Uint8Array): void; lines(): string[] } => {
  const decoder = new TextDecoder();
  let kept: string[] = [''];
  return {
    push(chunk) {
      const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n');
      kept = [...kept.slice(0, -1), (kept.at(-1) ?? '') + first, ...rest]
        .slice(-count - 1)
        .map((line) => line.slice(0, LINE_CHARS));
    },
    lines: () => kept.filter((line) => line !== '').slice(-count),
  };
};
