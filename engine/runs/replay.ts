// Derives team runs, invocations, outputs, timers and jobs from the log alone: what `agentmeshd rebuild` adds to the events.
import { parse } from 'yaml';
import { z } from 'zod';
import { type Failure, FailureSchema } from '#machines/nouns/error';
import type { EventV1 } from '#machines/nouns/event';
import { AskedRecordSchema } from '#machines/nouns/origin';
import { BLOCKED, INVOCATION_STATES, isTerminalInvocation } from '#machines/nouns/run';
import { TeamTemplateSchema } from '#machines/nouns/team';
import {
  type HostedEvent,
  initial,
  isDone,
  next,
  persist,
  type RunSnapshot,
  statusOf,
} from '#machines/team-run/host';
import { replayApproval } from '../approvals/replay.ts';
import { createApprovalRows } from '../approvals/rows.ts';
import type { EventRow } from '../engine.ts';
import type { Replay } from '../events/rebuild.ts';
import type { Artifacts } from '../invocations/artifacts.ts';
import { outputOf } from '../invocations/output.ts';
import type { NewInvocation } from '../invocations/invocation-row.ts';
import { createInvocationRows } from '../invocations/rows.ts';
import type { Ports } from '../ports.ts';
import type { Store } from '../store/open.ts';
import { param, statement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';
import type { LiveRun } from './live-run.ts';
import { createApplyEffect } from './effects.ts';
import { createMachineLibrary } from './machine-library.ts';
import { createTeamRunRows, type TeamRunRow } from './rows.ts';
import { createTimers } from './timers.ts';

const CreatedSchema = z.object({
  at: z.number(),
  inputs: z.record(z.string(), z.unknown()),
  asked_by: AskedRecordSchema.nullable().default(null),
  template: z.object({
    name: z.string(),
    hash: z.string(),
    compiler_version: z.number(),
    machine_hash: z.string(),
    origin: z.string(),
    commit: z.string().nullable(),
    text: z.string(),
  }),
});
const SubmittedSchema = z.object({
  deadline: z.number(),
  prompt: z.string().optional(),
  origin: z.array(z.unknown()).optional(),
});
const MachineEventSchema = z.looseObject({ type: z.string(), at: z.number() });

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** A replay into a new database. Only what the engine itself wrote is read (docs/event-v1.md, Events of a run). */
export const createReplay = (
  store: Store,
  artifacts: Artifacts,
  ports: Pick<Ports, 'clock' | 'ids'>,
): Replay => {
  const rows = createTeamRunRows(store);
  const library = createMachineLibrary(rows);
  const invocationRows = createInvocationRows(store);
  const approvalRows = createApprovalRows(store);
  // Never run: only its rows are wanted.
  const timers = createTimers(store, ports.clock);
  const live = new Map<string, LiveRun>();
  /** Invocations that a transition asked for; their run ids come with their own first event. */
  const asked = new Map<string, Omit<NewInvocation, 'startedAt' | 'agentKind'>>();
  const failures = new Map<string, Failure>();
  // What an agent answered may be what a later transition refers to: it is in the new table by then.
  const lineOf = statement<{ id: string }>()(store.db, (k) =>
    k.selectFrom('events').select('line').where('id', '=', param<string>('id')),
  );
  const applyEffect = createApplyEffect({
    rows,
    timers,
    ids: ports.ids,
    endedUnknown: (key) => invocationRows.byKey(key)?.error?.code === 'outcome_unknown',
    invocations: () => ({
      begin: (_tx, invocation) => void asked.set(invocation.key, invocation),
      stopByKey: (tx, key, reason) => {
        const row = invocationRows.byKey(key);
        if (row !== null && row.endedAt === null) invocationRows.requestCancel(tx, row.runId, reason);
      },
    }),
  });

  const created = (tx: Tx, event: EventV1): void => {
    const { at, inputs, asked_by: askedBy, template: pinned } = CreatedSchema.parse(event.payload['data']);
    const template = TeamTemplateSchema.parse(parse(pinned.text));
    const entry = library.put(pinned.hash, template);
    const snapshot = initial(entry.hosted, { teamRunId: event.run_id, at });
    const row: TeamRunRow = {
      id: event.run_id,
      template_hash: pinned.hash,
      compiler_version: pinned.compiler_version,
      machine_hash: pinned.machine_hash,
      snapshot: persist(entry.hosted, snapshot),
      status: statusOf(snapshot),
      inputs: JSON.stringify(inputs),
      origin: pinned.origin,
      commit_id: pinned.commit,
      last_at: at,
      created_at: tx.now,
      updated_at: tx.now,
      ended_at: null,
      blocked: null,
      asked_by: askedBy === null ? null : JSON.stringify(askedBy),
      context_id: askedBy?.context_id ?? null,
    };
    rows.pin(tx, {
      hash: pinned.hash,
      name: pinned.name,
      text: pinned.text,
      parsed: JSON.stringify(template),
    });
    rows.insert(tx, row);
    live.set(row.id, { row, entry, snapshot, lastAt: at });
  };

  /** The output that a step's good end refers to, found again in the event that carries it. */
  const saveOutput = (
    tx: Tx,
    event: Extract<HostedEvent, { type: 'step_complete' }>,
    teamRunId: string,
  ): void => {
    invocationRows.noteOutput(tx, event.key, event.output.ref);
    const invocation = invocationRows.byKey(event.key);
    const line = lineOf.get({ id: event.output.ref })?.line;
    if (invocation === null || line === undefined || invocation.execution === null) return;
    const carrier = JSON.parse(line) as EventV1;
    if (carrier.kind !== 'artifact' && carrier.metadata['final'] !== true) return;
    const { payload } = carrier;
    const ref = text(payload['ref']);
    const said = ref === null ? text(payload['text']) : artifacts.read(ref).toString();
    const { value } =
      carrier.kind === 'artifact'
        ? { value: artifacts.contentOf(payload).data ?? { files: payload['files'] } }
        : outputOf({ status: 'completed', artifacts: [], text: said ?? '' }, invocation.outputSchema);
    rows.saveOutput(tx, {
      team_run_id: teamRunId,
      step: event.step,
      execution: invocation.execution,
      output: JSON.stringify(value),
    });
  };

  const end = (tx: Tx, run: LiveRun, status: string, lastAt: number, snapshot: RunSnapshot): void => {
    timers.stopAll(tx, run.row.id);
    live.delete(run.row.id);
    rows.update(tx, {
      id: run.row.id,
      snapshot: persist(run.entry.hosted, snapshot),
      status,
      last_at: lastAt,
      ended_at: tx.now,
    });
  };

  const transition = (tx: Tx, run: LiveRun, payload: EventV1['payload']): void => {
    const status = text(payload['state']) ?? run.row.status;
    const parsed = MachineEventSchema.safeParse(payload['data']);
    if (!parsed.success) {
      // Blocked, unblocked, or cancelled while blocked: the machine had no part in it.
      if (payload['event'] === 'cancel') end(tx, run, status, tx.now, run.snapshot);
      else
        rows.block(
          tx,
          run.row.id,
          status,
          status === BLOCKED ? JSON.stringify({ message: payload['text'] }) : null,
        );
      return;
    }
    const event = parsed.data as unknown as HostedEvent;
    if (event.type === 'step_complete') saveOutput(tx, event, run.row.id);
    let result: ReturnType<typeof next>;
    try {
      result = next(run.entry.hosted, run.snapshot, event);
    } catch {
      // It threw then too, and that ended the run.
      end(tx, run, status, event.at, run.snapshot);
      return;
    }
    const after: LiveRun = { ...run, snapshot: result.snapshot, lastAt: event.at };
    for (const effect of result.effects) applyEffect(tx, after, effect);
    if (isDone(after.snapshot)) {
      end(tx, after, statusOf(after.snapshot), event.at, after.snapshot);
      return;
    }
    rows.update(tx, {
      id: run.row.id,
      snapshot: persist(run.entry.hosted, after.snapshot),
      status: statusOf(after.snapshot),
      last_at: event.at,
      ended_at: null,
    });
    live.set(run.row.id, after);
  };

  const submitted = (tx: Tx, event: EventV1): void => {
    const key = text(event.metadata['key']) ?? event.run_id;
    const facts = SubmittedSchema.parse(event.payload['data']);
    const step = asked.get(key);
    asked.delete(key);
    invocationRows.insert(tx, {
      ...(step ?? {
        teamRunId: null,
        step: null,
        execution: null,
        attempt: null,
        key,
        from: text(event.metadata['from']),
        prompt: facts.prompt ?? text(event.payload['text']) ?? '',
        data: facts.origin === undefined ? {} : { origin: facts.origin },
        onUnknown: 'fail',
        outputSchema: null,
        mayHaveRunTwice: false,
      }),
      runId: event.run_id,
      agent: text(event.metadata['agent']) ?? '',
      agentKind: null,
      deadline: facts.deadline,
      // Whether its agent was asked is not in the log: the next life asks the agent.
      startedAt: tx.now,
    });
  };

  const ofInvocation = (tx: Tx, event: EventV1): void => {
    const { payload, run_id: runId } = event;
    if (event.kind === 'error') {
      const failure = FailureSchema.safeParse(payload);
      if (failure.success) failures.set(runId, failure.data);
      return;
    }
    if (replayApproval(tx, approvalRows, event)) return;
    const state = INVOCATION_STATES.find((known) => known === payload['state']);
    const data = (payload['data'] ?? {}) as Record<string, unknown>;
    if (payload['state'] === 'submitted') submitted(tx, event);
    else if (state === 'working' && typeof data['handle'] === 'object' && data['handle'] !== null)
      invocationRows.setHandle(tx, runId, data['handle'] as Record<string, string>, event.task_id);
    else if (state === 'cancelling')
      invocationRows.requestCancel(tx, runId, text(payload['text']) ?? 'asked by a person');
    else if (state !== undefined && isTerminalInvocation(state)) {
      const confirmed = data['cancel_confirmed'];
      invocationRows.end(tx, runId, {
        state,
        error: failures.get(runId) ?? null,
        cancelConfirmed: typeof confirmed === 'boolean' ? confirmed : null,
        outputRef: null,
      });
      failures.delete(runId);
    }
  };

  return {
    event: ({ event }: EventRow, batch) => {
      const tx: Tx = { ...batch, now: Date.parse(event.ts) };
      const isOurs = event.metadata['source'] === 'engine';
      if (!isOurs) return;
      if (event.run_id !== event.team_run_id) {
        if (event.metadata['key'] !== undefined) ofInvocation(tx, event);
        return;
      }
      if (event.kind !== 'status') return;
      const run = live.get(event.run_id);
      if (event.payload['event'] === 'created') created(tx, event);
      else if (run !== undefined) transition(tx, run, event.payload);
    },
    finish: (tx) => {
      // Whatever has not ended is asked for again, calls of runs that did not wait for them included.
      store.db
        .prepare(
          `INSERT OR IGNORE INTO jobs (id, queue, payload, created_at)
           SELECT run_id, 'invocations', '{}', ? FROM invocations WHERE ended_at IS NULL`,
        )
        .run(tx.now);
    },
  };
};
