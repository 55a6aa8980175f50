// The queue of one life of a connection: a name of its own, so that what died without a word takes no job of the next one.
import type { RedisClient } from 'redis';
import { ask } from '../redis/client.ts';
import type { Life } from '../redis/link.ts';
import { type Bee, openBee } from './bee.ts';

/** Queues of so many earlier lives are emptied: somebody may still have put a job into the last ones. */
const LIVES_MOST = 8;
/** What bee-queue keeps of a queue (its `destroy`). */
const PARTS = [
  'id',
  'jobs',
  'stallBlock',
  'stalling',
  'waiting',
  'active',
  'succeeded',
  'failed',
  'delayed',
] as const;

/** The name of a queue in one life of whoever takes from it. */
export const beeName = (queue: string, life: string): string => `${queue}:${life}`;

const livesOf = (prefix: string, queue: string): string => `${prefix}:${queue}:lives`;

const remove = async (
  client: RedisClient,
  prefix: string,
  queue: string,
  lives: readonly string[],
): Promise<void> => {
  const keys = lives.flatMap((life) => PARTS.map((part) => `${prefix}:${beeName(queue, life)}:${part}`));
  if (keys.length > 0) await ask(client, 'del', ...keys);
};

const earlierLives = async (client: RedisClient, place: string): Promise<string[]> =>
  (await ask(client, 'lrange', place, 0, -1)) as string[];

/**
 * Opens a queue that nobody else takes from, empty, for this life. Redis goes on to hold connections of an earlier life
 * for alive when the wire between goes dead, and they have asked for jobs: whatever is put under that name is lost to them.
 * @throws Error when the life ends meanwhile
 */
export const openOwnBee = async (life: Life, prefix: string, queue: string): Promise<Bee> => {
  const place = livesOf(prefix, queue);
  await remove(life.client, prefix, queue, await earlierLives(life.client, place));
  await ask(life.client, 'lpush', place, life.id);
  await ask(life.client, 'ltrim', place, 0, LIVES_MOST - 1);
  return openBee(life, prefix, beeName(queue, life.id), true);
};

/** Removes the queues of all lives: whoever took from them is gone for good. */
export const removeBees = async (client: RedisClient, prefix: string, queue: string): Promise<void> => {
  const place = livesOf(prefix, queue);
  await remove(client, prefix, queue, await earlierLives(client, place));
  await ask(client, 'del', place);
};
