// The project that demo and tests break: four small modules with tests, and a table of faults.

/** Files of the project as it should be. */
export const PROJECT: Readonly<Record<string, string>> = {
  'README.md':
    '# shop\n\nPrices, ranges, texts and statistics of a small shop. Run the tests with `npm test`.\n',
  'package.json': `${JSON.stringify(
    {
      name: 'shop',
      version: '1.0.0',
      private: true,
      type: 'module',
      scripts: { test: 'node --test --test-isolation=none' },
    },
    null,
    2,
  )}\n`,
  'src/cart.js': `// Prices of a cart, in cents.

export const subtotal = (lines) => {
  let sum = 0;
  for (const { price, count } of lines) sum += price * count;
  return sum;
};

export const discount = (cents, percent) => Math.round(cents * (1 - percent / 100));

export const shipping = (cents) => {
  if (cents >= 5000) return 0;
  return 490;
};

export const isLarge = (lines) => lines.length > 3 && subtotal(lines) > 10000;
`,
  'src/range.js': `// Whole-number ranges; both ends belong to them.

export const contains = (range, value) => value >= range.from && value <= range.to;

export const size = (range) => range.to - range.from + 1;

export const clamp = (range, value) => Math.min(range.to, Math.max(range.from, value));

export const toList = (range) => {
  const list = [];
  for (let value = range.from; value <= range.to; value++) list.push(value);
  return list;
};

export const overlaps = (a, b) => a.from <= b.to && b.from <= a.to;
`,
  'src/text.js': `// Texts of the shop.

export const capitalize = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

export const truncate = (text, length) => {
  if (text.length <= length) return text;
  return text.slice(0, length - 1) + '…';
};

export const isBlank = (text) => !/\\S/.test(text);

export const lastWord = (text) => {
  const words = text.trim().split(/\\s+/);
  return words[words.length - 1];
};
`,
  'src/stats.js': `// Numbers about numbers.

export const mean = (values) => {
  if (values.length === 0) return 0;
  return values.reduce((sum, value) => sum + value, 0) / values.length;
};

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
};

export const allPositive = (values) => values.every((value) => value > 0);
`,
  'test/cart.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discount, isLarge, shipping, subtotal } from '../src/cart.js';

const lines = (count, price) => Array.from({ length: count }, () => ({ price, count: 2 }));

test('subtotal adds up prices times counts', () => {
  assert.equal(subtotal([{ price: 250, count: 4 }, { price: 99, count: 1 }]), 1099);
  assert.equal(subtotal([]), 0);
});
test('discount takes a percentage off', () => {
  assert.equal(discount(1000, 10), 900);
  assert.equal(discount(999, 0), 999);
});
test('shipping is free from 50.00 on', () => {
  assert.equal(shipping(4999), 490);
  assert.equal(shipping(5000), 0);
  assert.equal(shipping(9000), 0);
});
test('a cart is large with many lines and a high price', () => {
  assert.equal(isLarge(lines(4, 2000)), true);
  assert.equal(isLarge(lines(4, 10)), false);
  assert.equal(isLarge(lines(1, 20000)), false);
  assert.equal(isLarge(lines(3, 20000)), false);
});
`,
  'test/range.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clamp, contains, overlaps, size, toList } from '../src/range.js';

const range = { from: 3, to: 6 };

test('contains both ends', () => {
  assert.deepEqual([2, 3, 5, 6, 7].map((value) => contains(range, value)), [false, true, true, true, false]);
});
test('size counts both ends', () => {
  assert.equal(size(range), 4);
  assert.equal(size({ from: 1, to: 1 }), 1);
});
test('clamp keeps values inside', () => {
  assert.deepEqual([1, 4, 9].map((value) => clamp(range, value)), [3, 4, 6]);
});
test('toList names every value', () => {
  assert.deepEqual(toList(range), [3, 4, 5, 6]);
});
test('overlaps when they share a value', () => {
  assert.equal(overlaps(range, { from: 6, to: 9 }), true);
  assert.equal(overlaps({ from: 1, to: 3 }, range), true);
  assert.equal(overlaps(range, { from: 7, to: 9 }), false);
  assert.equal(overlaps({ from: 0, to: 2 }, range), false);
});
`,
  'test/text.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capitalize, isBlank, lastWord, truncate } from '../src/text.js';

test('capitalize raises the first letter', () => {
  assert.equal(capitalize('tea pot'), 'Tea pot');
  assert.equal(capitalize(''), '');
});
test('truncate keeps the length', () => {
  assert.equal(truncate('teapot', 4), 'tea…');
  assert.equal(truncate('tea', 3), 'tea');
});
test('isBlank sees only blanks', () => {
  assert.equal(isBlank('  \\t'), true);
  assert.equal(isBlank(' a '), false);
});
test('lastWord gives the last word', () => {
  assert.equal(lastWord('a small pot '), 'pot');
  assert.equal(lastWord('pot'), 'pot');
});
`,
  'test/stats.test.js': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allPositive, mean, median } from '../src/stats.js';

test('mean of values', () => {
  assert.equal(mean([1, 2, 6]), 3);
  assert.equal(mean([]), 0);
});
test('median of odd and even counts', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
});
test('allPositive wants every value above zero', () => {
  assert.equal(allPositive([1, 2]), true);
  assert.equal(allPositive([1, 0]), false);
  assert.equal(allPositive([-1, 2]), false);
});
`,
};

