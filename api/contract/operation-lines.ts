// An operation as a person reads it before allowing it: every value of it, none cut, nothing invisible. CLI and console share it.

/**
 * What a reader cannot see, or what moves what he sees: controls, direction marks, invisible and unassigned characters,
 * blanks that are no spaces.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u115f\u1160\u3164\uffa0\u2800]/u;

/** Each such character written out as JSON would (RFC 8259, 7). */
const written = (text: string): string =>
  Array.from(text, (char) =>
    UNSEEN.test(char)
      ? char
          .split('')
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join('')
      : char,
  ).join('');

/** A JSON string in which everything can be seen. */
const quoted = (text: string): string => written(JSON.stringify(text));

/** Would be read as something else, or not at all, without quotes. */
const needsQuotes = (text: string): boolean =>
  UNSEEN.test(text) ||
  text.trim() !== text ||
  /^$|^["[{│┊-]|^(?:true|false|null)$|^-?\d[\d.eE+-]*$/.test(text);

const keyOf = (key: string): string => (needsQuotes(key) || key.includes(':') ? quoted(key) : key);

/** Lines of a text of several: `│` before a line as it is, `┊` before one with characters written out. */
const block = (text: string, indent: string): string[] =>
  text
    .split('\n')
    .map((line) =>
      UNSEEN.test(line.replaceAll('\t', ''))
        ? `${indent}┊ ${written(line.replaceAll('\\', '\\\\')).replaceAll('\t', '\\t')}`
        : `${indent}│ ${line}`,
    );

/** What stands behind a key or a dash: a word on the same line, or lines below. */
const valueLines = (
  value: unknown,
  indent: string,
): { readonly word: string; readonly below: readonly string[] } => {
  if (typeof value === 'string')
    return value.includes('\n')
      ? { word: '', below: block(value, indent) }
      : { word: needsQuotes(value) ? quoted(value) : value, below: [] };
  if (typeof value !== 'object' || value === null)
    return { word: JSON.stringify(value) ?? 'null', below: [] };
  const entries = Array.isArray(value)
    ? value.map((inner: unknown) => ['-', inner] as const)
    : Object.entries(value).map(([key, inner]) => [`${keyOf(key)}:`, inner] as const);
  if (entries.length === 0) return { word: Array.isArray(value) ? '[]' : '{}', below: [] };
  return {
    word: '',
    below: entries.flatMap(([lead, inner]) => {
      const { word, below } = valueLines(inner, `${indent}  `);
      return [`${indent}${lead}${word === '' ? '' : ` ${word}`}`, ...below];
    }),
  };
};

/**
 * The lines of an operation: `key: value`, deeper values indented, texts of several lines behind a bar. The operation
 * can be read back from them, so two that differ are shown differently; no line holds a control character but tab.
 */
export const operationLines = (operation: unknown): readonly string[] => {
  // Alone on its line a text with a colon would read as a key and its value.
  if (typeof operation === 'string' && operation.includes(':') && !operation.includes('\n'))
    return [quoted(operation)];
  const { word, below } = valueLines(operation, '');
  return word === '' ? below : [word];
};
