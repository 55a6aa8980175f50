// Durable timers: a row with an absolute deadline. Late ones fire at once after a restart; a stale one cannot fire at all.
import type { Clock } from '../ports.ts';
import type { Store } from '../store/open.ts';
import type { Schema } from '../store/schema.ts';
import { param, statement, writtenStatement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';

export type TimerRow = Readonly<Schema['timers']>;

export interface Timers {
  /** Inside a transaction. The same id again replaces the earlier one. */
  start(tx: Tx, row: TimerRow): void;
  stop(tx: Tx, teamRunId: string, timerId: string): void;
  /** Inside a transaction: all timers of a run that has ended. */
  stopAll(tx: Tx, teamRunId: string): void;
  /**
   * Inside the transaction of the firing: deletes exactly this row. False when it is gone or another visit's:
   * then nothing may happen.
   */
  take(tx: Tx, row: TimerRow): boolean;
  /**
   * Begins firing; `fire` gets each due row, and no second time before it has resolved. One that it rejects is fired
   * again a little later. Call after recovery.
   */
  run(fire: (row: TimerRow) => Promise<void>): void;
  close(): void;
}

/** Rows fired at once, so that a million late timers do not become a million objects. */
const FIRE_AT_ONCE = 256;

/** A firing that failed (a full disk) is tried again after this. */
const RETRY_MS = 1_000;

/** Timers over the table `timers` and the engine's clock. */
export const createTimers = ({ db }: Store, clock: Clock): Timers => {
  const insert = statement<{
    team_run_id: string;
    timer_id: string;
    generation: number;
    due_at: number;
    event: string;
  }>()(db, (k) =>
    k.replaceInto('timers').values({
      team_run_id: param('team_run_id'),
      timer_id: param('timer_id'),
      generation: param('generation'),
      due_at: param('due_at'),
      event: param('event'),
    }),
  );
  const stop = statement<{ team_run_id: string; timer_id: string }>()(db, (k) =>
    k
      .deleteFrom('timers')
      .where('team_run_id', '=', param<string>('team_run_id'))
      .where('timer_id', '=', param<string>('timer_id')),
  );
  const stopAll = statement<{ team_run_id: string }>()(db, (k) =>
    k.deleteFrom('timers').where('team_run_id', '=', param<string>('team_run_id')),
  );
  const take = statement<{ team_run_id: string; timer_id: string; generation: number }>()(db, (k) =>
    k
      .deleteFrom('timers')
      .where('team_run_id', '=', param<string>('team_run_id'))
      .where('timer_id', '=', param<string>('timer_id'))
      .where('generation', '=', param<number>('generation')),
  );
  const earliest = writtenStatement<{ most: number }, TimerRow>(
    db,
    'select * from timers order by due_at limit ?',
    ['most'],
  );
  let fire: ((row: TimerRow) => Promise<void>) | null = null;
  let disarm: (() => void) | null = null;
  let armedFor = Number.POSITIVE_INFINITY;
  /** Fired, and their transactions not over yet: not to be fired a second time meanwhile. */
  const inHand = new Set<string>();
  const nameOf = (row: TimerRow): string => `${row.team_run_id}\n${row.timer_id}\n${row.generation}`;

  const arm = (dueAt: number): void => {
    if (fire === null || dueAt >= armedFor) return;
    disarm?.();
    armedFor = dueAt;
    disarm = clock.after(Math.max(0, dueAt - clock.now()), () => {
      disarm = null;
      armedFor = Number.POSITIVE_INFINITY;
      fireDue();
    });
  };

  const fireDue = (): void => {
    const now = clock.now();
    const rows = earliest.all({ most: FIRE_AT_ONCE + inHand.size }).filter((row) => !inHand.has(nameOf(row)));
    for (const row of rows) {
      if (row.due_at > now) {
        arm(row.due_at);
        return;
      }
      inHand.add(nameOf(row));
      fire?.(row).then(
        () => void inHand.delete(nameOf(row)),
        () => {
          inHand.delete(nameOf(row));
          arm(clock.now() + RETRY_MS);
        },
      );
    }
    if (rows.length >= FIRE_AT_ONCE) arm(now);
  };

  return {
    start: (tx, row) => {
      insert.run({ ...row });
      tx.after(() => {
        arm(row.due_at);
      });
    },
    stop: (_tx, team_run_id, timer_id) => void stop.run({ team_run_id, timer_id }),
    stopAll: (_tx, team_run_id) => void stopAll.run({ team_run_id }),
    take: (_tx, { team_run_id, timer_id, generation }) =>
      take.run({ team_run_id, timer_id, generation }) === 1,
    run: (callback) => {
      fire = callback;
      fireDue();
    },
    close: () => {
      fire = null;
      disarm?.();
    },
  };
};
