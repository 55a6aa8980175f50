// Columns for people: aligned by what a terminal shows, cut to its width, whole when piped.
import { escapeLine } from './escape.ts';
import type { Paint } from './style.ts';

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO = /\p{Mark}|\u200d|\ufe0f/u;

/** Cells that a terminal uses for the text (Unicode 16, East Asian Width W and F count two). */
export const cells = (text: string): number => {
  let count = 0;
  for (const char of text) count += ZERO.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return count;
};

/** Text of at most `width` cells; what is cut ends in an ellipsis. */
export const clip = (text: string, width: number): string => {
  if (cells(text) <= width) return text;
  let [kept, used] = ['', 0];
  for (const char of text) {
    const size = cells(char);
    if (used + size > width - 1) break;
    kept += char;
    used += size;
  }
  return width < 1 ? '' : `${kept}…`;
};

export interface Column<T> {
  readonly head: string;
  readonly of: (row: T) => string;
  readonly paint?: (row: T) => Paint;
  /** May be cut when the terminal is narrow; ids and names never are. */
  readonly gives?: boolean;
  /** May be left out when a terminal is too narrow for all; the last of these goes first. */
  readonly optional?: boolean;
}

/** The narrowest that a column which gives may become. */
const LEAST = 8;

/** Widths that fit `total`: the columns that give shrink, the widest first. Without a limit nothing is cut. */
const widths = (natural: readonly number[], gives: readonly boolean[], total: number): readonly number[] => {
  const fitted = [...natural];
  const used = (): number => fitted.reduce((sum, width) => sum + width, 0) + 2 * (fitted.length - 1);
  while (used() > total) {
    let widest = -1;
    fitted.forEach((width, at) => {
      if (gives[at] === true && width > LEAST && width > (fitted[widest] ?? 0)) widest = at;
    });
    if (widest === -1) break;
    fitted[widest] = Math.max(LEAST, (fitted[widest] ?? 0) - (used() - total));
  }
  return fitted;
};

/** The columns that a terminal has room for, each at its narrowest. */
const roomFor = <T>(
  columns: readonly Column<T>[],
  narrowest: (column: Column<T>) => number,
  total: number,
): readonly Column<T>[] => {
  let kept = columns;
  const needed = (): number => kept.reduce((sum, column) => sum + narrowest(column) + 2, -2);
  while (needed() > total) {
    const at = kept.findLastIndex((column) => column.optional === true);
    if (at === -1) break;
    kept = kept.toSpliced(at, 1);
  }
  return kept;
};

/** Lines of a table with a head. `width` is the terminal’s; Infinity for a pipe. */
export const table = <T>(
  rows: readonly T[],
  all: readonly Column<T>[],
  width: number,
  head: Paint,
): readonly string[] => {
  const widest = (column: Column<T>): number =>
    rows.reduce((most, row) => Math.max(most, cells(escapeLine(column.of(row)) || '-')), cells(column.head));
  const columns = roomFor(
    all,
    (column) => Math.min(widest(column), column.gives === true ? LEAST : Infinity),
    width,
  );
  const texts = rows.map((row) => columns.map((column) => escapeLine(column.of(row)) || '-'));
  const natural = columns.map(widest);
  const fitted = widths(
    natural,
    columns.map((column) => column.gives === true),
    width,
  );
  const line = (parts: readonly string[], paint: (at: number) => Paint): string =>
    parts
      .map((part, at) => {
        const size = fitted[at] ?? 0;
        const text = columns[at]?.gives === true ? clip(part, size) : part;
        const pad = at === parts.length - 1 ? '' : ' '.repeat(Math.max(0, size - cells(text)));
        return paint(at)(text) + pad;
      })
      .join('  ');
  return [
    line(
      columns.map((column) => column.head),
      () => head,
    ),
    ...rows.map((row, index) =>
      line(texts[index] ?? [], (at) => {
        const column = columns[at];
        // A cell that says nothing is no alarm, whatever the colour of its column.
        const isEmpty = column?.of(row) === '';
        return (isEmpty ? undefined : column?.paint?.(row)) ?? ((text) => text);
      }),
    ),
  ];
};
