// JSON with sorted keys: two values that say the same give the same text.

const sorted = (_key: string, value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  // fromEntries defines keys; an assignment would let `__proto__` change the object instead.
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
};

/**
 * The canonical JSON of a value: keys sorted by UTF-16 code unit at every depth (as RFC 8785), undefined left out.
 * Keys that look like array indexes come first, as JavaScript objects order them: stable, and all that a hash needs.
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(value, sorted) ?? 'null';
