// What installs left behind, as rows: one a kind and folder.
import type { InstallReceipt } from '../agents/adapter.ts';
import type { Store } from '../store/open.ts';
import { param, statement } from '../store/statement.ts';

export interface InstallRow {
  readonly kind: string;
  readonly dir: string;
  readonly receipt: InstallReceipt;
  /** False while an install has not come to its end. */
  readonly isComplete: boolean;
  readonly at: number;
}

export interface InstallRows {
  all(): InstallRow[];
  /** Writes a row over the one of that kind and folder. Inside a transaction. */
  put(row: InstallRow): void;
  drop(kind: string, dir: string): void;
}

interface Stored {
  readonly kind: string;
  readonly dir: string;
  readonly receipt: string;
  readonly complete: number;
  readonly at: number;
}

/** The statements over the table `installs`. */
export const createInstallRows = ({ db }: Pick<Store, 'db'>): InstallRows => {
  const all = statement<Record<string, never>>()(db, (k) =>
    k.selectFrom('installs').selectAll().orderBy('kind').orderBy('dir'),
  );
  const put = statement<
    Readonly<{ kind: string; dir: string; receipt: string; complete: number; at: number }>
  >()(db, (k) =>
    k
      .insertInto('installs')
      .values({
        kind: param('kind'),
        dir: param('dir'),
        receipt: param('receipt'),
        complete: param('complete'),
        at: param('at'),
      })
      .onConflict((conflict) =>
        conflict.columns(['kind', 'dir']).doUpdateSet({
          receipt: param<string>('receipt'),
          complete: param<number>('complete'),
          at: param<number>('at'),
        }),
      ),
  );
  const drop = statement<{ kind: string; dir: string }>()(db, (k) =>
    k
      .deleteFrom('installs')
      .where('kind', '=', param<string>('kind'))
      .where('dir', '=', param<string>('dir')),
  );
  return {
    all: () =>
      all.all({}).map(({ kind, dir, receipt, complete, at }: Stored) => ({
        kind,
        dir,
        receipt: JSON.parse(receipt) as InstallReceipt,
        isComplete: complete === 1,
        at,
      })),
    put: ({ kind, dir, receipt, isComplete, at }) =>
      void put.run({ kind, dir, receipt: JSON.stringify(receipt), complete: isComplete ? 1 : 0, at }),
    drop: (kind, dir) => void drop.run({ kind, dir }),
  };
};
