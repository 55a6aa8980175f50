// The invocations table: one row a call to one agent, for plain runs and step attempts alike.
import type { Failure } from '#machines/nouns/error';
import type { InvocationState } from '#machines/nouns/run';
import type { NativeHandle } from '../agents/adapter.ts';
import { fromRaw, type InvocationRow, type NewInvocation, type RawInvocation } from './invocation-row.ts';
import type { Store } from '../store/open.ts';
import { param, statement, statementOf, writtenStatement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';

export interface InvocationRows {
  insert(tx: Tx, row: NewInvocation): void;
  get(runId: string): InvocationRow | null;
  byKey(key: string): InvocationRow | null;
  /** The call that a program which serves several has at work, by the program’s id in its handle. */
  atWorkIn(program: string): InvocationRow | null;
  /** What may have changed while an agent works, read cheaply; null for an unknown run. */
  state(runId: string): { readonly hasEnded: boolean; readonly cancelRequested: string | null } | null;
  ofTeamRun(teamRunId: string): InvocationRow[];
  list(options: {
    state: string | null;
    before: string | null;
    plainOnly: boolean;
    limit: number;
  }): InvocationRow[];
  countLive(): number;
  /**
   * It was handed to its agent (or will be at once): after a crash its outcome is to be asked for. Its time limit
   * begins now. Answers the deadline, or null when it has ended.
   */
  markWorking(tx: Tx, runId: string, agent: string, kind: string): number | null;
  setHandle(tx: Tx, runId: string, handle: NativeHandle, taskId: string | null): void;
  requestCancel(tx: Tx, runId: string, reason: string): void;
  /** The event that carries the output, where it is known only later (replay). */
  noteOutput(tx: Tx, key: string, ref: string): void;
  end(
    tx: Tx,
    runId: string,
    end: {
      state: InvocationState;
      error: Failure | null;
      cancelConfirmed: boolean | null;
      outputRef: string | null;
    },
  ): void;
}

/** Prepares the statements of the table. */
export const createInvocationRows = ({ db }: Store): InvocationRows => {
  const insert = statement<{
    run_id: string;
    team_run_id: string | null;
    step: string | null;
    execution: number | null;
    attempt: number | null;
    key: string;
    agent: string;
    agent_kind: string | null;
    from_agent: string | null;
    prompt: string;
    data: string;
    on_unknown: string;
    output_schema: string | null;
    may_have_run_twice: number;
    state: string;
    started_at: number | null;
    created_at: number;
    deadline: number;
  }>()(db, (k) =>
    k.insertInto('invocations').values({
      run_id: param('run_id'),
      team_run_id: param('team_run_id'),
      step: param('step'),
      execution: param('execution'),
      attempt: param('attempt'),
      key: param('key'),
      agent: param('agent'),
      agent_kind: param('agent_kind'),
      from_agent: param('from_agent'),
      state: param('state'),
      prompt: param('prompt'),
      data: param('data'),
      on_unknown: param('on_unknown'),
      output_schema: param('output_schema'),
      may_have_run_twice: param('may_have_run_twice'),
      started_at: param('started_at'),
      created_at: param('created_at'),
      deadline: param('deadline'),
    }),
  );
  const all = (name: 'run_id' | 'key' | 'team_run_id') =>
    statement<{ value: string }>()(db, (k) =>
      k
        .selectFrom('invocations')
        .selectAll()
        .where(name, '=', param<string>('value'))
        .orderBy('created_at')
        .orderBy('run_id'),
    );
  const byRun = all('run_id');
  const byKey = all('key');
  const byTeamRun = all('team_run_id');
  const newest = statementOf<
    { state: string | null; before: string | null; plain: number | null; limit: number },
    RawInvocation
  >(db, (k, given) => {
    let query = k.selectFrom('invocations').selectAll();
    if (given('state')) query = query.where('state', '=', param<string>('state'));
    if (given('before')) query = query.where('run_id', '<', param<string>('before'));
    if (given('plain')) query = query.where('team_run_id', 'is', null);
    return query.orderBy('run_id', 'desc').limit(param<number>('limit'));
  });
  const atWork = writtenStatement<{ program: string }, RawInvocation>(
    db,
    "select * from invocations where ended_at is null and json_extract(handle, '$.program') = ?",
    ['program'],
  );
  const live = writtenStatement<Record<string, never>, { count: number }>(
    db,
    'select count(*) as count from invocations where ended_at is null',
    [],
  );
  const working = statement<{ run_id: string; agent: string; agent_kind: string; at: number }>()(db, (k) =>
    k
      .updateTable('invocations')
      .set((e) => ({
        state: e.case().when('state', '=', 'queued').then('working').else(e.ref('state')).end(),
        agent: param('agent'),
        agent_kind: param('agent_kind'),
        started_at: param<number>('at'),
        deadline: e('deadline', '+', e(e.val(param<number>('at')), '-', e.ref('created_at'))),
      }))
      .where('run_id', '=', param<string>('run_id'))
      .where('ended_at', 'is', null)
      .returning('deadline'),
  );
  const handle = statement<{ run_id: string; handle: string; task_id: string | null }>()(db, (k) =>
    k
      .updateTable('invocations')
      .set((e) => ({
        handle: param('handle'),
        task_id: e.fn.coalesce(e.val(param<string>('task_id')), 'task_id'),
      }))
      .where('run_id', '=', param<string>('run_id')),
  );
  const cancel = statement<{ run_id: string; reason: string }>()(db, (k) =>
    k
      .updateTable('invocations')
      .set({ cancel_requested: param('reason'), state: 'cancelling' })
      .where('run_id', '=', param<string>('run_id'))
      .where('ended_at', 'is', null),
  );
  const end = statement<{
    run_id: string;
    state: string;
    error: string | null;
    cancel_confirmed: number | null;
    output_ref: string | null;
    at: number;
  }>()(db, (k) =>
    k
      .updateTable('invocations')
      .set({
        state: param('state'),
        error: param('error'),
        cancel_confirmed: param('cancel_confirmed'),
        output_ref: param('output_ref'),
        ended_at: param<number>('at'),
      })
      .where('run_id', '=', param<string>('run_id'))
      .where('ended_at', 'is', null),
  );
  const state = statement<{ run_id: string }>()(db, (k) =>
    k
      .selectFrom('invocations')
      .select(['ended_at', 'cancel_requested'])
      .where('run_id', '=', param<string>('run_id')),
  );
  const noteOutput = statement<{ key: string; ref: string }>()(db, (k) =>
    k
      .updateTable('invocations')
      .set({ output_ref: param('ref') })
      .where('key', '=', param<string>('key')),
  );
  const one = (raw: unknown): InvocationRow | null =>
    raw === undefined ? null : fromRaw(raw as RawInvocation);
  return {
    insert: (tx, row) =>
      void insert.run({
        run_id: row.runId,
        team_run_id: row.teamRunId,
        step: row.step,
        execution: row.execution,
        attempt: row.attempt,
        key: row.key,
        agent: row.agent,
        agent_kind: row.agentKind,
        from_agent: row.from,
        prompt: row.prompt,
        data: JSON.stringify(row.data),
        on_unknown: row.onUnknown,
        output_schema: row.outputSchema === null ? null : JSON.stringify(row.outputSchema),
        may_have_run_twice: row.mayHaveRunTwice ? 1 : 0,
        state: row.startedAt === null ? 'queued' : 'working',
        started_at: row.startedAt,
        created_at: tx.now,
        deadline: row.deadline,
      }),
    get: (runId) => one(byRun.get({ value: runId })),
    state: (runId) => {
      const row = state.get({ run_id: runId });
      return row === undefined
        ? null
        : { hasEnded: row.ended_at !== null, cancelRequested: row.cancel_requested };
    },
    atWorkIn: (program) => one(atWork.get({ program })),
    byKey: (key) => one(byKey.get({ value: key })),
    ofTeamRun: (teamRunId) => byTeamRun.all({ value: teamRunId }).map((raw) => fromRaw(raw)),
    list: ({ state, before, plainOnly, limit }) =>
      newest.all({ state, before, plain: plainOnly ? 1 : null, limit }).map((raw) => fromRaw(raw)),
    countLive: () => live.get({})?.count ?? 0,
    markWorking: (tx, runId, agent, kind) =>
      working.get({ run_id: runId, agent, agent_kind: kind, at: tx.now })?.deadline ?? null,
    setHandle: (_tx, runId, native, taskId) =>
      void handle.run({ run_id: runId, handle: JSON.stringify(native), task_id: taskId }),
    requestCancel: (_tx, runId, reason) => void cancel.run({ run_id: runId, reason }),
    noteOutput: (_tx, key, ref) => void noteOutput.run({ key, ref }),
    end: (tx, runId, { state, error, cancelConfirmed, outputRef }) => {
      const changed = end.run({
        run_id: runId,
        state,
        error: error === null ? null : JSON.stringify(error),
        cancel_confirmed: cancelConfirmed === null ? null : cancelConfirmed ? 1 : 0,
        output_ref: outputRef,
        at: tx.now,
      });
      if (changed !== 1) throw new Error(`invocation ${runId} has ended before`);
    },
  };
};
