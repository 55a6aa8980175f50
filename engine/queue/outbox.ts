// The transactional outbox: a job is a row in the transaction that decided it, and is offered to the queue after the COMMIT.
import type { Schema } from '../store/schema.ts';
import { param, statement, writtenStatement } from '../store/statement.ts';
import type { Store } from '../store/open.ts';
import type { Tx } from '../store/writer.ts';
import type { Job, JobQueue, QueueName } from './queue.ts';

export interface Outbox {
  /** Inside a transaction: the job runs once that is durable. */
  add(tx: Tx, job: Job): void;
  /** Inside the transaction that records the outcome: the job is done for good. */
  remove(tx: Tx, id: string): void;
  /** At boot: offers every job that an earlier life left. */
  offerLeft(): Promise<number>;
}

/** Says whether a job is still to be done: its row is there until its outcome is. */
export const createIsOpen = ({ db }: Pick<Store, 'db'>): ((id: string) => boolean) => {
  const find = statement<{ id: string }>()(db, (k) =>
    k.selectFrom('jobs').select('id').where('id', '=', param<string>('id')),
  );
  return (id) => find.get({ id }) !== undefined;
};

/** An outbox over `jobs` in front of a queue driver. */
export const createOutbox = (store: Store, queue: JobQueue, onError: (error: unknown) => void): Outbox => {
  const insert = statement<{ id: string; queue: string; payload: string; created_at: number }>()(
    store.db,
    (k) =>
      k.insertInto('jobs').values({
        id: param('id'),
        queue: param('queue'),
        payload: param('payload'),
        created_at: param('created_at'),
      }),
  );
  const drop = statement<{ id: string }>()(store.db, (k) =>
    k.deleteFrom('jobs').where('id', '=', param<string>('id')),
  );
  const left = writtenStatement<Record<string, never>, Schema['jobs']>(
    store.db,
    'select * from jobs order by created_at, id',
    [],
  );
  let decided: Job[] = [];
  const offerDecided = (): void => {
    if (decided.length === 0) return;
    const jobs = decided;
    decided = [];
    queue.offer(jobs).catch(onError);
  };
  return {
    add: (tx, job) => {
      insert.run({ id: job.id, queue: job.queue, payload: job.payload, created_at: tx.now });
      tx.after(() => {
        decided.push(job);
        if (decided.length === 1) queueMicrotask(offerDecided);
      });
    },
    remove: (_tx, id) => void drop.run({ id }),
    offerLeft: async () => {
      const jobs = left
        .all({})
        .map(({ id, queue: name, payload }) => ({ id, queue: name as QueueName, payload }));
      await queue.offer(jobs);
      return jobs.length;
    },
  };
};
