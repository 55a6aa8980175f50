// Tables fit the terminal and stay whole in a pipe; wide characters count as what they take.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cells, clip, table, type Column } from './table.ts';
import { ago, duration, offset, parseDuration } from './time.ts';

interface Row {
  readonly id: string;
  readonly text: string;
}
const COLUMNS: readonly Column<Row>[] = [
  { head: 'ID', of: (row) => row.id },
  { head: 'TEXT', of: (row) => row.text, gives: true },
];
const same = (text: string): string => text;

void test('columns align also with Chinese names, and a narrow terminal cuts what may be cut', () => {
  const rows = [
    { id: '网格', text: 'one' },
    { id: 'calc', text: 'a rather long text that does not fit' },
  ];
  assert.deepEqual(table(rows, COLUMNS, Number.POSITIVE_INFINITY, same), [
    'ID    TEXT',
    '网格  one',
    'calc  a rather long text that does not fit',
  ]);
  assert.deepEqual(table(rows, COLUMNS, 20, same).at(-1), 'calc  a rather long…');
});

void test('an empty cell has no colour: no problem is not shown as one', () => {
  const loud: readonly Column<Row>[] = [
    { head: 'ID', of: (row) => row.id },
    { head: 'PROBLEM', of: (row) => row.text, paint: () => (text) => `!${text}` },
  ];
  const rows = [
    { id: 'a', text: '' },
    { id: 'b', text: 'gone' },
  ];
  assert.deepEqual(table(rows, loud, Number.POSITIVE_INFINITY, same).slice(1), ['a   -', 'b   !gone']);
});

void test('a cut text is never wider than asked, and an uncut one is as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
      const cut = clip(text, width);
      assert.ok(cells(cut) <= width);
      if (cells(text) <= width) assert.equal(cut, text);
    }),
  );
});

void test('times in words', () => {
  assert.deepEqual([7, 1_234, 125_000, 11_040_000, 183_600_000].map(duration), [
    '7ms',
    '1.2s',
    '2m05s',
    '3h04m',
    '2d03h',
  ]);
  assert.equal(offset('2026-01-01T00:00:00Z', '2026-01-01T00:00:01.5+00:00'), '+1.500s');
  assert.equal(offset('2026-01-01T00:00:01Z', '2026-01-01T00:00:00Z'), '-1.000s');
  assert.equal(ago('2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1, 0, 3, 5)), '3m05s ago');
  assert.deepEqual(['500ms', '30s', '5m', '10', 'soon', '-1s', ''].map(parseDuration), [
    500,
    30_000,
    300_000,
    10_000,
    null,
    null,
    null,
  ]);
});
