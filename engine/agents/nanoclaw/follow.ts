// Follows one run in the mailboxes of its session, from the first look to its end.
import { join } from 'node:path';
import type { Clock } from '../../ports.ts';
import { isAcknowledged, isOver } from './ending.ts';
import { Fault } from './fault.ts';
import { lastWordTo, lookAtOutbound, NotNow, threadBefore, type Look } from './mail.ts';
import type { Asking } from './ncl.ts';
import { saidBy } from './said.ts';
import { CLEARS, ownTag } from './send.ts';
import { ASK_WHY_AFTER_MS, heartbeatOf, whySilent } from './silence.ts';
import type { Transcript } from './transcript.ts';

/** Between two looks; the runner itself looks twice a second. */
export const LOOK_MS = 200;
/** While a stop is waited for. */
export const SOON_MS = 40;
/** While files lie in the outbox: the host may take them away at any moment, at the latest after a second. */
const OUTBOX_MS = 10;
/** Between two questions why nothing comes. */
const WHY_MS = 10_000;
/** A mailbox that cannot be read for so long will not be readable by waiting. */
const UNREADABLE_MS = 30_000;

/** A run in its session. */
export interface Following {
  readonly clock: Clock;
  readonly asking: Asking;
  /** The session’s folder, and what finds the message in it. */
  readonly folder: string;
  readonly session: string;
  readonly messageId: string;
  readonly thread: string;
  readonly platform: string;
  readonly transcript: Transcript;
  /** Whether something is about to happen: then looks come sooner. */
  readonly hasten: () => boolean;
  /** Aborts when that begins: a pause ends with it. */
  readonly stirred: () => AbortSignal;
}

/** Waits, unless it is aborted first. */
export const pause = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      forget();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const forget = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted === true) done();
  });

/** Looks again and again; `step` is one look. */
export class Watch {
  readonly #run: Following;
  #after: number | null = null;
  #ack: string | null = null;
  #ackAt = '';
  #tool = '';
  #changedAt: number;
  #heartbeat: number;
  #heartbeatAt: number;
  #unreadableSince: number | null = null;
  #untakenSince: number;
  #askedWhyAt: number;
  #said: string | null = null;
  #isFirst = true;

  constructor(run: Following) {
    this.#run = run;
    const now = run.clock.now();
    this.#changedAt = now;
    this.#heartbeat = heartbeatOf(run.folder);
    this.#heartbeatAt = now;
    this.#untakenSince = now;
    this.#askedWhyAt = now;
  }

  /** How far the container says it is. */
  get ack(): string | null {
    return this.#ack;
  }

  /** One look; whether the run is over. Throws Fault when it cannot end well, and what the sink throws. */
  async step(): Promise<boolean> {
    const { clock, transcript, folder } = this.#run;
    const look = this.#look();
    const now = clock.now();
    const beat = heartbeatOf(folder);
    if (beat !== this.#heartbeat) {
      this.#heartbeat = beat;
      this.#heartbeatAt = now;
    }
    if (look !== null) await this.#absorb(look);
    await transcript.tick();
    await this.#askWhy();
    return isOver(
      {
        ack: this.#ack,
        hasAnswer: transcript.hasAnswer,
        hasToolInFlight: transcript.hasToolInFlight,
        changedAt: this.#changedAt,
        heartbeatAt: this.#heartbeatAt,
      },
      clock.now(),
    );
  }

  /** The last row before ours: what was said to the word that cleared the conversation for it, when it was. */
  #begunAfter(outbound: string): number {
    const { folder, messageId, thread } = this.#run;
    const own = lastWordTo(outbound, ownTag('clear', thread));
    if (own > 0) return own;
    const cleared = threadBefore(join(folder, 'inbound.db'), messageId, CLEARS);
    return cleared === null ? 0 : lastWordTo(outbound, cleared);
  }

  #look(): Look | null {
    const { clock, folder, messageId } = this.#run;
    const outbound = join(folder, 'outbound.db');
    try {
      // In a conversation that had tasks before, ours begins where the earlier ones were cleared.
      this.#after ??= this.#begunAfter(outbound);
      const look = lookAtOutbound(outbound, messageId, this.#after);
      this.#unreadableSince = null;
      return look;
    } catch (error) {
      if (!(error instanceof NotNow)) throw error;
      this.#unreadableSince ??= clock.now();
      if (clock.now() - this.#unreadableSince < UNREADABLE_MS) return null;
      throw new Fault('agent_failed', 'The session of the task cannot be read any more', {
        cause: error.cause,
      });
    }
  }

  async #absorb({ ack, ackAt, rows, tool }: Look): Promise<void> {
    const { clock, transcript, platform, messageId, thread } = this.#run;
    const toolNow = tool === null ? '' : `${tool.name}@${tool.startedAt}`;
    if (ack !== this.#ack || rows.length > 0 || toolNow !== this.#tool) this.#changedAt = clock.now();
    this.#tool = toolNow;
    await this.#takeAck(ack, ackAt);
    for (const row of rows) {
      this.#after = Math.max(this.#after ?? 0, row.rowid);
      await transcript.take(row, saidBy(row, { platform, messageId, thread }));
    }
    if (this.#isFirst && rows.length === 0) {
      this.#isFirst = false;
      transcript.endReplay();
    }
    await transcript.takeTool(tool);
  }

  async #takeAck(ack: string | null, at: string): Promise<void> {
    const { clock, transcript } = this.#run;
    const before = this.#ack;
    const wasTaken = before === 'processing' && this.#ackAt !== at;
    this.#ack = ack;
    this.#ackAt = at;
    if (before === null && ack !== null) await transcript.status('NanoClaw’s agent has started on it');
    else if (wasTaken && !isAcknowledged(ack)) {
      this.#untakenSince = clock.now();
      await transcript.status('NanoClaw’s container began anew: it takes the task once more');
    }
  }

  /** Nothing for a while: the reason goes into the trace, once each. */
  async #askWhy(): Promise<void> {
    const { clock, transcript, asking, folder, thread, platform, session } = this.#run;
    const now = clock.now();
    if (isAcknowledged(this.#ack)) return;
    const silentFor = now - Math.max(this.#changedAt, this.#heartbeatAt, this.#untakenSince);
    if (silentFor < ASK_WHY_AFTER_MS || now - this.#askedWhyAt < WHY_MS) return;
    this.#askedWhyAt = now;
    const why = await whySilent(asking, {
      folder,
      thread,
      platform,
      session,
      waitedMs: now - this.#untakenSince,
      isTaken: this.#ack !== null,
    });
    if (why !== null && why !== this.#said) await transcript.status(why);
    this.#said = why;
  }
}

/** Watches until the run is over or `signal` aborts. Throws as Watch.step does. */
export const watchToEnd = async (
  run: Following,
  watch: Watch,
  signal: AbortSignal,
): Promise<'over' | 'aborted'> => {
  for (;;) {
    if (await watch.step()) return 'over';
    if (signal.aborted) return 'aborted';
    await pause(run.clock, run.hasten() ? OUTBOX_MS : LOOK_MS, AbortSignal.any([signal, run.stirred()]));
  }
};
