// "Did you mean …?": the known words closest to what was typed.

/** Edit distance with swaps of neighbours (optimal string alignment). */
const distance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const above = rows[i - 1] ?? [];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(
          (above[j] ?? 0) + 1,
          (row[j - 1] ?? 0) + 1,
          (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
          swapped ? (rows[i - 2]?.[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
};

/** At most three known words that are near enough to be meant, nearest first. */
export const nearest = (typed: string, known: readonly string[]): readonly string[] => {
  if (typed.length > 64) return [];
  const limit = Math.max(1, Math.floor(typed.length / 3));
  return known
    .map((word) => ({ word, far: word.startsWith(typed) && typed !== '' ? 0 : distance(typed, word) }))
    .filter(({ far }) => far <= limit)
    .sort((a, b) => a.far - b.far || a.word.localeCompare(b.word))
    .slice(0, 3)
    .map(({ word }) => word);
};
