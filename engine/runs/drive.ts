// The heart: one transition of one team run, inside one transaction. Pure machine, then rows, then effects as rows.
import { MeshError } from '#machines/nouns/error';
import { ENDED_OUTSIDE } from '#machines/nouns/run';
import {
  enabledEvents,
  eventName,
  type HostedEvent,
  isDone,
  next,
  persist,
  restore,
  statePath,
  statusOf,
  stepOf,
} from '#machines/team-run/host';
import { keysInFlight } from '#machines/team-run/parts';
import type { EventLog } from '../events/append.ts';
import type { Tx } from '../store/writer.ts';
import type { ApplyEffect } from './effects.ts';
import type { Incoming, LiveRun } from './live-run.ts';
import type { LibraryEntry, MachineLibrary } from './machine-library.ts';
import type { TeamRunRow, TeamRunRows } from './rows.ts';
import type { Timers } from './timers.ts';

export interface DriveParts {
  readonly rows: TeamRunRows;
  readonly library: MachineLibrary;
  readonly timers: Timers;
  readonly log: EventLog;
  readonly applyEffect: ApplyEffect;
  /** Tells where a failed step's invocation is, for the run's own error event. */
  readonly locateFailure: (key: string) => { runId: string; eventId: string | null } | null;
}

export interface Drive {
  /**
   * Sends an event to a run inside `tx`. False when the machine has no use for it.
   * Throws unknown_run or machine_mismatch.
   */
  (tx: Tx, teamRunId: string, event: Incoming): boolean;
  /** The run's present snapshot, read from memory or its row. */
  load(teamRunId: string): LiveRun;
  /** Whether the machine of a run no longer fits. */
  isBlocked(teamRunId: string): boolean;
  /** Takes a new run into memory, inside the transaction that makes it. */
  adopt(tx: Tx, run: LiveRun): void;
}

/** Runs whose snapshot is kept in memory; others are a row and nothing else. */
const KEPT = 512;

/** Says why a row cannot be driven, or null. */
export const whyBlocked = (row: TeamRunRow, entry: LibraryEntry): string | null => {
  if (row.compiler_version !== entry.compilerVersion || row.machine_hash !== entry.machineHash)
    return `the template compiles to another machine now (${row.machine_hash.slice(0, 12)} then, ${entry.machineHash.slice(0, 12)} now)`;
  const restored = restore(entry.hosted, row.snapshot);
  return restored.ok ? null : `the machine has no state ${restored.missing.join(', ')}`;
};

