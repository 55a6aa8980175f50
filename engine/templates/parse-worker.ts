// The worker thread that reads YAML or JSON into plain data, refusing what could be ambiguous or costly.
import { parentPort } from 'node:worker_threads';
import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { LIMITS } from '#machines/nouns/limits';
import type { ParseAnswer, ParseAsk, Place, SyntaxProblem } from './parse.ts';
import { syntaxMessage } from './syntax-message.ts';

const TOO_DEEP = `nested deeper than ${LIMITS.templateDepth} levels`;

type Path = readonly (string | number)[];

/** The start of a node in the text. */
const startOf = (node: unknown): number => {
  const range =
    typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
      ? (node.range as readonly unknown[])
      : [];
  return typeof range[0] === 'number' ? range[0] : 0;
};

/** Reads a text: its value, the place of each key and value, and everything that is wrong with it. */
const read = (text: string): Omit<ParseAnswer, 'id'> => {
  const lines = new LineCounter();
  const problems: SyntaxProblem[] = [];
  const places: [string, Place][] = [];
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const refuse = (path: Path, offset: number, message: string): void => {
    problems.push({ path, message, ...at(offset) });
  };
  // Duplicate keys are found below in linear time; the parser’s own check is quadratic.
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    strict: true,
    stringKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  });
  // Tags are refused below, with their path.
  const [fault] = [...document.errors, ...document.warnings].filter(
    ({ code }) => code !== 'TAG_RESOLVE_FAILED',
  );
  // The first only: where the syntax is broken, the rest are its consequences.
  if (fault !== undefined)
    refuse([], fault.pos[0], /call stack/i.test(fault.message) ? TOO_DEEP : syntaxMessage(fault));
  if (/^%/m.test(text.slice(0, startOf(document.contents))))
    refuse([], 0, 'directives (lines that begin with %) are not read');

  const walk = (node: unknown, path: Path, depth: number, key: number | null): unknown => {
    const offset = startOf(node);
    places.push([
      JSON.stringify(path),
      { value: at(node === null ? (key ?? 0) : offset), key: key === null ? null : at(key) },
    ]);
    if (node === null || node === undefined) return null;
    if (depth > LIMITS.templateDepth) {
      refuse(path, offset, TOO_DEEP);
      return null;
    }
    if (isAlias(node)) {
      refuse(path, offset, `aliases (*${node.source}) are not read; write the value out`);
      return null;
    }
    if (isScalar(node) || isMap(node) || isSeq(node)) {
      if (node.anchor !== undefined)
        refuse(path, offset, `anchors (&${node.anchor}) are not read; write the value out`);
      if (node.tag !== undefined) refuse(path, offset, `tags (${node.tag}) are not read`);
    }
    if (isScalar(node)) {
      const { value } = node;
      if (typeof value === 'number' && !Number.isFinite(value)) {
        refuse(path, offset, 'a number must be finite');
        return null;
      }
      return value;
    }
    if (isSeq(node)) return node.items.map((item, index) => walk(item, [...path, index], depth + 1, null));
    if (!isMap(node)) return null;
    const object: Record<string, unknown> = {};
    for (const pair of node.items) {
      if (!isPair(pair)) continue;
      const keyOffset = startOf(pair.key) || offset;
      const name = isScalar(pair.key) ? pair.key.value : undefined;
      if (isScalar(pair.key) && (pair.key.anchor !== undefined || pair.key.tag !== undefined))
        refuse(path, keyOffset, 'anchors and tags are not read');
      if (typeof name !== 'string') refuse(path, keyOffset, 'a key must be a word; put it in quotes');
      else if (name === '<<')
        refuse([...path, name], keyOffset, 'merge keys (<<) are not read; write the keys out');
      else if (name === '__proto__') refuse([...path, name], keyOffset, '__proto__ is not allowed as a key');
      else if (Object.hasOwn(object, name))
        refuse([...path, name], keyOffset, `the key \`${name}\` is given twice`);
      else object[name] = walk(pair.value, [...path, name], depth + 1, keyOffset);
    }
    return object;
  };

  if (problems.length > 0) return { value: null, problems, places: [] };
  if (document.contents === null) {
    refuse([], 0, 'the file is empty');
    return { value: null, problems, places: [] };
  }
  const value = walk(document.contents, [], 1, null);
  return { value: problems.length > 0 ? null : value, problems, places };
};

/** As read(), but what the parser throws (its stack runs out on deep nesting) is a problem like others. */
const readSafely = (text: string): Omit<ParseAnswer, 'id'> => {
  try {
    return read(text);
  } catch (error) {
    const message =
      error instanceof RangeError
        ? TOO_DEEP
        : `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { value: null, problems: [{ path: [], message, line: 1, column: 1 }], places: [] };
  }
};

parentPort?.on('message', (ask: ParseAsk) => {
  const answer: ParseAnswer = { id: ask.id, ...readSafely(ask.text) };
  parentPort?.postMessage(answer);
});
parentPort?.postMessage('ready');
