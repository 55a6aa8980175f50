// Team runs put together: start, control, outcomes of their steps, timers, recovery, and how they look from outside.
import { ERRORS, MeshError } from '#machines/nouns/error-codes';
import type { EventV1 } from '#machines/nouns/event';
import type { AskedFacts } from '#machines/nouns/origin';
import type { TeamRun } from '#machines/nouns/run';
import type { ApprovalRows } from '../approvals/rows.ts';
import type { Audit } from '../audit/append.ts';
import type { Idempotency } from '../audit/idempotency.ts';
import type { Engine } from '../engine.ts';
import type { EventLog } from '../events/append.ts';
import type { Artifacts } from '../invocations/artifacts.ts';
import type { Invocations } from '../invocations/invocations.ts';
import { createFindAsker } from '../invocations/origin.ts';
import type { InvocationRow } from '../invocations/invocation-row.ts';
import type { InvocationRows } from '../invocations/rows.ts';
import type { Ending } from '../invocations/settle.ts';
import { outcomeEvent } from './outcome-event.ts';
import type { Ports } from '../ports.ts';
import type { Store } from '../store/open.ts';
import type { Tx } from '../store/writer.ts';
import type { Templates } from '../templates/load.ts';
import { createAnswers } from './answers.ts';
import { createControl } from './control.ts';
import { causeOfEvent, createDescribe } from './describe.ts';
import { createDrive } from './drive.ts';
import { createExchange } from './exchange.ts';
import type { Incoming } from './live-run.ts';
import { createApplyEffect } from './effects.ts';
import { createMachineLibrary } from './machine-library.ts';
import { askedFactsOf, askedRecordOf } from './origin.ts';
import { recoverRuns } from './recover.ts';
import { createTeamRunRows } from './rows.ts';
import { chartOfRun, createStart } from './start.ts';
import { createTimers } from './timers.ts';

export interface RunsParts {
  readonly store: Store;
  readonly log: EventLog;
  readonly templates: Templates;
  readonly audit: Audit;
  readonly idempotency: Idempotency;
  readonly invocationRows: InvocationRows;
  readonly approvalRows: Pick<ApprovalRows, 'pendingOfRun' | 'pendingOfTeamRun'>;
  readonly artifacts: Artifacts;
  /** Made after the runs, because an invocation's end wakes its run. */
  readonly invocations: () => Invocations;
  readonly ports: Ports;
}

export interface Runs {
  readonly api: Engine['teamRuns'];
  /** Inside the settling transaction of a step's invocation. */
  onInvocationEnded(tx: Tx, row: InvocationRow, ending: Ending): void;
  /** Checks the live runs against their machines. Call at boot, before `begin`. */
  recover(): Promise<{ live: number; blocked: number }>;
  /** Timers fire from now on. */
  begin(): void;
  countLive(): number;
  /** What agents of a run are told of the request that started it; null where a person did. */
  askedFacts(teamRunId: string): AskedFacts | null;
  close(): void;
}

