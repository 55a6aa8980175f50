// calc works out what it claims to: exactly, with the usual precedence, and refuses everything else clearly.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { WorkFault } from '../harness/work.ts';
import { agree, evaluatePostfix } from '../tester/postfix.ts';
import { evaluate, findExpression } from './arithmetic.ts';

describe('evaluate', () => {
  for (const [expression, text] of [
    ['1+1', '2'],
    ['(3+4)*2', '14'],
    ['2 + 3 * 4', '14'],
    ['10 - 4 - 3', '3'],
    ['2^3^2', '512'],
    ['-2^2', '-4'],
    ['(-2)^2', '4'],
    ['2^-2', '0.25'],
    ['0.1 + 0.2', '0.3'],
    ['1/3', '0.333333333333333'],
    ['7/8', '0.875'],
    ['-1/8', '-0.125'],
    ['--3', '3'],
    ['9007199254740993 + 0', '9007199254740993'],
    ['2^100', '1267650600228229401496703205376'],
    ['.5*4', '2'],
  ] as const)
    it(`${expression} is ${text}`, () => {
      assert.equal(evaluate(expression).text, text);
    });

  it('gives whole numbers beyond 2^53 as texts, others as numbers', () => {
    assert.equal(evaluate('2^60').value, '1152921504606846976');
    assert.equal(evaluate('6*7').value, 42);
    assert.equal(evaluate('1/4').value, 0.25);
  });

  for (const [expression, message] of [
    ['1/0', /division by zero/],
    ['1+', /ends too early/],
    ['1+*2', /unexpected `\*` at position 3/],
    ['(1', /ends too early/],
    ['1)', /unexpected `\)`/],
    ['2^0.5', /whole number/],
    ['9^99999', /too large/],
    ['('.repeat(300) + '1', /deeper/],
    ['', /ends too early/],
    ['process.exit()', /unexpected `p`/],
  ] as const)
    it(`refuses ${expression.slice(0, 20)}`, () => {
      assert.throws(
        () => evaluate(expression),
        (error) => error instanceof WorkFault && !error.retryable && message.test(error.message),
      );
    });

  it('agrees with the other method on any expression', () => {
    const expression = fc.letrec<{ e: string }>((tie) => ({
      e: fc.oneof(
        { maxDepth: 4, depthSize: 'medium' },
        fc.nat(999).map(String),
        fc
          .tuple(tie('e'), fc.constantFrom('+', '-', '*', '/'), tie('e'))
          .map(([a, o, b]) => `(${a}) ${o} (${b})`),
        fc.tuple(tie('e'), fc.constantFrom('+', '-', '*'), fc.nat(99)).map(([a, o, b]) => `${a} ${o} ${b}`),
        tie('e').map((a) => `-(${a})`),
        fc.tuple(fc.nat(9), fc.nat(5)).map(([a, b]) => `${a}^${b}`),
      ),
    })).e;
    fc.assert(
      fc.property(expression, (text) => {
        let exact: number;
        try {
          exact = Number(evaluate(text).text);
        } catch (error) {
          assert.ok(error instanceof WorkFault && /division by zero/.test(error.message), text);
          return;
        }
        const other = evaluatePostfix(text);
        // Floating point may divide by a rounding error where the exact value is a clean zero or not one.
        assert.ok(
          agree(exact, other) || !Number.isFinite(other) || Math.abs(other) > 1e12,
          `${text}: ${exact} ${other}`,
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('findExpression', () => {
  for (const [text, found] of [
    ['1+1', '1+1'],
    ['What is (3+4)*2?', '(3+4)*2'],
    ['please work out 12 / 4, thanks', '12 / 4'],
    ['(2+3)*4\nAnswer with JSON: {"result": the number}.', '(2+3)*4'],
    ['the number 7.', '7'],
    ['no numbers here', null],
    ['-5 + 2 in 3 steps', '-5 + 2'],
  ] as const)
    it(`in ${JSON.stringify(text)}`, () => {
      assert.equal(findExpression(text), found);
    });
});
