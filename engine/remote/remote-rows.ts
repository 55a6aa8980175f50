// Calls that workers hold, as rows: who has which, under what number, and what of it is recorded.
import type { Store } from '../store/open.ts';
import { param, statement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';

export interface RemoteRow {
  readonly runId: string;
  /** Rises with each taking; what comes under an older one is not listened to. */
  readonly fence: number;
  /** null: nobody has it just now. */
  readonly worker: string | null;
  /** What the worker is to do: an agent that may have been asked before is not asked again. */
  readonly mode: 'invoke' | 'reattach';
  /** Whether the worker was told that it may begin. */
  readonly hasBegun: boolean;
  /** Facts of this taking that are recorded. */
  readonly taken: number;
}

export interface RemoteRows {
  get(runId: string): RemoteRow | null;
  /** A call that goes to a worker, for the first time. */
  add(tx: Tx, runId: string, worker: string): void;
  /** The next taking: to another worker, or to nobody yet. */
  next(tx: Tx, runId: string, worker: string | null, mode: 'invoke' | 'reattach'): void;
  begun(tx: Tx, runId: string, fence: number): void;
  /** A worker that came back goes on with what it never let go of, where its last taking ended. */
  resumed(tx: Tx, runId: string, worker: string, taken: number): void;
  took(tx: Tx, runId: string, fence: number, n: number): void;
  drop(tx: Tx, runId: string): void;
  /** Drops the rows of calls that have ended: at boot, after a crash between an end and its drop. */
  prune(tx: Tx): void;
}

/** The statements, prepared once. */
export const createRemoteRows = ({ db }: Pick<Store, 'db'>): RemoteRows => {
  const find = statement<{ run_id: string }>()(db, (k) =>
    k.selectFrom('remote_jobs').selectAll().where('run_id', '=', param<string>('run_id')),
  );
  const add = statement<{ run_id: string; worker: string }>()(db, (k) =>
    k.insertInto('remote_jobs').values({
      run_id: param('run_id'),
      worker: param('worker'),
      fence: 1,
      mode: 'invoke',
      begun: 0,
      taken: 0,
    }),
  );
  const next = statement<{ run_id: string; worker: string | null; mode: string }>()(db, (k) =>
    k
      .updateTable('remote_jobs')
      .set((e) => ({
        fence: e('fence', '+', 1),
        worker: param('worker'),
        mode: param('mode'),
        begun: 0,
        taken: 0,
      }))
      .where('run_id', '=', param<string>('run_id')),
  );
  const begun = statement<{ run_id: string; fence: number }>()(db, (k) =>
    k
      .updateTable('remote_jobs')
      .set({ begun: 1 })
      .where('run_id', '=', param<string>('run_id'))
      .where('fence', '=', param<number>('fence')),
  );
  const resumed = statement<{ run_id: string; worker: string; taken: number }>()(db, (k) =>
    k
      .updateTable('remote_jobs')
      .set({ worker: param<string>('worker'), begun: 1, taken: param<number>('taken') })
      .where('run_id', '=', param<string>('run_id')),
  );
  const took = statement<{ run_id: string; fence: number; n: number }>()(db, (k) =>
    k
      .updateTable('remote_jobs')
      .set({ taken: param<number>('n') })
      .where('run_id', '=', param<string>('run_id'))
      .where('fence', '=', param<number>('fence')),
  );
  const drop = statement<{ run_id: string }>()(db, (k) =>
    k.deleteFrom('remote_jobs').where('run_id', '=', param<string>('run_id')),
  );
  const prune = statement<Record<string, never>>()(db, (k) =>
    k
      .deleteFrom('remote_jobs')
      .where('run_id', 'not in', k.selectFrom('invocations').select('run_id').where('ended_at', 'is', null)),
  );
  return {
    get: (runId) => {
      const row = find.get({ run_id: runId });
      return row === undefined
        ? null
        : {
            runId,
            fence: row.fence,
            worker: row.worker,
            mode: row.mode === 'invoke' ? 'invoke' : 'reattach',
            hasBegun: row.begun === 1,
            taken: row.taken,
          };
    },
    add: (_tx, runId, worker) => void add.run({ run_id: runId, worker }),
    next: (_tx, runId, worker, mode) => void next.run({ run_id: runId, worker, mode }),
    begun: (_tx, runId, fence) => void begun.run({ run_id: runId, fence }),
    resumed: (_tx, runId, worker, taken) => void resumed.run({ run_id: runId, worker, taken }),
    took: (_tx, runId, fence, n) => void took.run({ run_id: runId, fence, n }),
    drop: (_tx, runId) => void drop.run({ run_id: runId }),
    prune: () => void prune.run({}),
  };
};
