// A second way to work out arithmetic: infix to postfix with a stack of operators, then a stack of floating-point numbers.
import { WorkFault } from '../harness/work.ts';

interface Operator {
  readonly precedence: number;
  readonly right: boolean;
  readonly arity: 1 | 2;
  apply(a: number, b: number): number;
}

/** `~` and `#` are the signs minus and plus before a value. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  '+': { precedence: 1, right: false, arity: 2, apply: (a, b) => a + b },
  '-': { precedence: 1, right: false, arity: 2, apply: (a, b) => a - b },
  '*': { precedence: 2, right: false, arity: 2, apply: (a, b) => a * b },
  '/': { precedence: 2, right: false, arity: 2, apply: (a, b) => a / b },
  '~': { precedence: 3, right: true, arity: 1, apply: (a) => -a },
  '#': { precedence: 3, right: true, arity: 1, apply: (a) => a },
  '^': { precedence: 4, right: true, arity: 2, apply: (a, b) => a ** b },
};

const refuse = (message: string): never => {
  throw new WorkFault('invalid_input', message);
};

/** The expression in postfix order. */
const toPostfix = (expression: string): (number | string)[] => {
  const output: (number | string)[] = [];
  const stack: string[] = [];
  let wantsValue = true;
  for (const [piece] of expression
    .replaceAll('×', '*')
    .replaceAll('÷', '/')
    .matchAll(/\d+(?:\.\d*)?|\.\d+|\S/g)) {
    if (/[\d.]/.test(piece[0] ?? '')) {
      if (!wantsValue) refuse('an operator is missing between two numbers');
      output.push(Number(piece));
      wantsValue = false;
    } else if (piece === '(') {
      if (!wantsValue) refuse('an operator is missing before a parenthesis');
      stack.push(piece);
    } else if (piece === ')') {
      while (stack.length > 0 && stack.at(-1) !== '(') output.push(stack.pop() ?? '');
      if (stack.pop() !== '(' || wantsValue) refuse('the parentheses do not match');
    } else {
      const sign = wantsValue ? ({ '-': '~', '+': '#' }[piece] ?? '') : piece;
      const operator = OPERATORS[sign];
      if (operator === undefined) return refuse(`\`${piece}\` is out of place`);
      while (!wantsValue) {
        const top = OPERATORS[stack.at(-1) ?? ''];
        if (top === undefined || top.precedence < operator.precedence + (operator.right ? 1 : 0)) break;
        output.push(stack.pop() ?? '');
      }
      stack.push(sign);
      wantsValue = true;
    }
  }
  if (wantsValue || stack.includes('(')) refuse('the expression ends too early');
  return [...output, ...stack.reverse()];
};

/** The value in floating point. Throws WorkFault for what is no expression. */
export const evaluatePostfix = (expression: string): number => {
  const values: number[] = [];
  for (const piece of toPostfix(expression)) {
    if (typeof piece === 'number') {
      values.push(piece);
      continue;
    }
    const operator = OPERATORS[piece];
    const b = values.pop() ?? Number.NaN;
    const a = operator?.arity === 2 ? (values.pop() ?? Number.NaN) : b;
    values.push(operator?.apply(a, b) ?? Number.NaN);
  }
  return values[0] ?? Number.NaN;
};

/** Whether two values agree as far as floating point can tell. */
export const agree = (a: number, b: number): boolean =>
  a === b || Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
