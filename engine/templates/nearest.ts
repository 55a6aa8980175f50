// "Did you mean …?": the known words closest to one that is not known.

/** Edits (insert, delete, replace, swap of neighbours) between two words; at most `limit` + 1. */
const distance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? limit + 1;
};

/** At most three of `known` that are near `word` (a third of its letters, at least 2, or a shared beginning), nearest first. */
export const nearest = (word: string, known: Iterable<string>): string[] => {
  const wanted = word.toLowerCase().slice(0, 64);
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return [...known]
    .map((candidate) => {
      const lower = candidate.toLowerCase();
      const edits = distance(wanted, lower, limit);
      const begins = wanted.length >= 3 && (lower.startsWith(wanted) || wanted.startsWith(lower));
      return { candidate, edits: edits > limit && begins ? limit : edits };
    })
    .filter(({ edits, candidate }) => edits <= limit && edits < Math.max(wanted.length, candidate.length))
    .sort((a, b) => a.edits - b.edits || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
};

/** `; did you mean …?`, or nothing when no word is near. */
export const didYouMean = (word: string, known: Iterable<string>): string => {
  const [best] = nearest(word, known);
  return best === undefined ? '' : `; did you mean \`${best}\`?`;
};
