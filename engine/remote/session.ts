// One call at a worker, as the daemon sees it: handed over, followed fact by fact, taken back when its holder is gone.
import { MeshError } from '#machines/nouns/error';
import { isErrorCode } from '#machines/nouns/error-codes';
import type { AdapterEvent, Outcome, Reattached } from '../agents/adapter.ts';
import type { Recorder } from '../invocations/recorder.ts';
import type { Clock, Log } from '../ports.ts';
import type { Tx } from '../store/writer.ts';
import type { Ask, Beat, Fact, Holding, Mail } from './messages.ts';
import type { RemoteRow, RemoteRows } from './remote-rows.ts';
import { createSessionAsks } from './session-asks.ts';
import { toldOutcome } from './told-outcome.ts';

/** A ticket that was not taken for this long is offered again: Redis may have lost it. */
const OFFER_AGAIN_MS = 5_000;
/** A worker that shows itself this often without naming a call that it began does not have it any more. */
const MISSED_MOST = 3;

export interface SessionParts {
  readonly row: RemoteRow;
  readonly recorder: Recorder;
  readonly rows: RemoteRows;
  readonly submit: (work: (tx: Tx) => void) => Promise<void>;
  readonly ports: { readonly clock: Clock; readonly log: Log };
  readonly mail: (worker: string, mail: Mail) => void;
  /** A worker that can perform it now; null: there is none. */
  readonly choose: () => string | null;
  readonly offer: (worker: string, row: RemoteRow) => void;
  readonly withdraw: (worker: string, holding: Holding) => void;
}

/** What became of it, and what to do when that is recorded. */
export interface Session {
  readonly result: Promise<Outcome | Reattached>;
  /** Who has it. */
  worker(): string | null;
  /** Begins, or goes on where an earlier life of the daemon was. */
  begin(): void;
  stop(reason: 'cancel' | 'timeout'): void;
  fact(from: string, holding: Holding, n: number, fact: Fact, done: () => void): void;
  ask(from: string, holding: Holding, ask: Ask): void;
  withdraw(from: string, holding: Holding, nativeId: string): void;
  beat(beat: Beat, isNew: boolean): void;
  gone(worker: string): void;
  /** Once a second. */
  tick(): void;
  /** What it came to is recorded: the worker may forget it. */
  close(): void;
}

