// Writes down what an agent does during one invocation: one FIFO, deltas coalesced, late events marked as such.
import type { EventPayload, EventV1 } from '#machines/nouns/event';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { AdapterEvent, NativeHandle, Sink } from '../agents/adapter.ts';
import type { Approvals } from '../approvals/approvals.ts';
import type { EventLog } from '../events/append.ts';
import type { Ports } from '../ports.ts';
import { submitDurably } from '../store/durably.ts';
import type { Tx, Writer } from '../store/writer.ts';
import type { Artifacts } from './artifacts.ts';
import { invocationFacts } from './invocation-facts.ts';
import type { InvocationRow } from './invocation-row.ts';
import { createRetold, type Retold } from './retold.ts';
import type { InvocationRows } from './rows.ts';

export interface RecorderParts {
  readonly writer: Writer;
  readonly log: EventLog;
  readonly rows: InvocationRows;
  readonly artifacts: Artifacts;
  readonly approvals: Pick<Approvals, 'ask'>;
  readonly ports: Pick<Ports, 'clock' | 'crash' | 'log'>;
}

/** More that is to be written in the same transaction. */
type Also = (tx: Tx) => void;

interface Piece {
  readonly kind: 'message' | 'reasoning';
  text: string;
  readonly event: AdapterEvent;
  /** Of its last delta. */
  also: Also | undefined;
}

export interface Recorder extends Sink {
  /** As of a Sink; `also` runs in the transaction that makes it durable, which for a delta is a later one. */
  handle(native: NativeHandle, taskId: string | null, also?: Also): Promise<void>;
  event(event: AdapterEvent, also?: Also): Promise<void>;
  /** Inside the settling transaction: what is still buffered is written before the end is. */
  flush(tx: Tx): void;
  /** Inside the settling transaction: from now on events are late, recorded, but they wake nothing. */
  end(tx: Tx): void;
  /** Another worker has found the run again: what its adapter tells of a second time is not written twice. */
  again(): void;
  /** Resolves when everything given so far is durable (or was refused): the end may be settled then. */
  idle(): Promise<void>;
  /** Ids of the artifact events written so far, in order. */
  readonly artifactIds: readonly string[];
  readonly taskId: string | null;
}

/** Fields of a payload that a reader cannot do without stay, whatever their size was, cut to this. */
const CUT_CHARS = 4_096;

/** An event that is longer than a line of the log may be: its whole payload is stored beside the log, a cut one stays. */
const cut = (event: AdapterEvent, artifacts: Artifacts): AdapterEvent => {
  const whole = artifacts.keep({ data: event.payload });
  const payload = Object.fromEntries(
    Object.entries(event.payload).flatMap(([key, value]): [string, unknown][] => {
      if (typeof value === 'string')
        return [[key, value.length > CUT_CHARS ? `${value.slice(0, CUT_CHARS)}…` : value]];
      return JSON.stringify(value ?? null).length > CUT_CHARS ? [] : [[key, value]];
    }),
  );
  return { ...event, payload: { ...payload, ref: whole.ref } } as unknown as AdapterEvent;
};

/**
 * A recorder for one invocation. `recorded` are the artifact events that an earlier life of the daemon wrote: the
 * adapter tells of those artifacts again when it has found the run again, and they are not written twice.
 * `stopped` is the signal of the request: what is still asked of a person is withdrawn when it aborts.
 */
