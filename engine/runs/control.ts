// What people may do to a team run: pause, resume, cancel. Each is one event to its machine, audited.
import { failure, MeshError } from '#machines/nouns/error';
import { BLOCKED, ENDED_OUTSIDE } from '#machines/nouns/run';
import type { Operation } from '#machines/nouns/audit';
import type { Audit } from '../audit/append.ts';
import type { EventLog } from '../events/append.ts';
import type { Caller } from '../identity/caller.ts';
import type { Invocations } from '../invocations/invocations.ts';
import type { InvocationRows } from '../invocations/rows.ts';
import type { Tx, Writer } from '../store/writer.ts';
import { type Drive, notEnabled } from './drive.ts';
import type { Incoming } from './live-run.ts';
import type { TeamRunRow, TeamRunRows } from './rows.ts';
import type { Timers } from './timers.ts';

export interface ControlParts {
  readonly writer: Writer;
  readonly log: EventLog;
  readonly rows: TeamRunRows;
  readonly timers: Timers;
  readonly drive: Drive;
  readonly audit: Audit;
  readonly invocations: Pick<Invocations, 'stopByKey'>;
  readonly invocationRows: Pick<InvocationRows, 'ofTeamRun'>;
}

export interface Control {
  pause(caller: Caller, teamRunId: string, now: boolean): Promise<void>;
  resume(caller: Caller, teamRunId: string): Promise<void>;
  cancel(caller: Caller, teamRunId: string, reason: string | null): Promise<void>;
}

/** Wires control. Every call throws unknown_run, machine_mismatch or not_enabled. */
export const createControl = (parts: ControlParts): Control => {
  const { writer, log, rows, timers, drive, audit } = parts;

  const send = (caller: Caller, operation: Operation, teamRunId: string, event: Incoming): Promise<void> =>
    writer.submit((tx) => {
      audit.append(tx, caller, operation, 'write', teamRunId, event);
      if (!drive(tx, teamRunId, event)) throw notEnabled(drive.load(teamRunId), event.type);
    });

  /** A run whose machine no longer fits can still be cancelled: its agents are told, and it ends without its machine. */
  const cancelBlocked = (tx: Tx, row: TeamRunRow, reason: string | null): void => {
    for (const invocation of parts.invocationRows.ofTeamRun(row.id))
      if (invocation.endedAt === null)
        parts.invocations.stopByKey(tx, invocation.key, 'the team run was cancelled');
    timers.stopAll(tx, row.id);
    log.append(
      tx,
      {
        run_id: row.id,
        team_run_id: row.id,
        kind: 'status',
        payload: {
          state: ENDED_OUTSIDE.cancelled,
          event: 'cancel',
          from: BLOCKED,
          to: ENDED_OUTSIDE.cancelled,
          data: { reason },
        },
      },
      'engine',
    );
    rows.update(tx, {
      id: row.id,
      snapshot: row.snapshot,
      status: ENDED_OUTSIDE.cancelled,
      last_at: tx.now,
      ended_at: tx.now,
    });
  };

  return {
    pause: (caller, teamRunId, now) => send(caller, 'team_run.pause', teamRunId, { type: 'pause', now }),
    resume: (caller, teamRunId) => send(caller, 'team_run.resume', teamRunId, { type: 'resume' }),
    cancel: (caller, teamRunId, reason) =>
      writer.submit((tx) => {
        audit.append(tx, caller, 'team_run.cancel', 'write', teamRunId, { reason });
        const row = rows.get(teamRunId);
        if (row === null) throw new MeshError('unknown_run', `no team run ${teamRunId} is known`);
        if (row.blocked !== null && row.ended_at === null) {
          cancelBlocked(tx, row, reason);
          return;
        }
        if (!drive(tx, teamRunId, { type: 'cancel', reason }))
          throw notEnabled(drive.load(teamRunId), 'cancel');
      }),
  };
};

/** What a blocked run's row says. */
export const blockedBecause = (why: string): string => JSON.stringify(failure('machine_mismatch', why));
