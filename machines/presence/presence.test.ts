// Presence: each row of its table, and what holds for any series of probes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { getShortestPaths } from 'xstate/graph';
import { firstPresence, nextPresence, presenceMachine, type PresenceEvent } from './presence.ts';

const after = (...oks: boolean[]): string =>
  oks.reduce(
    (saved, isOk) => nextPresence(saved, { type: isOk ? 'probe_ok' : 'probe_failed' }),
    firstPresence(),
  ).presence;

describe('presence', () => {
  it('begins as seen, and stays so while nothing answers', () => {
    assert.equal(after(), 'seen');
    assert.equal(after(false, false, false), 'seen');
  });

  it('is reachable with the first answer, and survives one failed probe', () => {
    assert.equal(after(true), 'reachable');
    assert.equal(after(false, false, true, false), 'reachable');
  });

  it('is lost after two failed probes in a row, not after two in all', () => {
    assert.equal(after(true, false, false), 'lost');
    assert.equal(after(true, false, true, false), 'reachable');
    assert.equal(after(true, false, true, false, false), 'lost');
  });

  it('comes back with one answer, and then has two lives again', () => {
    assert.equal(after(true, false, false, false, true), 'reachable');
    assert.equal(after(true, false, false, false, true, false), 'reachable');
  });

  it('depends on the last two probes only, once it was reachable', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (oks) => {
        const isLost = oks.at(-1) === false && oks.at(-2) === false;
        const expected = !oks.includes(true) ? 'seen' : isLost ? 'lost' : 'reachable';
        assert.equal(after(...oks), expected);
      }),
    );
  });

  it('reaches each of its states', () => {
    const events: PresenceEvent[] = [{ type: 'probe_ok' }, { type: 'probe_failed' }];
    const paths = getShortestPaths(presenceMachine, { events });
    assert.deepEqual([...new Set(paths.map(({ state }) => state.value))].sort(), [
      'lost',
      'reachable',
      'seen',
    ]);
  });

  it('survives being kept as JSON', () => {
    const kept = JSON.parse(JSON.stringify(firstPresence())) as ReturnType<typeof firstPresence>;
    assert.equal(nextPresence(kept, { type: 'probe_ok' }).presence, 'reachable');
  });
});
