// Inputs of a run: defaults, texts of a command line, and one error that names everything wrong.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MeshError } from '#machines/nouns/error';
import { resolveInputs } from './inputs.ts';

const declared = {
  repo: { type: 'string', description: 'path of a git work tree' },
  n: { type: 'number', default: 1 },
  sure: { type: 'boolean', default: false },
  map: { type: 'object', default: {} },
  list: { type: 'array', default: [] },
} as const;

describe('resolveInputs', () => {
  it('fills in defaults', () => {
    assert.deepEqual(resolveInputs(declared, { repo: '.' }), {
      repo: '.',
      n: 1,
      sure: false,
      map: {},
      list: [],
    });
  });

  it('reads texts as the declared type, and leaves texts that are meant as texts', () => {
    const given = { repo: '3', n: ' 4.5 ', sure: 'true', map: '{"a":1}', list: '[1,"x"]' };
    assert.deepEqual(resolveInputs(declared, given), {
      repo: '3',
      n: 4.5,
      sure: true,
      map: { a: 1 },
      list: [1, 'x'],
    });
  });

  it('names every fault at once', () => {
    assert.throws(
      () => resolveInputs(declared, { rpeo: 'x', n: 'many', sure: 'yes', list: '{}' }),
      (error) => {
        assert.ok(error instanceof MeshError);
        assert.equal(error.code, 'invalid_input');
        assert.match(error.detail, /no input `rpeo`; did you mean `repo`\?/);
        assert.match(error.detail, /`repo` is missing \(path of a git work tree\)/);
        assert.match(error.detail, /`n` must be of type number/);
        assert.match(error.detail, /`sure` must be of type boolean/);
        assert.match(error.detail, /`list` must be of type array/);
        return true;
      },
    );
  });

  it('gives back any value of a fitting type as it is, and as text reads it the same', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.jsonValue(), (n, json) => {
        assert.equal(resolveInputs(declared, { repo: 'x', n })['n'], n);
        const list = [json];
        assert.deepEqual(
          resolveInputs(declared, { repo: 'x', list: JSON.stringify(list) })['list'],
          JSON.parse(JSON.stringify(list)),
        );
      }),
    );
  });

  it('never takes an inherited name for an input', () => {
    assert.throws(() => resolveInputs(declared, { repo: 'x', constructor: 1 }), MeshError);
    assert.throws(() => resolveInputs({ constructor: { type: 'string' as const } }, {}), /is missing/);
  });
});
