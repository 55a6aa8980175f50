// Ends approvals whose time has passed: the earliest row arms the clock, and what expired while nobody looked ends at boot.
import type { Ports } from '../ports.ts';
import { submitDurably } from '../store/durably.ts';
import type { Tx, Writer } from '../store/writer.ts';
import { type ApprovalRow, nobody, type Verdict } from './approval-row.ts';
import type { ApprovalRows } from './rows.ts';

export interface ExpiryParts {
  readonly writer: Writer;
  readonly rows: Pick<ApprovalRows, 'countPending' | 'due' | 'nextDue'>;
  readonly ports: Pick<Ports, 'clock' | 'log'>;
  readonly finish: (tx: Tx, row: ApprovalRow, verdict: Verdict) => void;
}

export interface Expiry {
  /** After the commit of a row that expires then. */
  arm(at: number): void;
  /** Ends what is overdue, then goes on to; resolves when the first is durable. */
  begin(): Promise<void>;
  close(): void;
}

/** Ended in one transaction. */
const AT_ONCE = 256;

/** Expiry over the rows and the engine’s clock. */
export const createExpiry = ({ writer, rows, ports, finish }: ExpiryParts): Expiry => {
  const { clock } = ports;
  let disarm: (() => void) | null = null;
  let armedFor = Number.POSITIVE_INFINITY;
  let isOpen = false;

  const expireDue = (tx: Tx): void => {
    for (const row of rows.due(tx.now, AT_ONCE)) finish(tx, row, nobody('expired'));
  };

  const arm = (at: number): void => {
    if (!isOpen || at >= armedFor) return;
    disarm?.();
    armedFor = at;
    disarm = clock.after(Math.max(0, at - clock.now()), () => {
      armedFor = Number.POSITIVE_INFINITY;
      submitDurably(writer, clock, expireDue)
        .then(armNext)
        .catch((error: unknown) => {
          if (isOpen) ports.log.error({ err: error }, 'approvals could not be expired');
        });
    });
  };

  const armNext = (): void => {
    const next = isOpen ? rows.nextDue() : null;
    if (next !== null) arm(next);
  };

  return {
    arm,
    begin: async () => {
      isOpen = true;
      if (rows.countPending() > 0) await writer.submit(expireDue);
      armNext();
    },
    close: () => {
      isOpen = false;
      disarm?.();
    },
  };
};
