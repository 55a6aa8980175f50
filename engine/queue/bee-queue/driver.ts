// The queue on a Redis: the outbox rows are the truth, Redis carries them, and whatever it loses is given to it again.
import type { Clock, Log } from '../../ports.ts';
import type { MeshKey } from '../mesh-key.ts';
import type { Job, JobQueue, QueueName } from '../queue.ts';
import { wordsOf } from '../redis/client.ts';
import type { Life, Link } from '../redis/link.ts';
import { seal, unseal } from '../sealed.ts';
import type { Bee } from './bee.ts';
import { openOwnBee } from './own-bee.ts';

/** A handler that threw gets its job again after this, doubled each time up to the maximum. */
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 30_000;
/** How often jobs that Redis should have are offered to it again: a job that is there already stays one. */
const RECONCILE_MS = 15_000;
/** A sealed job is worth nothing after this; one that still waits is sealed anew. */
const SEALED_MS = 24 * 3_600_000;

/** What was dropped is said at most this often, with its count. */
const SAID_MS = 10_000;

interface Entry {
  readonly job: Job;
  /** waiting: Redis has it or is given it; delayed: it threw; done: handled, and not yet removed from Redis. */
  state: 'waiting' | 'running' | 'delayed' | 'done';
  failures: number;
  /** While it runs, and who handed it over. */
  run: Promise<void>;
  from: Bee | null;
  /** Offered again after it was done. */
  isWanted: boolean;
  stopDelay: () => void;
}

interface Lane {
  readonly queue: QueueName;
  readonly entries: Map<string, Entry>;
  work: { readonly concurrency: number; readonly handler: (job: Job) => Promise<void> } | null;
  bee: Bee | null;
}

export interface BeeQueueParts {
  readonly link: Link;
  readonly key: MeshKey;
  /** What the keys of this daemon begin with; nobody else works on its queues. */
  readonly prefix: string;
  readonly queues: readonly QueueName[];
  readonly ports: { readonly clock: Clock; readonly log: Log };
  readonly onError: (error: unknown, job: Job) => void;
  /** Whether a job is still to be done: what Redis hands over and nobody awaits is dropped. */
  readonly isOpen: (id: string) => boolean;
}

