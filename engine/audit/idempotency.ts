// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same request again gets the same thing.
import { MeshError } from '#machines/nouns/error';
import type { Operation } from '#machines/nouns/audit';
import type { Store } from '../store/open.ts';
import { argsSha256 } from './append.ts';
import { param, statement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';

export interface Idempotency {
  /**
   * What an earlier request with this key made, or null: asked before the request is judged, so that a repeat is
   * answered even when it would be refused today. Throws idempotency_conflict like `claim`.
   */
  earlier(operation: Operation, key: string | undefined, args: unknown): string | null;
  /**
   * Inside the transaction that makes `subject`: the id of what an earlier request with this key made, or null when
   * this is the first. Throws idempotency_conflict when the key was used for other arguments.
   */
  claim(tx: Tx, operation: Operation, key: string | undefined, args: unknown, subject: string): string | null;
}

/** Keys are kept for ever: they are small, and a late repeat must not start work again. */
export const createIdempotency = ({ db }: Store): Idempotency => {
  const find = statement<{ operation: string; key: string }>()(db, (k) =>
    k
      .selectFrom('idempotency')
      .select(['args_sha256', 'subject'])
      .where('operation', '=', param<string>('operation'))
      .where('key', '=', param<string>('key')),
  );
  const insert = statement<{ operation: string; key: string; args: string; subject: string; at: number }>()(
    db,
    (k) =>
      k.insertInto('idempotency').values({
        operation: param('operation'),
        key: param('key'),
        args_sha256: param('args'),
        subject: param('subject'),
        created_at: param('at'),
      }),
  );
  const earlier: Idempotency['earlier'] = (operation, key, args) => {
    if (key === undefined) return null;
    const known = find.get({ operation, key });
    if (known === undefined) return null;
    if (known.args_sha256 !== argsSha256(args))
      throw new MeshError('idempotency_conflict', `the key ${key} was used for another request`);
    return known.subject;
  };
  return {
    earlier,
    claim: (tx, operation, key, args, subject) => {
      const made = earlier(operation, key, args);
      if (made === null && key !== undefined)
        insert.run({ operation, key, args: argsSha256(args), subject, at: tx.now });
      return made;
    },
  };
};
