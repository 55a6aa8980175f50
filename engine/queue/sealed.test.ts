// Sealed messages: what was sealed opens where it belongs, and nothing else opens at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { meshKeyOf } from './mesh-key.ts';
import { seal, unseal } from './sealed.ts';

const KEY = meshKeyOf(new Uint8Array(32).fill(3));
const time = fc.integer({ min: 0, max: 2 ** 45 });
const text = fc.string({ unit: 'binary', maxLength: 200 });

test('opens what was sealed, at its place and in its time', () => {
  fc.assert(
    fc.property(text, text, time, (place, body, expiresAt) => {
      const sealed = seal(KEY, place, body, expiresAt);
      assert.deepEqual(unseal(KEY, place, sealed, expiresAt - 1), { ok: true, body });
      assert.deepEqual(unseal(KEY, place, sealed, expiresAt), { ok: false, why: 'expired' });
      assert.equal(unseal(KEY, `${place} `, sealed, 0).ok, false);
      assert.equal(unseal(meshKeyOf(new Uint8Array(32).fill(4)), place, sealed, 0).ok, false);
    }),
    { numRuns: 2_000 },
  );
});

test('opens nothing that was changed anywhere', () => {
  fc.assert(
    fc.property(
      text,
      fc.nat(),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
      (body, at, put) => {
        const sealed = seal(KEY, 'here', body, 2 ** 45);
        const cut = at % sealed.length;
        for (const changed of [
          sealed.slice(0, cut) + put + sealed.slice(cut + put.length),
          sealed.slice(0, cut) + put + sealed.slice(cut),
          sealed.slice(0, cut) + sealed.slice(cut + 1),
          sealed.slice(0, cut),
        ]) {
          const opened = unseal(KEY, 'here', changed, 0);
          // Blanks between the parts, or another escape of the same letter, are no change of what is said.
          assert.ok(!opened.ok || opened.body === body, changed);
        }
      },
    ),
    { numRuns: 5_000 },
  );
});

test('takes any text at all for what it is', () => {
  const shapes = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.json(),
    fc
      .array(fc.oneof(fc.string(), fc.integer(), fc.double(), fc.constant(null), fc.array(fc.string())), {
        maxLength: 6,
      })
      .map((parts) => JSON.stringify(parts)),
    fc
      .tuple(
        fc.constantFrom(1, 2, '1', null),
        fc.oneof(fc.integer(), fc.double(), fc.string()),
        fc.string(),
        fc.string(),
      )
      .map((parts) => JSON.stringify(parts)),
  );
  fc.assert(
    fc.property(shapes, (said) => {
      assert.equal(unseal(KEY, 'here', said, 0).ok, false);
    }),
    { numRuns: 20_000 },
  );
  assert.equal(unseal(KEY, 'here', '['.repeat(200_000), 0).ok, false);
});
