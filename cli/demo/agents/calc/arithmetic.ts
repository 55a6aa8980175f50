// Arithmetic with exact fractions: + - * / ^, parentheses, decimals and signs, by recursive descent.
import { WorkFault } from '../harness/work.ts';

/** A fraction in lowest terms; the denominator is positive. */
interface Fraction {
  readonly top: bigint;
  readonly bottom: bigint;
}

/** Limits that keep a hostile expression from eating memory. */
const LIMIT = { chars: 10_000, depth: 200, exponent: 10_000n, digits: 50_000 } as const;
/** Digits shown of a fraction without end. */
const SHOWN_DIGITS = 15;

const refuse = (message: string): never => {
  throw new WorkFault('invalid_input', message);
};

const gcd = (a: bigint, b: bigint): bigint => {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
};

const fraction = (top: bigint, bottom: bigint): Fraction => {
  if (bottom === 0n) return refuse('division by zero');
  const sign = bottom < 0n ? -1n : 1n;
  const common = gcd(top, bottom * sign) || 1n;
  return { top: (top * sign) / common, bottom: (bottom * sign) / common };
};

const digits = (value: bigint): number => (value < 0n ? -value : value).toString(16).length;

const power = (base: Fraction, exponent: Fraction): Fraction => {
  if (exponent.bottom !== 1n) return refuse('the exponent must be a whole number');
  const size = exponent.top < 0n ? -exponent.top : exponent.top;
  if (size > LIMIT.exponent || Number(size) * Math.max(digits(base.top), digits(base.bottom)) > LIMIT.digits)
    return refuse('the power is too large');
  return exponent.top < 0n
    ? fraction(base.bottom ** size, base.top ** size)
    : fraction(base.top ** size, base.bottom ** size);
};

/** Reads one expression; `^` binds tightest and to the right, then signs, then * and /, then + and -. */
class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Fraction {
    const value = this.#sum();
    if (this.#peek() !== '') this.#unexpected();
    return value;
  }

  #peek(): string {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#text[this.#at] ?? '';
  }

  #take(chars: string): string {
    const next = this.#peek();
    if (next === '' || !chars.includes(next)) return '';
    this.#at += 1;
    return next;
  }

  #unexpected(): never {
    const next = this.#peek();
    return refuse(
      next === ''
        ? 'the expression ends too early'
        : `unexpected \`${next}\` at position ${this.#at + 1} of the expression`,
    );
  }

  #sum(): Fraction {
    let left = this.#product();
    for (let sign = this.#take('+-'); sign !== ''; sign = this.#take('+-')) {
      const right = this.#product();
      const top = right.top * left.bottom;
      left = fraction(left.top * right.bottom + (sign === '+' ? top : -top), left.bottom * right.bottom);
    }
    return left;
  }

  #product(): Fraction {
    let left = this.#signed();
    for (let sign = this.#take('*/×÷'); sign !== ''; sign = this.#take('*/×÷')) {
      const right = this.#signed();
      left =
        sign === '*' || sign === '×'
          ? fraction(left.top * right.top, left.bottom * right.bottom)
          : fraction(left.top * right.bottom, left.bottom * right.top);
    }
    return left;
  }

  #signed(): Fraction {
    this.#depth += 1;
    if (this.#depth > LIMIT.depth) return refuse(`nested deeper than ${LIMIT.depth} levels`);
    const sign = this.#take('+-');
    const value = sign === '' ? this.#power() : this.#signed();
    this.#depth -= 1;
    return sign === '-' ? { top: -value.top, bottom: value.bottom } : value;
  }

  #power(): Fraction {
    const base = this.#atom();
    return this.#take('^') === '' ? base : power(base, this.#signed());
  }

  #atom(): Fraction {
    if (this.#take('(') !== '') {
      const value = this.#sum();
      if (this.#take(')') === '') this.#unexpected();
      return value;
    }
    this.#peek();
    const [text] = /^(?:\d+(?:\.\d*)?|\.\d+)/.exec(this.#text.slice(this.#at)) ?? [];
    if (text === undefined) return this.#unexpected();
    this.#at += text.length;
    const [whole = '', decimals = ''] = text.split('.');
    return fraction(BigInt(`${whole}${decimals}` || '0'), 10n ** BigInt(decimals.length));
  }
}

/** Decimal text of a fraction: exact when it ends, else rounded to 15 significant digits. */
const decimalText = ({ top, bottom }: Fraction): string => {
  if (bottom === 1n) return top.toString();
  let rest = bottom;
  while (rest % 2n === 0n) rest /= 2n;
  while (rest % 5n === 0n) rest /= 5n;
  const size = top < 0n ? -top : top;
  if (rest !== 1n || bottom.toString(2).length > 60)
    return String(Number((Number(top) / Number(bottom)).toPrecision(SHOWN_DIGITS)));
  let places = 0;
  for (let scaled = bottom, scale = 1n; scale % scaled !== 0n; scale *= 10n) places += 1;
  const shown = ((size * 10n ** BigInt(places)) / bottom).toString().padStart(places + 1, '0');
  return `${top < 0n ? '-' : ''}${shown.slice(0, -places)}.${shown.slice(-places)}`;
};

/** The value of an expression. Throws WorkFault (invalid_input) that says what is wrong and where. */
export const evaluate = (expression: string): { text: string; value: number | string } => {
  if (expression.length > LIMIT.chars) refuse(`an expression may have ${LIMIT.chars} characters`);
  const result = new Reader(expression).whole();
  const text = decimalText(result);
  const isExact = result.bottom === 1n && Number.isSafeInteger(Number(result.top));
  return { text, value: result.bottom === 1n && !isExact ? text : Number(text) };
};

/** The longest piece of a text that looks like arithmetic; null when there is none. */
export const findExpression = (text: string): string | null => {
  const pieces = text.match(/[-+(\s.\d]*[\d)][-+*/^×÷().\d\s]*/g) ?? [];
  const cleaned = pieces
    .map((piece) =>
      piece
        .trim()
        .replace(/[.\s]+$/, '')
        .replace(/^[.\s]+(?!\d)/, ''),
    )
    .filter((piece) => /\d/.test(piece));
  const withOperator = cleaned.filter((piece) => /[-+*/^×÷]/.test(piece.slice(1)));
  return (
    [...(withOperator.length > 0 ? withOperator : cleaned)].sort((a, b) => b.length - a.length)[0] ?? null
  );
};
