// At boot: every live run is checked against its machine; those that fit go on, those that do not are blocked, never failed.
import { BLOCKED } from '#machines/nouns/run';
import { MeshError } from '#machines/nouns/error';
import { restore, statusOf } from '#machines/team-run/host';
import { keysInFlight } from '#machines/team-run/parts';
import type { EventLog } from '../events/append.ts';
import type { InvocationRows } from '../invocations/rows.ts';
import type { CrashPoints, Log } from '../ports.ts';
import type { Tx, Writer } from '../store/writer.ts';
import { blockedBecause } from './control.ts';
import { type Drive, whyBlocked } from './drive.ts';
import type { MachineLibrary } from './machine-library.ts';
import { endingOf, outcomeEvent } from './outcome-event.ts';
import type { TeamRunRow, TeamRunRows } from './rows.ts';

export interface RecoverParts {
  readonly writer: Writer;
  readonly log: EventLog;
  readonly rows: TeamRunRows;
  readonly library: MachineLibrary;
  readonly drive: Drive;
  readonly invocationRows: Pick<InvocationRows, 'byKey'>;
  readonly ports: { readonly crash: CrashPoints; readonly log: Log };
}

/** Live runs read at a time: a million parked runs are a million rows, not a million objects. */
const PAGE_ROWS = 500;

const eachLive = function* (rows: TeamRunRows): Generator<TeamRunRow> {
  for (let after = ''; ;) {
    const page = rows.live(after, PAGE_ROWS);
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
};

/** Answers how many runs go on and how many are blocked. */
export const recoverRuns = async (parts: RecoverParts): Promise<{ live: number; blocked: number }> => {
  const { writer, log, rows, library, ports } = parts;
  const check = (row: TeamRunRow): string | null => {
    try {
      return whyBlocked(row, library.get(row.template_hash));
    } catch (error) {
      if (error instanceof MeshError) return error.detail;
      return error instanceof Error ? error.message : String(error);
    }
  };
  const say = (tx: Tx, row: TeamRunRow, state: string, why: string | null): void => {
    rows.block(tx, row.id, state, why === null ? null : blockedBecause(why));
    log.append(
      tx,
      {
        run_id: row.id,
        team_run_id: row.id,
        kind: 'status',
        payload: {
          state,
          event: why === null ? 'unblocked' : 'blocked',
          ...(why === null ? {} : { text: why }),
        },
      },
      'engine',
    );
  };
  /** An outcome that came while the run was blocked. */
  const deliverMissed = (tx: Tx, row: TeamRunRow): void => {
    for (const key of keysInFlight(parts.drive.load(row.id).snapshot.context)) {
      const invocation = parts.invocationRows.byKey(key);
      const ending = invocation === null ? null : endingOf(invocation);
      const event = invocation === null || ending === null ? null : outcomeEvent(invocation, ending);
      if (event !== null) parts.drive(tx, row.id, event);
    }
  };
  let live = 0;
  let blocked = 0;
  for (const row of eachLive(rows)) {
    const why = check(row);
    ports.crash.reach('recover.during');
    if (why === null) live += 1;
    else blocked += 1;
    if (why !== null && row.blocked === null) {
      ports.log.warn({ team_run_id: row.id, why }, 'a team run is blocked: its machine no longer fits');
      await writer.submit((tx) => {
        say(tx, row, BLOCKED, why);
      });
    } else if (why === null && row.blocked !== null) {
      // One transaction: a run that is no longer blocked is not looked at again, so it must have its outcome by then.
      await writer.submit((tx) => {
        const restored = restore(library.get(row.template_hash).hosted, row.snapshot);
        if (restored.ok) say(tx, row, statusOf(restored.snapshot), null);
        deliverMissed(tx, row);
      });
    }
  }
  return { live, blocked };
};
