// Where rows of different heights begin, and which row is at a place. Pure.

/** Tops of all rows, and the end of the last one as one more. */
export const offsetsOf = <T>(rows: readonly T[], heightOf: (row: T) => number): Float64Array => {
  const offsets = new Float64Array(rows.length + 1);
  let end = 0;
  rows.forEach((row, index) => {
    offsets[index] = end;
    end += heightOf(row);
  });
  offsets[rows.length] = end;
  return offsets;
};

/** Index of the row that covers a place; the first or the last one beyond the ends. */
export const indexAt = (offsets: Float64Array, place: number): number => {
  let low = 0;
  let high = Math.max(0, offsets.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
};
