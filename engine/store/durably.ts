// For facts that must not be lost because the disk is full for a while: submitted again until it is durable.
import { MeshError } from '#machines/nouns/error';
import type { Clock } from '../ports.ts';
import type { Tx, Writer } from './writer.ts';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

const canPass = (error: unknown): boolean =>
  error instanceof MeshError && (error.code === 'disk_full' || error.code === 'storage_failed');

/**
 * Like `writer.submit`, but waits while the database cannot be written. What the work itself throws is thrown at
 * once, and so is `stopping`: then the next life of the daemon asks the agent again.
 */
export const submitDurably = async <T>(writer: Writer, clock: Clock, work: (tx: Tx) => T): Promise<T> => {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS))
    try {
      return await writer.submit(work);
    } catch (error) {
      if (!canPass(error)) throw error;
      await new Promise<void>((resolve) => {
        clock.after(waitMs, resolve);
      });
    }
};
