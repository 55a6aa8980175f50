// Small changes to a module that may undo a fault: operators, constants, conditions, bounds.
import type { Token } from './tokens.ts';
import { tokenize } from './tokens.ts';

export interface Mutation {
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** What it does, for people. */
  readonly what: string;
  /** How often a change of this sort is the right one: lower is tried first. */
  readonly rank: number;
}

/** The nearest relatives of each operator first. */
const OPERATOR_SWAPS: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>', '>='],
  '<=': ['<', '>=', '>'],
  '>': ['>=', '<', '<='],
  '>=': ['>', '<=', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '==': ['!='],
  '!=': ['=='],
  '+': ['-', '*'],
  '-': ['+'],
  '*': ['/', '+', '**'],
  '/': ['*', '%'],
  '%': ['/', '*'],
  '&&': ['||'],
  '||': ['&&', '??'],
  '??': ['||', '&&'],
  '+=': ['-=', '*='],
  '-=': ['+='],
  '*=': ['+=', '/='],
  '/=': ['*='],
  '++': ['--'],
  '--': ['++'],
};

const WORD_SWAPS: Readonly<Record<string, readonly string[]>> = {
  true: ['false'],
  false: ['true'],
  min: ['max'],
  max: ['min'],
  floor: ['ceil', 'round'],
  ceil: ['floor', 'round'],
  round: ['floor', 'ceil'],
  some: ['every'],
  every: ['some'],
  startsWith: ['endsWith', 'includes'],
  endsWith: ['startsWith', 'includes'],
  toUpperCase: ['toLowerCase'],
  toLowerCase: ['toUpperCase'],
  push: ['unshift'],
  unshift: ['push'],
  shift: ['pop'],
  pop: ['shift'],
};

/** Words that are methods here: swapped only after a dot. */
const isConstant = (word: string): boolean => word === 'true' || word === 'false';

/** The index of the bracket that closes the one at `open`; -1 when there is none. */
const closing = (tokens: readonly Token[], open: number): number => {
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    const { text, kind } = tokens[at] ?? { text: '', kind: 'text' };
    if (kind !== 'operator') continue;
    if (text === '(' || text === '[' || text === '{') depth += 1;
    else if (text === ')' || text === ']' || text === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
};

const numbers = (text: string): string[] => {
  const value = Number(text);
  if (!Number.isFinite(value)) return [];
  const near = Number.isInteger(value)
    ? [value + 1, value - 1, 0, 1]
    : [value + 1, value - 1, value * 10, value / 10];
  return [...new Set(near.map((n) => (n < 0 ? `(${n})` : `${n}`)))].filter((other) => other !== text);
};

type Add = (from: Token, to: Token, replacement: string, what: string, rank: number) => void;

/** Changes of a whole answer: what stands between `return` or `=>` (at `at`) and its end, when that is one line. */
const answerMutations = (code: string, tokens: readonly Token[], at: number, add: Add): void => {
  const first = tokens[at + 1];
  if (first === undefined || first.text === ';' || first.text === '{') return;
  let last: Token | undefined;
  for (let depth = 0, index = at + 1; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token?.kind === 'operator') {
      if (depth === 0 && [';', ',', ')', ']', '}'].includes(token.text)) break;
      if (['(', '[', '{'].includes(token.text)) depth += 1;
      if ([')', ']', '}'].includes(token.text)) depth -= 1;
    }
    last = token;
  }
  if (last?.line !== first.line) return;
  const answer = code.slice(first.start, last.end);
  add(first, last, `!(${answer})`, 'the answer is negated', 3);
  // A difference is where an end is forgotten most often.
  const rank = / - /.test(answer) ? 2 : 3;
  for (const shift of ['+ 1', '- 1'])
    add(first, last, `(${answer}) ${shift}`, `the answer moves: ${shift}`, rank);
};

const operatorMutations = (
  code: string,
  tokens: readonly Token[],
  at: number,
  token: Token,
  add: Add,
): void => {
  const before = tokens[at - 1];
  const after = tokens[at + 1];
  const isBinary =
    before !== undefined &&
    (before.kind !== 'operator' || [')', ']', '}'].includes(before.text)) &&
    before.text !== 'return';
  if (!(token.text === '-' || token.text === '+') || isBinary)
    for (const [index, other] of (OPERATOR_SWAPS[token.text] ?? []).entries())
      add(token, token, other, `${token.text} becomes ${other}`, index);
  if (token.text === '=>') answerMutations(code, tokens, at, add);
  if (token.text === '!') add(token, token, '', 'the negation goes', 1);
  const isOne = after?.kind === 'number' && after.text === '1';
  if (isBinary && isOne && (token.text === '-' || token.text === '+'))
    add(token, after, '', `${token.text} 1 goes`, 1);
  // The index of an element: one to either side.
  if (token.text === '[' && isBinary) {
    const close = closing(tokens, at);
    const last = tokens[close - 1];
    if (close > at + 1 && last !== undefined && last.line === token.line)
      for (const shift of ['+ 1', '- 1'])
        add(last, last, `${last.text} ${shift}`, `the index moves: ${shift}`, 3);
  }
};

const wordMutations = (code: string, tokens: readonly Token[], at: number, token: Token, add: Add): void => {
  const before = tokens[at - 1];
  const isMember = before?.text === '.' || before?.text === '?.';
  if (Object.hasOwn(WORD_SWAPS, token.text) && (isConstant(token.text) || isMember))
    for (const [index, other] of (WORD_SWAPS[token.text] ?? []).entries())
      add(token, token, other, `${token.text} becomes ${other}`, index + 1);
  if (token.text === 'length' && isMember)
    for (const shift of ['- 1', '+ 1'])
      add(token, token, `length ${shift}`, `the length changes: ${shift}`, 3);
  const opening = tokens[at + 1];
  if ((token.text === 'if' || token.text === 'while') && opening?.text === '(') {
    const close = tokens[closing(tokens, at + 1)];
    if (close === undefined) return;
    const condition = code.slice(opening.end, close.start);
    add(opening, close, `(!(${condition}))`, 'the condition is negated', 2);
    add(opening, close, '(false)', 'the condition never holds', 4);
    if (token.text === 'if') add(opening, close, '(true)', 'the condition always holds', 4);
  }
  if (token.text === 'return') answerMutations(code, tokens, at, add);
};

/** All changes that begin on a line of `lines`, in the order of the code. */
export const mutationsOf = (code: string, lines: ReadonlySet<number>): Mutation[] => {
  const tokens = tokenize(code);
  const found = new Map<string, Mutation>();
  tokens.forEach((token, at) => {
    if (!lines.has(token.line)) return;
    const add: Add = (from, to, replacement, what, rank) => {
      const key = `${from.start}:${to.end}:${replacement}`;
      if (!found.has(key))
        found.set(key, { line: from.line, start: from.start, end: to.end, replacement, what, rank });
    };
    if (token.kind === 'operator') operatorMutations(code, tokens, at, token, add);
    else if (token.kind === 'word') wordMutations(code, tokens, at, token, add);
    else if (token.kind === 'number')
      for (const [index, other] of numbers(token.text).entries())
        add(token, token, other, `${token.text} becomes ${other}`, index < 2 ? 1 : 3);
  });
  return [...found.values()];
};

/** The module with a change made. */
export const applyMutation = (code: string, { start, end, replacement }: Mutation): string =>
  code.slice(0, start) + replacement + code.slice(end);
