// Timers over a real database and a clock that the test moves: each row fires once, late ones at once, stale ones never.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import type { Clock } from '../ports.ts';
import { nodePorts } from '../ports-node.ts';
import { openStore, type Store } from '../store/open.ts';
import { createTimers, type TimerRow, type Timers } from './timers.ts';

/** A clock that stands still until it is moved. */
const handClock = () => {
  let now = 1_000;
  let alarms: { at: number; ring: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after: (ms, ring) => {
      const alarm = { at: now + ms, ring };
      alarms.push(alarm);
      return () => {
        alarms = alarms.filter((each) => each !== alarm);
      };
    },
  };
  const moveTo = (time: number): void => {
    now = time;
    const due = alarms.filter(({ at }) => at <= now);
    alarms = alarms.filter(({ at }) => at > now);
    for (const { ring } of due) ring();
  };
  return { clock, moveTo };
};

const row = (generation: number, due_at: number, more: Partial<TimerRow> = {}): TimerRow => ({
  team_run_id: 'run',
  timer_id: 'backoff',
  generation,
  due_at,
  event: '{}',
  ...more,
});

describe('timers', () => {
  let folder: string;
  let store: Store;
  let timers: Timers;
  let { clock, moveTo } = handClock();
  const fired: TimerRow[] = [];
  const take = (timer: TimerRow): Promise<boolean> => store.writer.submit((tx) => timers.take(tx, timer));
  const start = (timer: TimerRow): Promise<void> =>
    store.writer.submit((tx) => {
      timers.start(tx, timer);
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'timers-'));
    ({ clock, moveTo } = handClock());
    fired.length = 0;
    const ports = nodePorts(pino({ level: 'silent' }), {});
    store = await openStore(join(folder, 'agentmesh.db'), { synchronous: 'NORMAL' }, ports);
    // Runs are not what this is about.
    store.db.pragma('foreign_keys = OFF');
    timers = createTimers(store, clock);
    timers.run((timer) => void fired.push(timer));
  });
  afterEach(() => {
    timers.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('fires when it is due, not before, and is taken once', async () => {
    await start(row(1, 2_000));
    moveTo(1_999);
    assert.equal(fired.length, 0);
    moveTo(2_000);
    assert.deepEqual(fired, [row(1, 2_000)]);
    assert.equal(await take(row(1, 2_000)), true);
    assert.equal(await take(row(1, 2_000)), false);
  });

  it('a timer that fired for an earlier visit leaves the timer of the present visit alone', async () => {
    await start(row(1, 2_000));
    moveTo(2_000);
    assert.equal(fired.length, 1);
    // Before its transaction comes, the run is paused, resumed, and fails again: the same id, another visit.
    const [, stale] = await Promise.all([
      store.writer.submit((tx) => {
        timers.stop(tx, 'run', 'backoff');
        timers.start(tx, row(2, 9_000));
      }),
      take(row(1, 2_000)),
    ]);
    assert.equal(stale, false, 'the stale timer may do nothing');
    moveTo(8_999);
    assert.equal(fired.length, 1);
    moveTo(9_000);
    assert.deepEqual(fired.at(-1), row(2, 9_000));
    assert.equal(await take(row(2, 9_000)), true);
  });

  it('is gone when it was stopped, alone or with its whole run', async () => {
    await start(row(1, 2_000));
    await start(row(1, 2_000, { timer_id: 'cancelLimit' }));
    await start(row(1, 2_000, { team_run_id: 'other' }));
    await store.writer.submit((tx) => {
      timers.stop(tx, 'run', 'backoff');
    });
    moveTo(2_000);
    assert.deepEqual(fired.map(({ team_run_id, timer_id }) => [team_run_id, timer_id]).toSorted(), [
      ['other', 'backoff'],
      ['run', 'cancelLimit'],
    ]);
    await store.writer.submit((tx) => {
      timers.stopAll(tx, 'run');
    });
    assert.equal(await take(row(1, 2_000, { timer_id: 'cancelLimit' })), false);
    assert.equal(await take(row(1, 2_000, { team_run_id: 'other' })), true);
  });

  it('that came due while nobody was there fires at once, all of them, however many', async () => {
    timers.close();
    const many = Array.from({ length: 700 }, (_, n) => row(1, 1_500, { team_run_id: `run-${n}` }));
    await store.writer.submit((tx) => {
      for (const each of many) timers.start(tx, each);
    });
    moveTo(5_000);
    timers = createTimers(store, clock);
    timers.run((timer) => void fired.push(timer));
    for (let round = 0; round < 5; round += 1) {
      const due = fired.slice(round * 256, (round + 1) * 256);
      await Promise.all(due.map(take));
      moveTo(5_000 + round);
    }
    assert.equal(new Set(fired.map(({ team_run_id }) => team_run_id)).size, many.length);
    assert.equal(fired.length, many.length);
  });

  it('whose transaction was rolled back is fired again later', async () => {
    await start(row(1, 2_000));
    moveTo(2_000);
    await assert.rejects(
      store.writer.submit((tx) => {
        timers.take(tx, row(1, 2_000));
        throw new Error('no');
      }),
    );
    await start(row(1, 2_001, { team_run_id: 'other' }));
    moveTo(2_001);
    assert.deepEqual(
      fired.map(({ team_run_id }) => team_run_id),
      ['run', 'run', 'other'],
    );
  });
});
