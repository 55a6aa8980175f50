// What must hold for every file of the tree and no linter looks at: size, first line, names, nothing put off or skipped.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT, ourFiles } from './tree.ts';

const LONGEST_FILE_LINES = 300;
const BANNED_NAMES = [
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'manager',
  'service',
  'services',
  'types',
];
/** Written apart so that this file does not find itself. */
const PUT_OFF = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`);
const SILENCED = new RegExp(
  ['eslint-' + 'disable', '@ts-' + 'ignore', '@ts-' + 'nocheck', 'v8 ' + 'ignore'].join('|'),
);
const SKIPPED = new RegExp(
  [
    '\\b(test|it|describe|suite)\\.(skip|to' + 'do|only)\\b',
    '\\b(t|context)\\.(skip|to' + 'do)\\(',
    '\\b(xit|xdescribe|fit|fdescribe)\\(',
    '[{,]\\s*(skip|to' + 'do|only):',
  ].join('|'),
);

const files = ourFiles();
const code = files.filter((file) => /\.(ts|js|cjs|mjs)$/.test(file));
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const isTest = (file: string): boolean => /(\.(test[a-z]*|spec)|\/arbitraries)\.ts$/.test(file);

/** file:line of each line that fits. */
const linesWith = (pattern: RegExp, among: readonly string[]): readonly string[] =>
  among.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : [])),
  );

describe('the tree', () => {
  test('has files to look at', () => {
    assert.ok(code.length > 20, 'the walk found next to nothing');
  });

  test(`keeps each file of code under ${LONGEST_FILE_LINES} lines`, () => {
    const long = files
      .filter((file) => /\.(ts|js|cjs|mjs|css|html)$/.test(file) && !isTest(file))
      .map((file) => ({ file, lines: read(file).trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > LONGEST_FILE_LINES);
    assert.deepEqual(long, []);
  });

  test('says in the first line of each file what it is for', () => {
    const silent = code.filter((file) => {
      const [first = '', second = ''] = read(file).split('\n');
      const line = first.startsWith('#!') ? second : first;
      return !/^(\/\/|\/\*\*?) \S/.test(line);
    });
    assert.deepEqual(silent, []);
  });

  test('names each file for what it holds', () => {
    const vague = code.filter((file) =>
      basename(file)
        .split(/[.-]/)
        .slice(0, -1)
        .some((word, index, words) => BANNED_NAMES.includes(word) && index === words.length - 1),
    );
    assert.deepEqual(vague, []);
  });

  test('names each file in kebab-case', () => {
    const odd = code.filter((file) => !/^[._]?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)+$/.test(basename(file)));
    assert.deepEqual(odd, []);
  });

  test('silences no tool', () => {
    assert.deepEqual(linesWith(SILENCED, code), []);
  });

  test('puts nothing off', () => {
    const written = files.filter((file) => /\.(ts|js|cjs|mjs|css|html|ya?ml|md)$/.test(file));
    assert.deepEqual(linesWith(PUT_OFF, written), []);
  });

  test('skips no test and singles none out', () => {
    assert.deepEqual(linesWith(SKIPPED, code.filter(isTest)), []);
  });

  test('leaves no test outside the sections of npm test', async () => {
    const { SECTIONS } = await import('../../.ci/sections.ts');
    const tests = code.filter((file) => /\.(test|spec)\.ts$/.test(file) && !file.includes('/fixtures/'));
    const taken = (file: string): readonly string[] =>
      SECTIONS.filter(({ work }) => work.kind !== 'command' && work.takes(file)).map(({ id }) => id);
    assert.deepEqual(
      tests.map((file) => ({ file, sections: taken(file) })).filter(({ sections }) => sections.length !== 1),
      [],
    );
  });
});
