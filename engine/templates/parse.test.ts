// The reader of templates: ambiguous, costly and hostile texts are refused with a place, never with a crash or a hang.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import { createParser } from './parse.ts';

const parser = createParser();
after(() => parser.close());

const refusal = async (text: string): Promise<string> => {
  const { value, problems } = await parser.parse(text);
  assert.equal(value, null);
  return problems.map(({ line, column, message }) => `${line}:${column} ${message}`).join('\n');
};

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((key) => key !== '__proto__' && key !== '<<'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

/** JSON has one zero; -0 comes back as 0. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

describe('reading', () => {
  it('reads JSON in any layout, and the same as YAML, as what it says', async () => {
    await fc.assert(
      fc.asyncProperty(json, fc.constantFrom('', '  ', '\t'), async (value, indent) => {
        const fromJson = await parser.parse(JSON.stringify(value, null, indent));
        assert.deepEqual(fromJson.problems, []);
        assert.deepEqual(plain(fromJson.value), plain(value));
        const fromYaml = await parser.parse(stringify(value, { aliasDuplicateObjects: false }));
        assert.deepEqual(plain(fromYaml.value), plain(value));
      }),
      { numRuns: 150 },
    );
  });

  it('tells the first fault of the syntax alone, in plain words and at its place', async () => {
    for (const [text, says] of [
      ['steps:\n  - id: a\n   role: b\n', '3:1 wrong indentation: keys and items that belong together'],
      ['inputs: { a: 1\nroles: 2\n', '2:1 a `{` before this is not closed'],
      ['a:\n\tb: 1\n', '2:1 a tab; indent with blanks'],
      ['prompt: a: b\n', '1:9 a second `: ` on one line'],
    ] as const) {
      const told = await refusal(text);
      assert.ok(told.startsWith(says), `${text}${told}`);
      assert.ok(!told.includes('\n'), told);
    }
  });

  it('knows the place of keys and values, and for what is missing that of its surroundings', async () => {
    const parsed = await parser.parse('a: 1\nsteps:\n  - id: x\n    retry: { max: 99 }\n');
    assert.deepEqual(parsed.place(['steps', 0, 'retry', 'max']), { line: 4, column: 19 });
    assert.deepEqual(parsed.place(['steps', 0, 'retry', 'max'], 'key'), { line: 4, column: 14 });
    assert.deepEqual(parsed.place(['steps', 0, 'prompt']), { line: 3, column: 5 });
    assert.deepEqual(parsed.place(['nothing']), { line: 1, column: 1 });
  });

  it('takes words such as yes, on and 1:30 as texts', async () => {
    const { value } = await parser.parse('{a: yes, b: on, c: 1:30, d: 2001-01-01}');
    assert.deepEqual(value, { a: 'yes', b: 'on', c: '1:30', d: '2001-01-01' });
  });
});

describe('refusing', () => {
  for (const [what, text, expected] of [
    ['anchors', 'a: &x 1', /1:7 anchors \(&x\)/],
    ['aliases', 'a: &x [1]\nb: *x', /2:4 aliases \(\*x\)/],
    ['tags', 'a: !secret x', /1:12 tags \(!secret\)/],
    ['standard tags', 'a: !!str 1', /tags/],
    ['merge keys', 'b: 1\n<<: {a: 1}', /2:1 .*merge keys/],
    ['the same key twice', 'a: 1\nb: 2\na: 3', /3:1 .*`a` is given twice/],
    ['__proto__', 'x:\n  __proto__: {a: 1}', /2:3 .*__proto__/],
    ['keys that are no words', '1: a', /1:1 .*must be a word/],
    ['several documents', 'a: 1\n---\nb: 1', /document/],
    ['directives', '%YAML 1.1\n---\na: 1', /directives/],
    ['numbers without an end', 'a: .inf', /finite/],
    ['nothing', '  \n# only a comment\n', /empty/],
    ['more than 64 KiB', `a: ${'x'.repeat(LIMITS.templateBytes)}`, /at most 65536/],
    ['33 levels', `${'['.repeat(33)}${']'.repeat(33)}`, /deeper than 32/],
    ['65,000 brackets', '['.repeat(65_000), /deeper than 32/],
    ['16,000 maps', '{a: '.repeat(16_000), /deeper than 32/],
    ['30,000 dashes', '- '.repeat(30_000), /deeper than 32/],
  ] as const)
    it(`refuses ${what}`, async () => {
      assert.match(await refusal(text), expected);
    });

  it('reads 7,000 keys without the quadratic check for twins', async () => {
    const text = Array.from({ length: 7_000 }, (_, index) => `k${index}: 1`).join('\n');
    const { value } = await parser.parse(text);
    assert.equal(Object.keys(value as object).length, 7_000);
  });

  it('never does anything but answer or refuse, whatever it is given', async () => {
    const bits = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ': ',
        '- ',
        '\n',
        '  ',
        '&a',
        '*a',
        '!t',
        '"',
        "'",
        '|\n',
        '>',
        '? ',
        '#',
        '%',
        ',',
      ],
      ...['<<', '__proto__', 'key', '1', '\t', '\u0000', '\u2028', '---\n', '...\n', '💥'],
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(bits, { maxLength: 60 }).map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (hostile) => {
        try {
          const { problems, value } = await parser.parse(hostile);
          assert.ok(problems.length > 0 || value !== undefined);
          for (const { line, column } of problems) assert.ok(line >= 1 && column >= 1);
        } catch (error) {
          assert.ok(error instanceof MeshError);
        }
      }),
      { numRuns: 400 },
    );
    assert.equal(Object.hasOwn(Object.prototype, 'a'), false);
  });
});

describe('the time limit', () => {
  it('replaces a worker that takes too long, and goes on with the next text', async () => {
    const impatient = createParser({ limitMs: 0.001 });
    try {
      const { problems } = await impatient.parse(
        Array.from({ length: 5_000 }, (_, i) => `k${i}: 1`).join('\n'),
      );
      assert.match(problems[0]?.message ?? '', /takes longer than/);
      assert.match((await impatient.parse('a: 1')).problems[0]?.message ?? 'read', /takes longer than|read/);
    } finally {
      await impatient.close();
    }
  });

  it('answers texts that were asked for together, each its own', async () => {
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => parser.parse(`n: ${n}`)));
    assert.deepEqual(
      answers.map(({ value }) => value),
      [1, 2, 3, 4, 5].map((n) => ({ n })),
    );
  });

  it('reads nothing more once it is closed', async () => {
    const closed = createParser();
    await closed.close();
    await assert.rejects(closed.parse('a: 1'), MeshError);
  });
});
