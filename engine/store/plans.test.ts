// How SQLite finds what the engine asks for: by an index, and never by reading a table that only grows.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import { pino } from 'pino';
import { createApprovalRows } from '../approvals/rows.ts';
import { createAudit } from '../audit/append.ts';
import { createIdempotency } from '../audit/idempotency.ts';
import { createEventLog } from '../events/append.ts';
import { createInvocationRows } from '../invocations/rows.ts';
import { nodePorts } from '../ports-node.ts';
import { createOutbox } from '../queue/outbox.ts';
import { createSqliteQueue } from '../queue/sqlite.ts';
import { createTeamRunRows } from '../runs/rows.ts';
import { createTimers } from '../runs/timers.ts';
import { openStore, type Store } from './open.ts';
import { prepareStatements } from './statement.ts';

/** Read whole: what stands in these is exactly what is asked for. */
const READ_WHOLE =
  /^SCAN jobs$|USING (COVERING )?INDEX (team_runs_live|invocations_live|invocations_plain_newest|timers_due|approvals_open)/;

let folder = '';
let store: Store;
const statements: string[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'plans-'));
  const ports = nodePorts(pino({ level: 'silent' }), {});
  store = await openStore(join(folder, 'a.db'), { synchronous: 'NORMAL' }, ports);
  const db = store.db;
  // The real database, whose every statement is also written down here.
  const recording = Object.create(db, {
    prepare: {
      value: (sql: string) => {
        statements.push(sql);
        return db.prepare(sql);
      },
    },
  }) as typeof db;
  const watched: Store = { ...store, db: recording };
  createTimers(watched, ports.clock);
  createAudit(watched);
  createIdempotency(watched);
  createEventLog(watched, ports);
  createOutbox(watched, createSqliteQueue({ clock: ports.clock, onError: () => undefined }), () => undefined);
  const runs = createTeamRunRows(watched);
  for (const status of ['completed', null])
    for (const contextId of ['c', null])
      for (const before of ['x', null]) runs.list({ status, contextId, before, limit: 1 });
  const invocations = createInvocationRows(watched);
  for (const state of ['completed', null])
    for (const before of ['x', null])
      for (const plainOnly of [true, false]) invocations.list({ state, before, plainOnly, limit: 1 });
  const approvals = createApprovalRows(watched);
  for (const state of ['pending', null] as const)
    for (const before of ['x', null]) approvals.list({ state, before, limit: 1 });
  prepareStatements(recording);
});
after(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the statements of the engine', () => {
  it('use an index, and sort nothing but the few rows of one run', () => {
    assert.ok(statements.length > 40, `${statements.length} statements were seen`);
    const database = new SqliteDatabase(join(folder, 'a.db'), { readonly: true });
    for (const sql of new Set(statements)) {
      const plan = database
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all(...Array.from(sql.matchAll(/\?/g), () => null)) as {
        detail: string;
      }[];
      for (const { detail } of plan) {
        const isNewestFirst =
          /^SCAN \w+ USING (COVERING )?INDEX|^SCAN audit$/.test(detail) &&
          / limit /.test(sql) &&
          !/ where /.test(sql);
        assert.ok(
          !detail.startsWith('SCAN') || READ_WHOLE.test(detail) || isNewestFirst,
          `${detail}: ${sql}`,
        );
        if (detail.includes('TEMP B-TREE'))
          assert.match(
            sql,
            /"(team_run_id|run_id|key)" = \? order by|from jobs|from "step_outputs"/,
            `${detail}: ${sql}`,
          );
      }
    }
    database.close();
  });
});