export interface Fault {
  readonly kind: string;
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
  readonly description: string;
}

const fault = (kind: string, file: string, right: string, wrong: string, description: string): Fault => ({
  kind,
  file,
  right,
  wrong,
  description,
});

/** Faults that one small change undoes. */
export const FAULTS: readonly Fault[] = [
  fault('comparison', 'src/cart.js', 'cents >= 5000', 'cents > 5000', 'free shipping begins one cent late'),
  fault('arithmetic', 'src/cart.js', 'price * count', 'price + count', 'the subtotal adds counts to prices'),
  fault(
    'off by one',
    'src/range.js',
    'range.to - range.from + 1',
    'range.to - range.from',
    'size forgets one end',
  ),
  fault('condition', 'src/text.js', '!/\\S/', '/\\S/', 'isBlank says the opposite'),
  fault('constant', 'src/stats.js', '% 2 === 1', '% 2 === 0', 'median mixes up odd and even counts'),
  fault(
    'logic',
    'src/range.js',
    'a.from <= b.to && b.from',
    'a.from <= b.to || b.from',
    'everything overlaps',
  ),
  fault(
    'bound',
    'src/range.js',
    'value <= range.to; value++',
    'value < range.to; value++',
    'toList stops one early',
  ),
  fault(
    'method',
    'src/range.js',
    'Math.max(range.from, value)',
    'Math.min(range.from, value)',
    'clamp pulls down',
  ),
  fault('index', 'src/text.js', 'words.length - 1', 'words.length - 2', 'lastWord gives the one before it'),
  fault('assignment', 'src/cart.js', 'sum += price', 'sum -= price', 'the subtotal is negative'),
  fault('constant', 'src/cart.js', '1 - percent', '2 - percent', 'the discount doubles the price'),
  fault('quantifier', 'src/stats.js', 'values.every', 'values.some', 'one positive value is enough'),
  fault(
    'index',
    'src/stats.js',
    'sorted[middle - 1]',
    'sorted[middle]',
    'median of an even count is too high',
  ),
  fault('arithmetic', 'src/stats.js', ') / 2;', ') * 2;', 'median multiplies where it should divide'),
];

/** A fault that no small change undoes: the code for it was never written. */
export const MISSING_CODE: Fault = fault(
  'missing code',
  'src/stats.js',
  `  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length % 2 === 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
`,
  `  const [first] = values;
  return first;
`,
  'median gives the first value; the code that sorts was never written',
);
