// The approvals table: one row a question of an agent, the same question of the same run once.
import type { ApprovalState } from '#machines/nouns/approval';
import type { Store } from '../store/open.ts';
import { param, statement, statementOf } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';
import {
  type ApprovalRow,
  fromRaw,
  type NewApproval,
  type RawApproval,
  type Verdict,
} from './approval-row.ts';

export interface ApprovalRows {
  insert(tx: Tx, row: NewApproval): void;
  get(id: string): ApprovalRow | null;
  /** The agent’s own id of the question, within one run. */
  byNative(runId: string, nativeId: string): ApprovalRow | null;
  /** Ends a pending one; false when it has ended before. */
  decide(tx: Tx, id: string, verdict: Verdict): boolean;
  /** Newest first. */
  list(options: { state: ApprovalState | null; before: string | null; limit: number }): ApprovalRow[];
  /** Ids of those that wait, oldest first. */
  pendingOfRun(runId: string): string[];
  pendingOfTeamRun(teamRunId: string): string[];
  countPending(): number;
  /** When the next pending one expires by itself; null when none does. */
  nextDue(): number | null;
  /** Pending ones whose time has passed, at most `limit`. */
  due(now: number, limit: number): ApprovalRow[];
}

/** Prepares the statements of the table. */
export const createApprovalRows = ({ db }: Store): ApprovalRows => {
  const insert = statement<{
    id: string;
    run_id: string;
    native_id: string;
    team_run_id: string | null;
    step: string | null;
    agent: string;
    kind: string;
    title: string;
    tool: string | null;
    operation: string;
    operation_hash: string;
    state: string;
    requested_at: number;
    expires_at: number;
    due_at: number | null;
  }>()(db, (k) =>
    k.insertInto('approvals').values({
      id: param('id'),
      run_id: param('run_id'),
      native_id: param('native_id'),
      team_run_id: param('team_run_id'),
      step: param('step'),
      agent: param('agent'),
      kind: param('kind'),
      title: param('title'),
      tool: param('tool'),
      operation: param('operation'),
      operation_hash: param('operation_hash'),
      state: param('state'),
      requested_at: param('requested_at'),
      expires_at: param('expires_at'),
      due_at: param('due_at'),
    }),
  );
  const byId = statement<{ id: string }>()(db, (k) =>
    k.selectFrom('approvals').selectAll().where('id', '=', param<string>('id')),
  );
  const byNative = statement<{ run_id: string; native_id: string }>()(db, (k) =>
    k
      .selectFrom('approvals')
      .selectAll()
      .where('run_id', '=', param<string>('run_id'))
      .where('native_id', '=', param<string>('native_id')),
  );
  const decide = statement<{
    id: string;
    state: string;
    at: number;
    by: string | null;
    answer: string | null;
    reason: string | null;
  }>()(db, (k) =>
    k
      .updateTable('approvals')
      .set({
        state: param('state'),
        decided_at: param<number>('at'),
        decided_by: param('by'),
        answer: param('answer'),
        reason: param('reason'),
      })
      .where('id', '=', param<string>('id'))
      .where('decided_at', 'is', null),
  );
  const newest = statementOf<{ state: string | null; before: string | null; limit: number }, RawApproval>(
    db,
    (k, given) => {
      let query = k.selectFrom('approvals').selectAll();
      if (given('state')) query = query.where('state', '=', param<string>('state'));
      if (given('before')) query = query.where('id', '<', param<string>('before'));
      return query.orderBy('id', 'desc').limit(param<number>('limit'));
    },
  );
  const waiting = (column: 'run_id' | 'team_run_id') =>
    statement<{ value: string }>()(db, (k) =>
      k
        .selectFrom('approvals')
        .select('id')
        .where(column, '=', param<string>('value'))
        .where('decided_at', 'is', null)
        .orderBy('id'),
    );
  const ofRun = waiting('run_id');
  const ofTeamRun = waiting('team_run_id');
  const count = statement<Record<string, never>>()(db, (k) =>
    k
      .selectFrom('approvals')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('decided_at', 'is', null),
  );
  const earliest = statement<Record<string, never>>()(db, (k) =>
    k
      .selectFrom('approvals')
      .select('due_at')
      .where('decided_at', 'is', null)
      .where('due_at', 'is not', null)
      .orderBy('due_at')
      .limit(1),
  );
  const due = statement<{ now: number; limit: number }>()(db, (k) =>
    k
      .selectFrom('approvals')
      .selectAll()
      .where('decided_at', 'is', null)
      .where('due_at', '<=', param<number>('now'))
      .orderBy('due_at')
      .limit(param<number>('limit')),
  );
  const one = (raw: unknown): ApprovalRow | null => (raw === undefined ? null : fromRaw(raw as RawApproval));
  return {
    insert: (tx, row) =>
      void insert.run({
        id: row.id,
        run_id: row.runId,
        native_id: row.nativeId,
        team_run_id: row.teamRunId,
        step: row.step,
        agent: row.agent,
        kind: row.kind,
        title: row.title,
        tool: row.tool,
        operation: row.operation,
        operation_hash: row.operationHash,
        state: 'pending',
        requested_at: tx.now,
        expires_at: row.expiresAt,
        due_at: row.dueAt,
      }),
    get: (id) => one(byId.get({ id })),
    byNative: (run_id, native_id) => one(byNative.get({ run_id, native_id })),
    decide: (tx, id, { state, by, answer, reason }) =>
      decide.run({
        id,
        state,
        at: tx.now,
        by: by === null ? null : JSON.stringify(by),
        answer,
        reason,
      }) === 1,
    list: ({ state, before, limit }) => newest.all({ state, before, limit }).map(fromRaw),
    pendingOfRun: (value) => ofRun.all({ value }).map(({ id }) => id),
    pendingOfTeamRun: (value) => ofTeamRun.all({ value }).map(({ id }) => id),
    countPending: () => count.get({})?.count ?? 0,
    nextDue: () => earliest.get({})?.due_at ?? null,
    due: (now, limit) => due.all({ now, limit }).map((raw) => fromRaw(raw)),
  };
};
