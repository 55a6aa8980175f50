// A queue of bee-queue on one life of the link: jobs in, jobs out, and what its library leaves open closed.
import type BeeQueue from 'bee-queue';
import { wordsOf } from '../redis/client.ts';
import type { Life } from '../redis/link.ts';

/** bee-queue takes jobs back from a process that has not shown itself for this long, in milliseconds. */
const STALL_MS = 5_000;

export interface BeeData {
  /** The sealed payload. */
  readonly sealed: string;
}

export interface Bee {
  /** Saves one job; false when its id is there already. */
  save(id: string, sealed: string): Promise<boolean>;
  /** Removes one job that nobody has taken. */
  remove(id: string): Promise<void>;
  /** Hands jobs over. `take` never rejects; a job is removed when it has resolved, and then `onTaken` hears its id. */
  process(
    concurrency: number,
    take: (id: string, sealed: unknown) => Promise<void>,
    onTaken: (id: string) => void,
  ): void;
  /** Hands over no further job. Those in hand go on, and are removed when they end within this life. */
  pause(): void;
  /** Nobody puts anything in or takes anything out through this any more. */
  close(): void;
}

const nothing = (): void => undefined;

/**
 * A connection that is gone, or a job that bee-queue cannot read: others wrote it, and it would hold its place for ever.
 * Either is cured by a life that begins anew. The rest (no memory left, a disk that is full) passes by itself.
 */
const isFatal = (error: Error): boolean =>
  error.name === 'AbortError' ||
  ('code' in error && error.code === 'CONNECTION_BROKEN') ||
  error instanceof SyntaxError ||
  error instanceof TypeError;

/**
 * Opens a queue. It ends with its life; a fault that leaves it without its connection ends the life.
 * @param prefix what the keys of this mesh begin with
 * @throws Error when the life ends meanwhile
 */
export const openBee = async (life: Life, prefix: string, name: string, isWorker: boolean): Promise<Bee> => {
  const { default: Queue } = await import('bee-queue');
  const queue = new Queue<BeeData>(name, {
    prefix,
    redis: life.client,
    isWorker,
    // Who decided a job is told through its own channel.
    getEvents: false,
    sendEvents: false,
    storeJobs: false,
    // The outbox remembers; here a job is there or it is not.
    removeOnSuccess: true,
    removeOnFailure: true,
    activateDelayedJobs: false,
    stallInterval: STALL_MS,
  });
  queue.on('error', (error: Error) => {
    if (!life.over.aborted && isFatal(error)) life.end(wordsOf(error));
  });
  // Its loops end, and what its library still awaits is nobody's any more.
  const letGo = (): void => {
    // Its close does nothing where it believes to be closed already.
    queue.paused = false;
    queue.close(1).catch(nothing);
  };
  try {
    await queue.ready();
    life.over.throwIfAborted();
  } catch (error) {
    letGo();
    throw error;
  }
  life.over.addEventListener('abort', letGo, { once: true });
  return {
    save: async (id, sealed) => {
      const job = await queue.createJob({ sealed }).setId(id).retries(0).save();
      return (job.id as string | null) !== null;
    },
    remove: async (id) => {
      await queue.removeJob(id);
    },
    process: (concurrency, take, onTaken) => {
      queue.on('succeeded', ({ id }) => {
        onTaken(id);
      });
      queue.process(concurrency, async (job: BeeQueue.Job<BeeData>) => {
        // What others wrote there must not end a handler of ours.
        (job.options as { timeout?: number }).timeout = 0;
        await take(job.id, job.data.sealed);
      });
    },
    pause: () => {
      queue.paused = true;
    },
    close: letGo,
  };
};