/** Wires the drive. */
export const createDrive = (parts: DriveParts): Drive => {
  const { rows, library, timers, log } = parts;
  const kept = new Map<string, LiveRun>();

  const keep = (tx: Tx, run: LiveRun): void => {
    const before = kept.get(run.row.id);
    kept.delete(run.row.id);
    if (!isDone(run.snapshot)) kept.set(run.row.id, run);
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    tx.undone(() => {
      if (before === undefined) kept.delete(run.row.id);
      else kept.set(run.row.id, before);
    });
  };

  const load = (teamRunId: string): LiveRun => {
    const known = kept.get(teamRunId);
    if (known !== undefined) return known;
    const row = rows.get(teamRunId);
    if (row === null) throw new MeshError('unknown_run', `no team run ${teamRunId} is known`);
    if (row.blocked !== null)
      throw new MeshError('machine_mismatch', (JSON.parse(row.blocked) as { message: string }).message);
    const entry = library.get(row.template_hash);
    const restored = restore(entry.hosted, row.snapshot);
    if (!restored.ok)
      throw new MeshError('machine_mismatch', `the machine has no state ${restored.missing.join(', ')}`);
    return { row, entry, snapshot: restored.snapshot, lastAt: row.last_at };
  };

  /** A machine that throws ends its run, and the event that did it is kept. */
  const endThrown = (tx: Tx, run: LiveRun, event: HostedEvent, error: unknown): true => {
    const facts = { run_id: run.row.id, team_run_id: run.row.id, step: stepOf(event, run.snapshot) };
    const message = error instanceof Error ? error.message : String(error);
    const from = statePath(run.snapshot);
    log.append(
      tx,
      { ...facts, kind: 'error', payload: { code: 'machine_error', message, cause: event } },
      'engine',
    );
    log.append(
      tx,
      {
        ...facts,
        kind: 'status',
        payload: { state: ENDED_OUTSIDE.threw, event: eventName(event.type), from, to: from, data: event },
      },
      'engine',
    );
    parts.applyEffect(tx, run, {
      type: 'cancelInvocations',
      keys: keysInFlight(run.snapshot.context),
    });
    timers.stopAll(tx, run.row.id);
    rows.update(tx, {
      id: run.row.id,
      snapshot: persist(run.entry.hosted, run.snapshot),
      status: ENDED_OUTSIDE.threw,
      last_at: event.at,
      ended_at: tx.now,
    });
    const before = kept.get(run.row.id);
    kept.delete(run.row.id);
    tx.undone(() => {
      if (before !== undefined) kept.set(run.row.id, before);
    });
    return true;
  };

  const recordFailure = (tx: Tx, run: LiveRun): void => {
    const { failure } = run.snapshot.context;
    if (failure === null) return;
    const place = failure.key === null ? null : parts.locateFailure(failure.key);
    log.append(
      tx,
      {
        run_id: run.row.id,
        team_run_id: run.row.id,
        step: failure.step,
        kind: 'error',
        payload: { ...failure.error },
        metadata: {
          attempt: failure.attempt,
          failed_run_id: place?.runId ?? null,
          failed_event_id: place?.eventId ?? null,
        },
      },
      'engine',
    );
  };

  const drive = (tx: Tx, teamRunId: string, incoming: Incoming): boolean => {
    const run = load(teamRunId);
    if (isDone(run.snapshot) || run.row.ended_at !== null) return false;
    const at = Math.max(tx.now, run.lastAt + 1);
    const event = { ...incoming, at } as HostedEvent;
    let result: ReturnType<typeof next>;
    try {
      result = next(run.entry.hosted, run.snapshot, event);
    } catch (error) {
      return endThrown(tx, run, event, error);
    }
    if (result.snapshot === run.snapshot) return false;
    const after: LiveRun = { ...run, snapshot: result.snapshot, lastAt: at };
    const status = statusOf(after.snapshot);
    log.append(
      tx,
      {
        run_id: teamRunId,
        team_run_id: teamRunId,
        step: stepOf(event, run.snapshot),
        kind: 'status',
        payload: {
          state: status,
          event: eventName(event.type),
          from: statePath(run.snapshot),
          to: statePath(after.snapshot),
          data: event,
        },
      },
      'engine',
    );
    for (const effect of result.effects) parts.applyEffect(tx, after, effect);
    const done = isDone(after.snapshot);
    if (done) {
      timers.stopAll(tx, teamRunId);
      recordFailure(tx, after);
    }
    rows.update(tx, {
      id: teamRunId,
      snapshot: persist(run.entry.hosted, after.snapshot),
      status,
      last_at: at,
      ended_at: done ? tx.now : null,
    });
    keep(tx, after);
    return true;
  };

  const isBlocked = (teamRunId: string): boolean => {
    if (kept.has(teamRunId)) return false;
    const row = rows.get(teamRunId);
    return row !== null && row.blocked !== null;
  };

  return Object.assign(drive, { load, isBlocked, adopt: keep });
};

/** The refusal of an event that a run has no use for. */
export const notEnabled = (run: LiveRun, event: string): MeshError =>
  new MeshError('not_enabled', `${event} does nothing while the run is ${statePath(run.snapshot)}`, {
    state: statePath(run.snapshot),
    enabled: isDone(run.snapshot) ? [] : enabledEvents(run.snapshot),
  });
