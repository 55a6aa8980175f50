// The audit trail: one row for each mutation, in the transaction of what it records, so that neither stands alone.
import { createHash } from 'node:crypto';
import type { AuditRow, CallerRecord, Operation, Risk } from '#machines/nouns/audit';
import { canonicalJson } from '../events/canonical.ts';
import { formatTimestamp } from '../events/timestamp.ts';
import { type Caller, callerRecord } from '../identity/caller.ts';
import type { Store } from '../store/open.ts';
import { param, statement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';

const prepare = (store: Store) => ({
  insert: statement<{
    seq: null;
    at: number;
    caller: string;
    operation: string;
    risk: string;
    subject: string | null;
    args_sha256: string;
  }>()(store.db, (k) =>
    k.insertInto('audit').values({
      // NULL lets SQLite number the row.
      seq: param('seq'),
      at: param('at'),
      caller: param('caller'),
      operation: param('operation'),
      risk: param('risk'),
      subject: param('subject'),
      args_sha256: param('args_sha256'),
    }),
  ),
  list: statement<{ before: number; limit: number }>()(store.db, (k) =>
    k
      .selectFrom('audit')
      .selectAll()
      .where('seq', '<', param<number>('before'))
      .orderBy('seq', 'desc')
      .limit(param<number>('limit')),
  ),
});

const prepared = new WeakMap<Store, ReturnType<typeof prepare>>();
const statementsOf = (store: Store): ReturnType<typeof prepare> => {
  const known = prepared.get(store);
  if (known !== undefined) return known;
  const made = prepare(store);
  prepared.set(store, made);
  return made;
};

/** SHA-256 (hex) of the canonical JSON of the arguments: shows later what was asked, without keeping what may be secret. */
export const argsSha256 = (args: unknown): string =>
  createHash('sha256').update(canonicalJson(args)).digest('hex');

/** Records a mutation inside its own transaction. `subject` is what it acts on: a run id, an agent's name, or null. */
export const audit = (
  tx: Tx,
  store: Store,
  caller: Caller,
  operation: Operation,
  risk: Risk,
  subject: string | null,
  args: unknown,
): void => {
  statementsOf(store).insert.run({
    seq: null,
    at: tx.now,
    caller: JSON.stringify(callerRecord(caller)),
    operation,
    risk,
    subject,
    args_sha256: argsSha256(args),
  });
};

/** Rows newest first, at most `limit`, of those before the seq `before`. */
export const listAudit = (
  store: Store,
  { limit, before }: { readonly limit: number; readonly before?: number },
): AuditRow[] =>
  statementsOf(store)
    .list.all({ before: before ?? Number.MAX_SAFE_INTEGER, limit })
    .map((row) => ({
      seq: row.seq,
      ts: formatTimestamp(row.at),
      caller: JSON.parse(row.caller) as CallerRecord,
      operation: row.operation as Operation,
      risk: row.risk as Risk,
      subject: row.subject,
      args_sha256: row.args_sha256,
    }));
