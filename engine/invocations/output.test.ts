// The output of a step and the filling of its prompt: rules, corners, and that nothing hostile is read as a reference.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '#machines/nouns/limits';
import type { Outcome } from '../agents/adapter.ts';
import { createOutputChecker, outputOf } from './output.ts';
import { renderPrompt } from './prompt.ts';

const completed = (outcome: Partial<Outcome>): Outcome => ({
  status: 'completed',
  artifacts: [],
  ...outcome,
});

describe('the output of a step', () => {
  it('is the last artifact with data, else the text', () => {
    const artifacts = [{ data: { n: 1 } }, { name: 'b', data: { n: 2 } }, { name: 'c', text: 'words' }];
    assert.deepEqual(outputOf(completed({ artifacts, text: '{"n":3}' }), null), {
      value: { n: 2 },
      artifact: 1,
    });
    assert.deepEqual(outputOf(completed({ text: '{"n":3}' }), null), {
      value: { text: '{"n":3}' },
      artifact: null,
    });
    assert.deepEqual(outputOf(completed({ artifacts: [{ text: 'words' }] }), null).value, { text: 'words' });
    assert.deepEqual(outputOf(completed({}), null).value, { text: '' });
  });

  it('is parsed from the text, or its only json fence, where a schema is declared', () => {
    const schema = { type: 'object' };
    for (const text of ['{"a":1}', 'Sure!\n```json\n{"a":1}\n```\nDone.', '```\n{"a":1}\n```'])
      assert.deepEqual(outputOf(completed({ text }), schema).value, { a: 1 }, text);
    const two = '```json\n{"a":1}\n```\n```json\n{"a":2}\n```';
    assert.deepEqual(outputOf(completed({ text: two }), schema).value, { text: two });
  });

  it('that does not fit is named, retryable, and {} does not pass `required`', () => {
    const checker = createOutputChecker();
    const schema = { type: 'object', required: ['cause'], properties: { cause: { type: 'string' } } };
    assert.equal(checker.check({ cause: 'x' }, schema), null);
    assert.equal(checker.check({}, null), null);
    const missing = checker.check({}, schema);
    assert.equal(missing?.code, 'output_invalid');
    assert.equal(missing.retryable, true);
    assert.match(missing.message, /cause/);
    assert.match(checker.check({ cause: 3 }, schema)?.message ?? '', /output\.cause: must be string/);
  });
});

describe('what is too large', () => {
  it('is refused by its first fault: one object for each of a million would fill the memory', () => {
    const schema = { type: 'array', items: { type: 'string' } };
    const checker = createOutputChecker();
    assert.match(checker.check([1, 2], schema)?.message ?? '', /output\.0: .*; output\.1: /);
    assert.match(
      checker.check(new Array<number>(1_000_000).fill(1), schema)?.message ?? '',
      /^output\.0: must be string$/,
    );
  });

  it('fills a prompt no further than its limit', () => {
    const rendered = renderPrompt('{{ inputs.big }}'.repeat(2_000), {
      inputs: { big: 'x'.repeat(1_000_000) },
      outputs: {},
    });
    assert.ok(rendered.ok && rendered.text.length > LIMITS.promptBytes && rendered.text.length < 2_000_000);
  });
});

describe('a prompt', () => {
  it('is filled in one pass: what a value holds is never read as a reference (property)', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('{', '}', ' ', 'i', 'inputs.', 'b', '$&', '$1') }),
        (value) => {
          const rendered = renderPrompt('a {{ inputs.v }} b', {
            inputs: { v: value, b: 'WRONG' },
            outputs: {},
          });
          assert.deepEqual(rendered, { ok: true, text: `a ${value} b` });
        },
      ),
    );
  });

  it('names every reference that leads nowhere, and never reaches into prototypes', () => {
    const rendered = renderPrompt(
      '{{ inputs.a.b }} {{ steps.x.output }} {{ inputs.constructor }} {{ inputs.a.length }} {{1+1}}',
      {
        inputs: { a: 'text' },
        outputs: {},
      },
    );
    assert.deepEqual(rendered, {
      ok: false,
      missing: ['inputs.a.b', 'steps.x.output', 'inputs.constructor', 'inputs.a.length', '1+1'],
    });
  });
});
