// A unified diff of one file with one changed place.

const CONTEXT = 3;

/** The change from `before` to `after` as `git apply` takes it; empty when there is none. */
export const unifiedDiff = (file: string, before: string, after: string): string => {
  if (before === after) return '';
  const old = before.split('\n');
  const now = after.split('\n');
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < now.length - head &&
    old[old.length - 1 - tail] === now[now.length - 1 - tail]
  )
    tail += 1;
  // The empty piece after the last newline is no line.
  const lastLine = old.length - (old.at(-1) === '' ? 1 : 0);
  const first = Math.max(0, head - CONTEXT);
  const oldEnd = Math.min(lastLine, old.length - tail + CONTEXT);
  const after3 = old.slice(old.length - tail, oldEnd);
  const body = [
    ...old.slice(first, head).map((line) => ` ${line}`),
    ...old.slice(head, old.length - tail).map((line) => `-${line}`),
    ...now.slice(head, now.length - tail).map((line) => `+${line}`),
    ...after3.map((line) => ` ${line}`),
  ];
  const newCount = now.length - tail - first + after3.length;
  return [
    `--- a/${file}`,
    `+++ b/${file}`,
    `@@ -${first + 1},${oldEnd - first} +${first + 1},${newCount} @@`,
    ...body,
    '',
  ].join('\n');
};