/** Wires team runs. */
export const createRuns = (parts: RunsParts): Runs => {
  const { store, log, templates, audit, idempotency, invocationRows, ports } = parts;
  const { writer } = store;
  const rows = createTeamRunRows(store);
  const library = createMachineLibrary(rows);
  const timers = createTimers(store, ports.clock);

  const locateFailure = (key: string): { runId: string; eventId: string | null } | null => {
    const invocation = invocationRows.byKey(key);
    if (invocation === null) return null;
    const errors = log.page({ run_id: invocation.runId, kind: 'error' }, 0, 100).lines;
    const last = errors.at(-1);
    return {
      runId: invocation.runId,
      eventId: last === undefined ? null : (JSON.parse(last) as { id: string }).id,
    };
  };

  const drive = createDrive({
    rows,
    library,
    timers,
    log,
    locateFailure,
    applyEffect: createApplyEffect({
      rows,
      timers,
      ids: ports.ids,
      invocations: parts.invocations,
      endedUnknown: (key) => invocationRows.byKey(key)?.error?.code === 'outcome_unknown',
    }),
  });
  const start = createStart({
    writer,
    log,
    rows,
    library,
    drive,
    templates,
    audit,
    idempotency,
    ids: ports.ids,
    findAsker: createFindAsker(invocationRows, log.logId),
    artifacts: parts.artifacts,
  });
  const control = createControl({
    writer,
    log,
    rows,
    timers,
    drive,
    audit,
    invocations: {
      stopByKey: (tx, key, reason) => {
        parts.invocations().stopByKey(tx, key, reason);
      },
    },
    invocationRows,
  });
  const describe = createDescribe({
    rows,
    library,
    invocationRows,
    approvalRows: parts.approvalRows,
    locateFailure,
    ownError: (teamRunId) => {
      const line = log.page({ run_id: teamRunId, kind: 'error' }, 0, 100).lines.at(-1);
      return line === undefined ? null : causeOfEvent(JSON.parse(line) as EventV1);
    },
  });

  const answers = createAnswers({ store, log, artifacts: parts.artifacts });
  const exchange = createExchange(log, parts.artifacts);

  const rowOf = (teamRunId: string) => {
    const row = rows.get(teamRunId);
    if (row === null) throw new MeshError('unknown_run', `no team run ${teamRunId} is known`);
    return row;
  };
  const whole = (teamRunId: string): TeamRun => describe.whole(rowOf(teamRunId));
  const list: Engine['teamRuns']['list'] = ({ status, contextId, before, limit }) =>
    rows
      .list({ status: status ?? null, contextId: contextId ?? null, before: before ?? null, limit })
      .map((row) => describe.summary(row));

  return {
    api: {
      start: async (caller, ask) => whole(await start(caller, ask)),
      get: whole,
      list,
      pause: async (caller, id, { now }) => {
        await control.pause(caller, id, now);
        return whole(id);
      },
      resume: async (caller, id) => {
        await control.resume(caller, id);
        return whole(id);
      },
      cancel: async (caller, id, reason) => {
        await control.cancel(caller, id, reason ?? null);
        return whole(id);
      },
      answers: (id, known) => answers.of(whole(id), known),
      exchange: (id) => exchange(id, askedRecordOf(rowOf(id))),
      machine: (id) => {
        const row = rowOf(id);
        return {
          template: rows.pinned(row.template_hash)?.name ?? '',
          hash: row.template_hash,
          compiler_version: row.compiler_version,
          chart: chartOfRun(row, library, describe.agents(id)),
        };
      },
    },
    onInvocationEnded: (tx, row, ending) => {
      const { teamRunId, step, execution } = row;
      if (teamRunId === null || step === null || execution === null) return;
      if (ending.ok)
        rows.saveOutput(tx, {
          team_run_id: teamRunId,
          step,
          execution,
          output: JSON.stringify(ending.output),
        });
      // A blocked run takes nothing in; recovery delivers the outcome when its machine fits again.
      if (drive.isBlocked(teamRunId)) return;
      const event = outcomeEvent(row, ending);
      if (event !== null) drive(tx, teamRunId, event);
    },
    recover: () => recoverRuns({ writer, log, rows, library, ports, drive, invocationRows }),
    begin: () => {
      timers.run(async (timer) => {
        try {
          // It waits for the next start, and must not be among the earliest that are fired until then.
          if (drive.isBlocked(timer.team_run_id)) return await new Promise<never>(() => undefined);
          await writer.submit((tx) => {
            if (!timers.take(tx, timer)) return;
            drive(tx, timer.team_run_id, JSON.parse(timer.event) as Incoming);
          });
        } catch (error) {
          ports.log.error({ err: error, team_run_id: timer.team_run_id }, 'a timer could not be fired');
          // What the disk refused it may take later.
          if (error instanceof MeshError && ERRORS[error.code].retryable) throw error;
        }
      });
    },
    countLive: () => rows.countLive(),
    askedFacts: (id) => {
      const row = rows.get(id);
      return row === null ? null : askedFactsOf(row, parts.artifacts);
    },
    close: () => {
      timers.close();
    },
  };
};