/** A JobQueue over bee-queue. While Redis is away its jobs wait, in the outbox and here; there is no other way for them. */
export const createBeeQueue = (parts: BeeQueueParts): JobQueue => {
  const { link, key, prefix, onError, isOpen } = parts;
  const { clock, log } = parts.ports;
  const lanes = new Map<QueueName, Lane>(
    parts.queues.map((queue) => [queue, { queue, entries: new Map(), work: null, bee: null }]),
  );
  let isClosed = false;
  let dropped = 0;
  let saidAt = Number.NEGATIVE_INFINITY;
  /** Why Redis did not take jobs the last time, connected as it is. */
  let refused: string | null = null;

  const laneOf = (queue: QueueName): Lane => {
    const lane = lanes.get(queue);
    if (lane === undefined) throw new Error(`no queue ${queue}`);
    return lane;
  };

  const placeOf = (lane: Lane, id: string): string => `job ${prefix} ${lane.queue} ${id}`;

  /**
   * What cannot be given to Redis now is given to its next life.
   * @param isMissed it has been given before, and is not handed over: what Redis still holds of it is of no use
   */
  const give = async (lane: Lane, entries: Iterable<Entry>, isMissed = false): Promise<void> => {
    const { bee } = lane;
    if (bee === null) return;
    const expiresAt = clock.now() + SEALED_MS;
    const saved = [...entries].map(async ({ job }) => {
      const sealed = seal(key, placeOf(lane, job.id), job.payload, expiresAt);
      if ((await bee.save(job.id, sealed)) || !isMissed) return;
      await bee.remove(job.id);
      await bee.save(job.id, sealed);
    });
    refused = null;
    for (const each of await Promise.allSettled(saved))
      if (each.status === 'rejected') refused = wordsOf(each.reason);
  };

  const waitingOf = (lane: Lane): Entry[] =>
    [...lane.entries.values()].filter(({ state }) => state === 'waiting');

  const hasPlaces = ({ entries, work }: Lane): boolean =>
    work !== null &&
    [...entries.values()].filter(({ state }) => state === 'running').length < work.concurrency;

  const drop = (lane: Lane, id: string, why: string): void => {
    dropped += 1;
    // Who can write to Redis must not fill the log as well.
    if (clock.now() - saidAt < SAID_MS) return;
    saidAt = clock.now();
    log.warn({ job: id, queue: lane.queue, why, dropped }, 'a job that Redis handed over was dropped');
  };

  /** Done, and Redis knows it, or has lost it. */
  const forget = (lane: Lane, entry: Entry): void => {
    if (entry.state !== 'done') return;
    if (!entry.isWanted) {
      lane.entries.delete(entry.job.id);
      return;
    }
    entry.isWanted = false;
    entry.state = 'waiting';
    void give(lane, [entry]);
  };

  const delay = (lane: Lane, entry: Entry): void => {
    entry.state = 'delayed';
    const waitMs = Math.min(RETRY_FIRST_MS * 2 ** (entry.failures - 1), RETRY_MAX_MS);
    entry.stopDelay = clock.after(waitMs, () => {
      entry.state = 'waiting';
      void give(lane, [entry]);
    });
  };

  const run = async (lane: Lane, entry: Entry): Promise<void> => {
    try {
      await lane.work?.handler(entry.job);
      entry.failures = 0;
      entry.state = 'done';
    } catch (error) {
      if (isClosed) return;
      onError(error, entry.job);
      entry.failures += 1;
      delay(lane, entry);
    }
    // Who handed it over is gone, so nobody tells that it was removed.
    if (entry.from !== lane.bee) forget(lane, entry);
  };

  const take = async (lane: Lane, id: string, sealed: unknown): Promise<void> => {
    const known = lane.entries.get(id);
    // Handed over again while it runs: it is the same.
    if (known?.state === 'running') return known.run;
    if (known?.state === 'delayed' || known?.state === 'done') return;
    const opened = unseal(key, placeOf(lane, id), typeof sealed === 'string' ? sealed : '', clock.now());
    if (!opened.ok) {
      drop(lane, id, opened.why);
      // What was put in its place is removed now; the true one follows it.
      if (known !== undefined) clock.after(RETRY_FIRST_MS, () => void give(lane, [known]));
      return;
    }
    if (known === undefined && !isOpen(id)) {
      // Signed, and done before: recorded in the moment of a crash, or played back by somebody.
      drop(lane, id, 'nobody waits for it any more');
      return;
    }
    const entry = known ?? entryOf({ id, queue: lane.queue, payload: opened.body });
    lane.entries.set(id, entry);
    entry.state = 'running';
    entry.from = lane.bee;
    entry.run = run(lane, entry);
    return entry.run;
  };

  const entryOf = (job: Job): Entry => ({
    job,
    state: 'waiting',
    failures: 0,
    run: Promise.resolve(),
    from: null,
    isWanted: false,
    stopDelay: () => undefined,
  });

  const begin = (lane: Lane): void => {
    if (lane.work === null || isClosed) return;
    lane.bee?.process(
      lane.work.concurrency,
      (id, sealed) => take(lane, id, sealed),
      (id) => {
        const entry = lane.entries.get(id);
        if (entry !== undefined) forget(lane, entry);
      },
    );
  };

  /** Nobody else works on these queues, so each life begins with what is to be done, and nothing else. */
  const setUp = async (lane: Lane, life: Life): Promise<void> => {
    const bee = await openOwnBee(life, prefix, lane.queue);
    life.over.addEventListener(
      'abort',
      () => {
        if (lane.bee === bee) lane.bee = null;
        for (const entry of [...lane.entries.values()]) forget(lane, entry);
      },
      { once: true },
    );
    lane.bee = bee;
    await give(lane, waitingOf(lane));
    begin(lane);
  };

  const reconcile = (): void => {
    stopReconciling = clock.after(RECONCILE_MS, () => {
      for (const lane of lanes.values()) void give(lane, waitingOf(lane), hasPlaces(lane));
      reconcile();
    });
  };
  let stopReconciling = (): void => undefined;
  reconcile();

  link.each(async (life) => {
    if (isClosed) return;
    for (const lane of lanes.values()) await setUp(lane, life);
  });

  return {
    driver: 'bee-queue',
    offer: async (jobs) => {
      if (isClosed) return;
      const fresh = new Map<Lane, Entry[]>();
      for (const job of jobs) {
        const lane = laneOf(job.queue);
        const known = lane.entries.get(job.id);
        if (known !== undefined) {
          known.isWanted ||= known.state === 'done';
          continue;
        }
        const entry = entryOf(job);
        lane.entries.set(job.id, entry);
        const others = fresh.get(lane);
        if (others === undefined) fresh.set(lane, [entry]);
        else others.push(entry);
      }
      await Promise.all([...fresh].map(([lane, entries]) => give(lane, entries)));
    },
    work: (queue, concurrency, handler) => {
      const lane = laneOf(queue);
      if (lane.work !== null) throw new Error(`queue ${queue} has a handler already`);
      lane.work = { concurrency, handler };
      begin(lane);
    },
    close: async () => {
      isClosed = true;
      stopReconciling();
      const all = [...lanes.values()];
      for (const { entries } of all) for (const { stopDelay } of entries.values()) stopDelay();
      const runs = all.flatMap(({ entries }) => [...entries.values()].map((entry) => entry.run));
      for (const { bee } of all) bee?.pause();
      await Promise.all(runs);
    },
    waiting: (queue) => [...laneOf(queue).entries.values()].filter(({ state }) => state !== 'done').length,
    beginsAtOnce: false,
    state: () => {
      const why = link.problem() ?? refused;
      return { problem: why === null ? null : `Redis at ${link.shown}: ${why}`, dropped };
    },
  };
};