/** A session over its row. */
export const createSession = (parts: SessionParts): Session => {
  const { recorder, rows, ports, mail } = parts;
  const { runId } = parts.row;
  let row = parts.row;
  /** The last fact that was let in; it may not be recorded yet. */
  let accepted = row.taken;
  /** Who had it before, and what of it was let in: it may come back. */
  let before: { readonly worker: string; readonly fence: number; readonly taken: number } | null = null;
  let stopReason: 'cancel' | 'timeout' | null = null;
  let offeredAt = ports.clock.now();
  let missed = 0;
  /** It has come to its result; what is told now changes nothing. */
  let isEnded = false;
  /** And that is recorded. */
  let isOver = false;
  let isAcknowledging = false;
  /** Removes the fact that ended it from Redis. */
  let doneWithEnd = (): void => undefined;
  const { promise: result, resolve, reject } = Promise.withResolvers<Outcome | Reattached>();

  let chain: Promise<unknown> = Promise.resolve();
  const then = (work: () => Promise<void>): void => {
    chain = chain.then(work).catch((error: unknown) => {
      // The next life of the daemon goes on; everything else ends the call.
      if (error instanceof MeshError && error.code === 'stopping') return;
      isEnded = true;
      reject(error instanceof Error ? error : new Error(String(error)));
    });
  };

  const holding = (): Holding => ({ run: runId, fence: row.fence });
  const isHeldBy = (from: string, { fence }: Holding): boolean =>
    !isOver && row.worker === from && row.fence === fence;

  const offer = (): void => {
    offeredAt = ports.clock.now();
    missed = 0;
    if (row.worker !== null) parts.offer(row.worker, row);
  };

  /** Once for all facts of a moment. */
  const acknowledge = (): void => {
    if (isAcknowledging) return;
    isAcknowledging = true;
    setImmediate(() => {
      isAcknowledging = false;
      if (row.worker !== null) mail(row.worker, { is: 'taken', ...holding(), n: row.taken });
    });
  };

  /** The next taking. What was told under the one before is recorded by now. */
  const handOn = (mode: RemoteRow['mode'], worker: string | null): void => {
    then(async () => {
      if (isEnded) return;
      // What was let in is recorded by now, or waits in the recorder to be.
      if (row.worker !== null) before = { worker: row.worker, fence: row.fence, taken: accepted };
      await parts.submit((tx) => {
        rows.next(tx, runId, worker, mode);
      });
      row = { runId, fence: row.fence + 1, worker, mode, hasBegun: false, taken: 0 };
      accepted = 0;
      recorder.again();
      ports.log.info({ run_id: runId, fence: row.fence, worker, mode }, 'a call goes to another worker');
      offer();
    });
  };

  /** Its holder is gone. What has been begun is asked for, not done again. */
  const takeBack = (): void => {
    missed = 0;
    handOn(row.hasBegun ? 'reattach' : row.mode, parts.choose());
  };

  /** Its last holder is back, and has never let go of it. */
  const resume = (worker: string, taken: number): void => {
    then(async () => {
      if (isEnded || row.worker !== null) return;
      await parts.submit((tx) => {
        rows.resumed(tx, runId, worker, taken);
      });
      row = { ...row, worker, hasBegun: true, taken };
      accepted = taken;
      missed = 0;
      if (before !== null) mail(worker, { is: 'yours', ...holding(), was: before.fence, n: taken });
    });
  };

  /** A message under another number, or of somebody who does not have it. */
  const answerStranger = (from: string, told: Holding): void => {
    const wasHolder = before?.worker === from && before.fence === told.fence;
    if (!isOver && wasHolder && row.worker === null) resume(from, before?.taken ?? 0);
    else if (!isOver && wasHolder && row.worker === from && row.hasBegun)
      mail(from, { is: 'yours', ...holding(), was: told.fence, n: row.taken });
    else mail(from, { is: 'stale', ...told, isOver });
  };

  const end = (outcome: Extract<Fact, { is: 'end' }>['outcome']): void => {
    if (outcome.status === 'never-received') {
      doneWithEnd();
      // Nobody has done anything yet, so it is begun like a new one.
      handOn('invoke', row.worker);
      return;
    }
    isEnded = true;
    resolve(toldOutcome(outcome));
  };

  const record = async (n: number, fact: Fact, done: () => void): Promise<void> => {
    const { fence } = row;
    const also = (tx: Tx): void => {
      rows.took(tx, runId, fence, n);
      // Only what is durable is acknowledged: the worker tells the rest again to the next life of the daemon.
      tx.after(() => {
        if (row.fence !== fence || row.taken >= n) return;
        row = { ...row, taken: n };
        acknowledge();
      });
    };
    switch (fact.is) {
      case 'begun':
        await parts.submit((tx) => {
          rows.begun(tx, runId, fence);
          also(tx);
        });
        row = { ...row, hasBegun: true };
        break;
      case 'handle':
        await recorder.handle(fact.native, fact.taskId, also);
        break;
      case 'sent':
        recorder.sent();
        await parts.submit(also);
        break;
      case 'event':
        await recorder.event(fact.event as unknown as AdapterEvent, also);
        break;
      case 'end':
        doneWithEnd = done;
        end(fact.outcome);
        return;
      case 'fault':
        doneWithEnd = done;
        throw isErrorCode(fact.error.code)
          ? new MeshError(fact.error.code, fact.error.message)
          : new Error(fact.error.message);
    }
    done();
  };

  const asks = createSessionAsks({
    recorder,
    clock: ports.clock,
    answer: (nativeId, answer) => {
      if (row.worker !== null) mail(row.worker, { is: 'answer', ...holding(), nativeId, answer });
    },
    again: (nativeId) => {
      if (row.worker !== null) mail(row.worker, { is: 'again', ...holding(), nativeId });
    },
    onError: (error) => {
      then(() => Promise.reject(error instanceof Error ? error : new Error(String(error))));
    },
  });

  return {
    result,
    worker: () => row.worker,
    begin: () => {
      if (row.worker !== null && !row.hasBegun) offer();
    },
    stop: (reason) => {
      stopReason = reason;
      // Nobody has begun, and from now on nobody will be let.
      if (accepted === 0 && !row.hasBegun && row.mode === 'invoke') {
        isEnded = true;
        isOver = true;
        resolve({ status: 'cancelled', artifacts: [], cancelConfirmed: true });
      } else if (row.worker !== null) mail(row.worker, { is: 'stop', ...holding(), reason });
    },
    fact: (from, told, n, fact, done) => {
      if (!isHeldBy(from, told)) {
        answerStranger(from, told);
        done();
      } else if (n === accepted + 1) {
        accepted = n;
        then(() => record(n, fact, done));
      } else if (n <= accepted) {
        // Told again: one of the two is recorded, or will be.
        done();
        acknowledge();
      } else {
        // One before it was lost in Redis: the worker tells all of them again.
        done();
        acknowledge();
      }
    },
    ask: (from, told, ask) => {
      if (isHeldBy(from, told)) asks.ask(ask);
      else answerStranger(from, told);
    },
    withdraw: (from, told, nativeId) => {
      if (isHeldBy(from, told)) asks.withdraw(nativeId);
    },
    beat: (beat, isNew) => {
      const held = beat.holds.find(({ run }) => run === runId);
      if (held !== undefined && !isHeldBy(beat.worker, held)) {
        answerStranger(beat.worker, held);
        return;
      }
      // It is back, and has nothing of it any more.
      if (beat.worker === before?.worker && held === undefined) before = null;
      if (beat.worker !== row.worker) return;
      // Its queue was emptied with its last connection.
      if (isNew && !row.hasBegun) offer();
      missed = held === undefined && row.hasBegun ? missed + 1 : 0;
      if (missed > MISSED_MOST) takeBack();
      asks.waiting(held?.asks ?? []);
    },
    gone: (worker) => {
      if (worker === row.worker) takeBack();
    },
    tick: () => {
      if (isEnded) return;
      if (row.worker === null) {
        const worker = parts.choose();
        if (worker !== null && worker !== before?.worker) handOn(row.mode, worker);
      } else if (!row.hasBegun) {
        if (ports.clock.now() - offeredAt >= OFFER_AGAIN_MS) offer();
      } else if (stopReason !== null) mail(row.worker, { is: 'stop', ...holding(), reason: stopReason });
    },
    close: () => {
      isOver = true;
      doneWithEnd();
      if (row.worker === null) return;
      if (!row.hasBegun) parts.withdraw(row.worker, holding());
      mail(row.worker, { is: 'stale', ...holding(), isOver });
    },
  };
};
