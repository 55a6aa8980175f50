// The audit trail: one row for each mutation, in the transaction of what it records, so that neither stands alone.
import { createHash } from 'node:crypto';
import type { AuditRow, CallerRecord, Operation, Risk } from '#machines/nouns/audit';
import { canonicalJson } from '../events/canonical.ts';
import { formatTimestamp } from '../events/timestamp.ts';
import { type Caller, callerRecord } from '../identity/caller.ts';
import type { Store } from '../store/open.ts';
import { param, statement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';

/** SHA-256 (hex) of the canonical JSON of the arguments: shows later what was asked, without keeping what may be secret. */
export const argsSha256 = (args: unknown): string =>
  createHash('sha256').update(canonicalJson(args)).digest('hex');

export interface Audit {
  /** Records a mutation inside its own transaction. `subject` is what it acts on: a run id, an agent's name, or null. */
  append(
    tx: Tx,
    caller: Caller,
    operation: Operation,
    risk: Risk,
    subject: string | null,
    args: unknown,
  ): void;
  /** Rows newest first, at most `limit`, of those before the seq `before`. */
  list(options: { readonly limit: number; readonly before?: number }): AuditRow[];
}

/** The audit trail of a store. */
export const createAudit = ({ db }: Store): Audit => {
  const insert = statement<{
    seq: null;
    at: number;
    caller: string;
    operation: string;
    risk: string;
    subject: string | null;
    args_sha256: string;
  }>()(db, (k) =>
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
  );
  const newest = statement<{ before: number; limit: number }>()(db, (k) =>
    k
      .selectFrom('audit')
      .selectAll()
      .where('seq', '<', param<number>('before'))
      .orderBy('seq', 'desc')
      .limit(param<number>('limit')),
  );
  return {
    append: (tx, caller, operation, risk, subject, args) =>
      void insert.run({
        seq: null,
        at: tx.now,
        caller: JSON.stringify(callerRecord(caller)),
        operation,
        risk,
        subject,
        args_sha256: argsSha256(args),
      }),
    list: ({ limit, before }) =>
      newest.all({ before: before ?? Number.MAX_SAFE_INTEGER, limit }).map((row) => ({
        seq: row.seq,
        ts: formatTimestamp(row.at),
        caller: JSON.parse(row.caller) as CallerRecord,
        operation: row.operation as Operation,
        risk: row.risk as Risk,
        subject: row.subject,
        args_sha256: row.args_sha256,
      })),
  };
};
