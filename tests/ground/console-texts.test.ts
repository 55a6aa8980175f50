// No template of the console says anything by itself: every word comes from the catalogue, so that every language has it.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseTemplate } from '@angular/compiler';

/** Attributes that people see or hear. */
const SPOKEN = new Set([
  'title',
  'alt',
  'placeholder',
  'label',
  'aria-label',
  'aria-description',
  'text',
  'what',
]);
/** The same in every language: the history state of a chart, the names of keys. */
const SIGNS = new Set(['H', 'j', 'k']);
const LETTERS = /\p{L}/u;

const root = new URL('../../', import.meta.url);

/** A node of a parsed template, as far as it is looked at. */
interface Node {
  readonly value?: unknown;
  readonly name?: unknown;
  readonly attributes?: readonly { readonly name: string; readonly value: string }[];
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** Literal words of a node and everything in it: text, the text between interpolations, spoken attributes. */
const wordsOf = (node: Node, seen = new Set<unknown>()): string[] => {
  if (seen.has(node)) return [];
  seen.add(node);
  const own: string[] = [];
  const kind = node.constructor.name;
  if (/^Text\b|^Text\$/.test(kind) && typeof node.value === 'string') own.push(node.value);
  if (kind.startsWith('Interpolation') && 'strings' in node) own.push(...(node.strings as string[]));
  for (const { name, value } of node.attributes ?? [])
    if (SPOKEN.has(name) && typeof value === 'string') own.push(value);
  const inner = Object.entries(node)
    .filter(([key]) => !/[sS]pan$|^i18n$|^attributes$|^references$/.test(key))
    .flatMap(([, value]: [string, unknown]) => (Array.isArray(value) ? (value as unknown[]) : [value]))
    .filter(isNode)
    .flatMap((child) => wordsOf(child, seen));
  return [...own, ...inner];
};

const templatesOf = (file: string): string[] => {
  const text = readFileSync(new URL(file, root), 'utf8');
  if (file.endsWith('.html')) return [text];
  return [...text.matchAll(/\btemplate: `((?:[^`\\]|\\.)*)`/g)].map((match) => match[1] ?? '');
};

const literalWords = (template: string): string[] => {
  const { nodes, errors } = parseTemplate(template, 'template.html', { preserveWhitespaces: false });
  assert.equal(errors, null);
  return nodes
    .flatMap((node) => wordsOf(node as unknown as Node))
    .map((words) => words.trim())
    .filter((words) => LETTERS.test(words) && !SIGNS.has(words));
};

void test('the templates of the console hold no words of their own', () => {
  const files = globSync('console/src/app/**/*.{html,ts}', { cwd: root }).filter(
    (file) => !/\.(spec|testdata)\.ts$/.test(file),
  );
  const found = files.flatMap((file) =>
    templatesOf(file).flatMap((template) => literalWords(template).map((words) => `${file}: ${words}`)),
  );
  assert.ok(files.length > 30);
  assert.deepEqual(found, []);
});

void test('words in text, in attributes and beside values are found', () => {
  assert.deepEqual(literalWords('<p>Hello</p>'), ['Hello']);
  assert.deepEqual(literalWords('@if (a) {<b title="There">{{ x }} runs</b>}'), ['There', 'runs']);
  assert.deepEqual(literalWords('<p [title]="t().a">{{ t().b }} · {{ n }}</p>'), []);
});
