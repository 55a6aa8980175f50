// JavaScript cut into tokens, just far enough to change operators and constants without touching texts and comments.

export interface Token {
  readonly kind: 'word' | 'number' | 'operator' | 'text';
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
}

const OPERATORS = [
  ...['>>>=', '===', '!==', '**=', '<<=', '>>=', '>>>', '&&=', '||=', '??=', '...'],
  ...['=>', '==', '!=', '<=', '>=', '&&', '||', '??', '?.', '++', '--', '+=', '-=', '*=', '/=', '%=', '&='],
  ...['|=', '^=', '<<', '>>', '**'],
];
/** After these a slash divides; after anything else it begins a regular expression. */
const ENDS_VALUE = /^(?:[\w$]+|\)|\]|\}|\+\+|--)$/;
const WORDS_BEFORE_VALUE = [
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'new',
  'else',
  'do',
];

/** The end of a text that begins at `start`; whatever stands in a template literal’s `${}` is passed over with it. */
const endOfText = (code: string, start: number): number => {
  const quote = code[start];
  let depth = 0;
  for (let at = start + 1; at < code.length; at += 1) {
    const char = code[at];
    if (char === '\\') at += 1;
    else if (quote === '`' && char === '$' && code[at + 1] === '{') {
      depth += 1;
      at += 1;
    } else if (depth > 0 && char === '{') depth += 1;
    else if (depth > 0 && char === '}') depth -= 1;
    else if (depth === 0 && char === quote) return at + 1;
    else if (quote !== '`' && char === '\n') return at;
  }
  return code.length;
};

const endOfRegex = (code: string, start: number): number => {
  let inClass = false;
  for (let at = start + 1; at < code.length && code[at] !== '\n'; at += 1) {
    const char = code[at];
    if (char === '\\') at += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) return at + 1 + (/^[a-z]*/.exec(code.slice(at + 1))?.[0].length ?? 0);
  }
  return start + 1;
};

/** The tokens of a module, comments and blanks left out; texts, templates and regular expressions are kind `text`. */
export const tokenize = (code: string): Token[] => {
  const tokens: Token[] = [];
  let line = 1;
  for (let at = 0; at < code.length;) {
    const char = code[at] ?? '';
    const rest = code.slice(at, at + 4);
    let end = at + 1;
    let kind: Token['kind'] | null = null;
    if (rest.startsWith('//') || (at === 0 && rest.startsWith('#!'))) {
      const newline = code.indexOf('\n', at);
      end = newline === -1 ? code.length : newline;
    } else if (rest.startsWith('/*')) {
      const close = code.indexOf('*/', at + 2);
      end = close === -1 ? code.length : close + 2;
    } else if (/[\w$]/.test(char)) {
      end = at + (/^[\w$.]+/.exec(/\d/.test(char) ? code.slice(at, at + 64) : '')?.[0].length ?? 0);
      if (end === at) end = at + (/^[\w$]+/.exec(code.slice(at, at + 256))?.[0].length ?? 1);
      kind = /\d/.test(char) ? 'number' : 'word';
    } else if (char === '"' || char === "'" || char === '`') {
      end = endOfText(code, at);
      kind = 'text';
    } else if (!/\s/.test(char)) {
      const before = tokens.at(-1);
      const isRegex =
        char === '/' &&
        (before === undefined ||
          WORDS_BEFORE_VALUE.includes(before.text) ||
          !(before.kind !== 'operator' || ENDS_VALUE.test(before.text)));
      const operator = OPERATORS.find((known) => rest.startsWith(known));
      end = isRegex ? endOfRegex(code, at) : at + (operator ?? char).length;
      kind = isRegex && end > at + 1 ? 'text' : 'operator';
    }
    const text = code.slice(at, end);
    if (kind !== null) tokens.push({ kind, text, start: at, end, line });
    line += text.split('\n').length - 1;
    at = end;
  }
  return tokens;
};
