// The second method refuses what is no expression instead of making something of it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WorkFault } from '../harness/work.ts';
import { agree, evaluatePostfix } from './postfix.ts';

describe('evaluatePostfix', () => {
  it('knows precedence, signs and powers', () => {
    assert.equal(evaluatePostfix('2+3*4'), 14);
    assert.equal(evaluatePostfix('-2^2'), -4);
    assert.equal(evaluatePostfix('2^3^2'), 512);
    assert.equal(evaluatePostfix('2*-3'), -6);
    assert.equal(evaluatePostfix('8-3-2'), 3);
  });
  for (const text of ['', '1+', '1 2', '(1', '1)', '()', '2(3)', 'x'])
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => evaluatePostfix(text), WorkFault);
    });
  it('compares within the precision of floating point', () => {
    assert.ok(agree(0.1 + 0.2, 0.3));
    assert.ok(!agree(14, 15));
  });
});