export const createRecorder = (
  row: InvocationRow,
  parts: RecorderParts,
  recorded: readonly string[] = [],
  stopped: AbortSignal = new AbortController().signal,
): Recorder => {
  const { writer, log, rows, artifacts, approvals, ports } = parts;
  const artifactIds: string[] = [...recorded];
  let retold = 0;
  /** What was recorded when the adapter began to tell again; null until it does. */
  let recordedBefore: Retold | null = null;
  let taskId = row.taskId;
  /** The handle told last, as JSON. */
  let told: string | null = null;
  let piece: Piece | null = null;
  let lastFlush = Number.NEGATIVE_INFINITY;
  let stopTimer: (() => void) | null = null;
  let ended = false;
  let last: Promise<unknown> = Promise.resolve();

  /** One after the other: while the disk is full each waits for the one before, so that none overtakes it. */
  const submit = <T>(work: (tx: Tx) => T): Promise<T> => {
    const done = last.then(() => submitDurably(writer, ports.clock, work));
    last = done.catch(() => undefined);
    return done;
  };

  const write = (tx: Tx, event: AdapterEvent, extra: Readonly<Record<string, unknown>> = {}): EventV1 => {
    const facts = invocationFacts(row, taskId);
    const payload: EventPayload = event.kind === 'artifact' ? artifacts.keep(event.payload) : event.payload;
    return log.append(
      tx,
      {
        ...facts,
        kind: event.kind,
        payload,
        metadata: {
          ...event.metadata,
          ...facts.metadata,
          ...(event.delta === true ? { delta: true } : {}),
          ...(ended ? { late: true } : {}),
          ...extra,
        },
      },
      'agent',
    );
  };

  /** What writes down the deltas so far; null when there are none. */
  const takePiece = (): ((tx: Tx) => void) | null => {
    if (piece === null) return null;
    const { event, text, also } = piece;
    piece = null;
    stopTimer?.();
    stopTimer = null;
    lastFlush = ports.clock.now();
    return (tx) => {
      write(tx, { ...event, payload: { ...event.payload, text } } as AdapterEvent);
      also?.(tx);
    };
  };

  const flushSoon = (): void => {
    if (stopTimer !== null) return;
    const wait = Math.max(0, lastFlush + LIMITS.deltaIntervalMs - ports.clock.now());
    stopTimer = ports.clock.after(wait, () => {
      stopTimer = null;
      const whole = takePiece();
      if (whole !== null)
        submit(whole).catch((error: unknown) => {
          ports.log.error({ err: error, run_id: row.runId }, 'a piece of an answer could not be stored');
        });
    });
  };

  const buffer = (event: AdapterEvent, also: Also | undefined): Promise<void> => {
    const kind = event.kind === 'reasoning' ? 'reasoning' : 'message';
    const text = 'text' in event.payload && typeof event.payload.text === 'string' ? event.payload.text : '';
    if (piece !== null && piece.kind !== kind) {
      const before = takePiece();
      piece = { kind, text, event, also };
      flushSoon();
      return before === null ? Promise.resolve() : submit(before);
    }
    if (piece === null) piece = { kind, text, event, also };
    else {
      piece.text += text;
      piece.also = also;
    }
    flushSoon();
    return Promise.resolve();
  };

  const store = async (event: AdapterEvent, also: Also | undefined): Promise<void> => {
    const isPiece =
      event.delta === true && (event.kind === 'message' || event.kind === 'reasoning') && !ended;
    if (isPiece) {
      await buffer(event, also);
      return;
    }
    const before = takePiece();
    const submitWith = <T>(work: (tx: Tx) => T): Promise<T> =>
      submit((tx) => {
        before?.(tx);
        also?.(tx);
        return work(tx);
      });
    const stored = await submitWith((tx) => write(tx, event)).catch((error: unknown) => {
      if (!(error instanceof MeshError && error.code === 'payload_too_large')) throw error;
      const short = cut(event, artifacts);
      const isKnown = event.metadata?.['replayed'] === true && recordedBefore?.news(short) === null;
      return submitWith((tx) => (isKnown ? null : write(tx, short)));
    });
    if (event.kind === 'artifact' && stored !== null) artifactIds.push(stored.id);
  };

  /** Artifacts are counted off: one that is stored beside the log is another event than the agent's words. */
  const newArtifact = (event: AdapterEvent): AdapterEvent | null => {
    if (retold >= artifactIds.length) return event;
    retold += 1;
    return null;
  };

  function* recordedEvents(): Generator<EventV1> {
    for (let after = 0, more = true; more;) {
      const page = log.page({ run_id: row.runId }, after, LIMITS.eventsPageMax);
      for (const line of page.lines) yield JSON.parse(line) as EventV1;
      ({ nextSeq: after, more } = page);
    }
  }

  /** Looked up when the first event is told again: what is still buffered then is stored first. */
  const whatIsRecorded = async (): Promise<Retold> => {
    if (recordedBefore !== null) return recordedBefore;
    const buffered = takePiece();
    if (buffered !== null) await submit(buffered);
    await last;
    recordedBefore = createRetold(recordedEvents());
    return recordedBefore;
  };

  return {
    artifactIds,
    get taskId() {
      return taskId;
    },
    handle: (native: NativeHandle, id: string | null, also?: Also) =>
      submit((tx) => {
        also?.(tx);
        const [known, toldBefore] = [taskId, told];
        const isNew = id !== null && id !== known;
        told = JSON.stringify(native);
        taskId = id ?? known;
        tx.undone(() => {
          [taskId, told] = [known, toldBefore];
        });
        rows.setHandle(tx, row.runId, native, taskId);
        const facts = invocationFacts(row, taskId);
        // Found again, in another life or by another worker, it is no news.
        if (isNew || (row.handle === null && told !== toldBefore))
          log.append(
            tx,
            { ...facts, kind: 'status', payload: { state: 'working', data: { handle: native } } },
            'engine',
          );
      }),
    event: async (event, also) => {
      if (event.metadata?.['replayed'] !== true) {
        await store(event, also);
        return;
      }
      const news = event.kind === 'artifact' ? newArtifact(event) : (await whatIsRecorded()).news(event);
      if (news !== null) await store(news, also);
      else if (also !== undefined) await submit(also);
    },
    sent: () => {
      ports.crash.reach('invoke.sent');
    },
    approval: (ask) => {
      const before = takePiece();
      return approvals.ask({
        row,
        taskId,
        ask,
        stopped,
        submit: (work) =>
          submit((tx) => {
            before?.(tx);
            return work(tx);
          }),
      });
    },
    flush: (tx) => {
      const before = piece;
      const whole = takePiece();
      if (whole === null) return;
      whole(tx);
      tx.undone(() => {
        piece = before;
      });
    },
    end: (tx) => {
      ended = true;
      tx.undone(() => {
        ended = false;
      });
    },
    again: () => {
      retold = 0;
      recordedBefore = null;
    },
    idle: async () => {
      await last;
    },
  };
};
