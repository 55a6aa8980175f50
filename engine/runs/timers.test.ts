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
  /** What becomes of a firing: by default it takes its row. */
  let outcome: (timer: TimerRow) => Promise<void>;
  const fire = (timer: TimerRow): Promise<void> => {
    fired.push(timer);
    return outcome(timer);
  };
  const untaken = (): Promise<void> => Promise.resolve();
  const take = (timer: TimerRow): Promise<boolean> => store.writer.submit((tx) => timers.take(tx, timer));
  const start = (timer: TimerRow): Promise<void> =>
    store.writer.submit((tx) => {
      timers.start(tx, timer);
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'timers-'));
    ({ clock, moveTo } = handClock());
    fired.length = 0;
    outcome = async (timer) => {
      await take(timer);
    };
    const ports = nodePorts(pino({ level: 'silent' }), {});
    store = await openStore(join(folder, 'agentmesh.db'), { synchronous: 'NORMAL' }, ports);
    // Runs are not what this is about.
    store.db.pragma('foreign_keys = OFF');
    timers = createTimers(store, clock);
    timers.run(fire);
  });
  afterEach(() => {
    timers.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('fires when it is due, not before, and is taken once', async () => {
    outcome = untaken;
    await start(row(1, 2_000));
    moveTo(1_999);
    assert.equal(fired.length, 0);
    moveTo(2_000);
    assert.deepEqual(fired, [row(1, 2_000)]);
    assert.equal(await take(row(1, 2_000)), true);
    assert.equal(await take(row(1, 2_000)), false);
  });

  it('a timer that fired for an earlier visit leaves the timer of the present visit alone', async () => {
    outcome = untaken;
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
    outcome = untaken;
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
    timers.run(fire);
    for (let round = 1; fired.length < many.length && round < 10; round += 1) {
      await store.writer.submit(() => undefined);
      moveTo(5_000 + round);
    }
    assert.equal(new Set(fired.map(({ team_run_id }) => team_run_id)).size, many.length);
    assert.equal(fired.length, many.length);
  });

  it('whose transaction failed is fired again a little later, not at once and not twice at a time', async () => {
    const [first, second] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    outcome = () => (fired.length === 1 ? first.promise : second.promise);
    await start(row(1, 2_000));
    moveTo(2_000);
    await start(row(1, 90_000, { team_run_id: 'other' }));
    moveTo(3_000);
    assert.equal(fired.length, 1, 'its transaction is not over yet');
    first.reject(new Error('the disk is full'));
    await first.promise.catch(() => undefined);
    moveTo(3_500);
    assert.equal(fired.length, 1);
    moveTo(4_000);
    assert.deepEqual(fired, [row(1, 2_000), row(1, 2_000)]);
    second.resolve(undefined);
  });
});
