// JSON from strangers: where it is broken, how deep it is, and no `__proto__`, before anything recursive touches it.
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9;
const isScalarEnd = (char: string | undefined): boolean =>
  char === undefined || isBlank(char.charCodeAt(0)) || '{}[],:"'.includes(char);

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Where and why a text is no JSON. */
interface Fault {
  readonly at: number;
  readonly reason: string;
}

/** The end of the string that begins at `from`, or its fault (RFC 8259, section 7). */
const stringEnd = (text: string, from: number): number | Fault => {
  for (let i = from + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 34) return i + 1;
    if (code < 32) return { at: i, reason: 'a control character in a string' };
    if (code !== 92) continue;
    i += 1;
    const escape = text[i];
    if (escape === 'u') {
      if (!/^[0-9a-fA-F]{4}$/.test(text.slice(i + 1, i + 5)))
        return { at: i - 1, reason: 'an escape without its four hexadecimal digits' };
      i += 4;
    } else if (escape === undefined || !'"\\/bfnrt'.includes(escape))
      return { at: i - 1, reason: 'an unknown escape' };
  }
  return { at: text.length, reason: 'a string that does not end' };
};

const scalarEnd = (text: string, from: number): number | Fault => {
  let end = from;
  while (!isScalarEnd(text[end])) end += 1;
  const word = text.slice(from, end);
  if (word === 'true' || word === 'false' || word === 'null' || NUMBER.test(word)) return end;
  return { at: from, reason: word === '' ? 'a value is missing' : 'neither a value nor a number' };
};

/** What may come: a value, a key, a colon, or what follows a value. */
type Expected = 'value' | 'value-or-end' | 'key' | 'key-or-end' | 'colon' | 'after';
const mayEnd = (expected: Expected): boolean =>
  expected !== 'value' && expected !== 'key' && expected !== 'colon';
const isKey = (expected: Expected): boolean => expected === 'key' || expected === 'key-or-end';

/** Walks the text without recursion; null when it is one JSON value no deeper than `maxDepth`. */
const faultOf = (text: string, maxDepth: number): Fault | null => {
  /** Closing characters of what is open. */
  const open: string[] = [];
  let expect: Expected = 'value';
  let i = 0;
  for (;;) {
    while (i < text.length && isBlank(text.charCodeAt(i))) i += 1;
    const char = text[i];
    if (expect === 'after' && open.length === 0)
      return char === undefined ? null : { at: i, reason: 'text after the end of the value' };
    if (char === undefined) return { at: i, reason: 'it ends too early' };
    if (expect === 'colon') {
      if (char !== ':') return { at: i, reason: 'a colon is missing' };
      expect = 'value';
      i += 1;
    } else if (char === open.at(-1) && mayEnd(expect)) {
      open.pop();
      expect = 'after';
      i += 1;
    } else if (expect === 'after') {
      if (char !== ',') return { at: i, reason: `a comma or ${open.at(-1) ?? ''} is missing` };
      expect = open.at(-1) === '}' ? 'key' : 'value';
      i += 1;
    } else if (char === '"' || isKey(expect)) {
      if (char !== '"') return { at: i, reason: 'a key in double quotes is missing' };
      const end = stringEnd(text, i);
      if (typeof end !== 'number') return end;
      expect = isKey(expect) ? 'colon' : 'after';
      i = end;
    } else if (char === '{' || char === '[') {
      if (open.length === maxDepth) return { at: i, reason: `nested deeper than ${String(maxDepth)} levels` };
      open.push(char === '{' ? '}' : ']');
      expect = char === '{' ? 'key-or-end' : 'value-or-end';
      i += 1;
    } else {
      const end = scalarEnd(text, i);
      if (typeof end !== 'number') return end;
      expect = 'after';
      i = end;
    }
  }
};

/** The path to a key named `__proto__`, or null. Its depth is bounded by what faultOf let through. */
const prototypeKey = (value: unknown, path: string): string | null => {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, inner] of Object.entries(value)) {
    const here = `${path}/${key}`;
    const found = key === '__proto__' ? here : prototypeKey(inner, here);
    if (found !== null) return found;
  }
  return null;
};

/** The value of a JSON text. Throws invalid_json with offset (UTF-16 units), line and column of the fault. */
export const parseJson = (text: string): unknown => {
  const fault = faultOf(text, LIMITS.jsonDepth);
  if (fault !== null) {
    const before = text.slice(0, fault.at).split('\n');
    const line = before.length;
    const column = (before.at(-1) ?? '').length + 1;
    throw new MeshError(
      'invalid_json',
      `Not valid JSON at line ${String(line)}, column ${String(column)}: ${fault.reason}`,
      { offset: fault.at, line, column },
    );
  }
  const value: unknown = JSON.parse(text);
  const key = prototypeKey(value, '');
  if (key !== null) throw new MeshError('invalid_json', `The key ${key} is refused`, { pointer: key });
  return value;
};
