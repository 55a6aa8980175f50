// The rows of team runs, their pinned templates and the outputs of their steps.
import type { Store } from '../store/open.ts';
import type { Schema } from '../store/schema.ts';
import { param, statement, statementOf, writtenStatement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';

export type TeamRunRow = Readonly<Schema['team_runs']>;
export type PinnedRow = Readonly<Schema['templates']>;

export interface TeamRunRows {
  pin(tx: Tx, template: PinnedRow): void;
  pinned(hash: string): PinnedRow | null;
  insert(tx: Tx, row: Omit<TeamRunRow, 'ended_at' | 'blocked'>): void;
  get(id: string): TeamRunRow | null;
  update(tx: Tx, row: Pick<TeamRunRow, 'id' | 'snapshot' | 'status' | 'last_at' | 'ended_at'>): void;
  /** The machine no longer fits (a Failure as JSON), or fits again (null). */
  block(tx: Tx, id: string, status: string, blocked: string | null): void;
  list(options: {
    status: string | null;
    contextId: string | null;
    before: string | null;
    limit: number;
  }): TeamRunRow[];
  /** Runs that have not ended, by id, those after `after`. */
  live(after: string, limit: number): TeamRunRow[];
  countLive(): number;
  saveOutput(tx: Tx, output: { team_run_id: string; step: string; execution: number; output: string }): void;
  /** The newest output of each step, JSON. */
  outputs(teamRunId: string): Record<string, unknown>;
}

/** Prepares the statements. */
export const createTeamRunRows = ({ db }: Store): TeamRunRows => {
  const pin = statement<{ hash: string; name: string; text: string; parsed: string }>()(db, (k) =>
    k
      .insertInto('templates')
      .values({ hash: param('hash'), name: param('name'), text: param('text'), parsed: param('parsed') })
      .onConflict((conflict) => conflict.doNothing()),
  );
  const pinned = statement<{ hash: string }>()(db, (k) =>
    k.selectFrom('templates').selectAll().where('hash', '=', param<string>('hash')),
  );
  const insert = statement<{
    id: string;
    template_hash: string;
    compiler_version: number;
    machine_hash: string;
    snapshot: string;
    status: string;
    inputs: string;
    origin: string;
    commit_id: string | null;
    asked_by: string | null;
    context_id: string | null;
    last_at: number;
    created_at: number;
    updated_at: number;
  }>()(db, (k) =>
    k.insertInto('team_runs').values({
      id: param('id'),
      template_hash: param('template_hash'),
      compiler_version: param('compiler_version'),
      machine_hash: param('machine_hash'),
      snapshot: param('snapshot'),
      status: param('status'),
      inputs: param('inputs'),
      origin: param('origin'),
      commit_id: param('commit_id'),
      asked_by: param('asked_by'),
      context_id: param('context_id'),
      last_at: param('last_at'),
      created_at: param('created_at'),
      updated_at: param('updated_at'),
    }),
  );
  const get = statement<{ id: string }>()(db, (k) =>
    k.selectFrom('team_runs').selectAll().where('id', '=', param<string>('id')),
  );
  const update = statement<{
    id: string;
    snapshot: string;
    status: string;
    last_at: number;
    updated_at: number;
    ended_at: number | null;
  }>()(db, (k) =>
    k
      .updateTable('team_runs')
      .set({
        snapshot: param('snapshot'),
        status: param('status'),
        last_at: param('last_at'),
        updated_at: param('updated_at'),
        ended_at: param('ended_at'),
      })
      .where('id', '=', param<string>('id')),
  );
  const block = statement<{ id: string; status: string; blocked: string | null; now: number }>()(db, (k) =>
    k
      .updateTable('team_runs')
      .set({ status: param('status'), blocked: param('blocked'), updated_at: param<number>('now') })
      .where('id', '=', param<string>('id')),
  );
  const newest = statementOf<
    { status: string | null; contextId: string | null; before: string | null; limit: number },
    TeamRunRow
  >(db, (k, given) => {
    let query = k.selectFrom('team_runs').selectAll();
    if (given('status')) query = query.where('status', '=', param<string>('status'));
    if (given('contextId')) query = query.where('context_id', '=', param<string>('contextId'));
    if (given('before')) query = query.where('id', '<', param<string>('before'));
    return query.orderBy('id', 'desc').limit(param<number>('limit'));
  });
  const live = writtenStatement<{ after: string; limit: number }, TeamRunRow>(
    db,
    'select * from team_runs where ended_at is null and id > ? order by id limit ?',
    ['after', 'limit'],
  );
  const countLive = writtenStatement<Record<string, never>, { count: number }>(
    db,
    'select count(*) as count from team_runs where ended_at is null',
    [],
  );
  const saveOutput = statement<{ team_run_id: string; step: string; execution: number; output: string }>()(
    db,
    (k) =>
      k.insertInto('step_outputs').values({
        team_run_id: param('team_run_id'),
        step: param('step'),
        execution: param('execution'),
        output: param('output'),
      }),
  );
  const outputs = statement<{ id: string }>()(db, (k) =>
    k
      .selectFrom('step_outputs')
      .select(['step', 'output'])
      .where('team_run_id', '=', param<string>('id'))
      .orderBy('execution'),
  );
  return {
    pin: (_tx, { hash, name, text, parsed }) => void pin.run({ hash, name, text, parsed }),
    pinned: (hash) => pinned.get({ hash }) ?? null,
    insert: (_tx, row) => void insert.run({ ...row }),
    get: (id) => get.get({ id }) ?? null,
    update: (tx, { id, snapshot, status, last_at, ended_at }) =>
      void update.run({ id, snapshot, status, last_at, ended_at, updated_at: tx.now }),
    block: (tx, id, status, blocked) => void block.run({ id, status, blocked, now: tx.now }),
    list: (options) => newest.all(options),
    live: (after, limit) => live.all({ after, limit }),
    countLive: () => countLive.get({})?.count ?? 0,
    saveOutput: (_tx, output) => void saveOutput.run(output),
    outputs: (id) =>
      Object.fromEntries(
        outputs.all({ id }).map(({ step, output }) => [step, JSON.parse(output) as unknown]),
      ),
  };
};
