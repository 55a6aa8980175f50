// Keeps in touch with Redis. A connection is a life: when it is gone, or what was in Redis is, all is set up anew on the next.
import type { RedisClient } from 'redis';
import type { Clock, Ids, Log } from '../../ports.ts';
import type { RedisAddress } from './address.ts';
import { ask, connect, endClient, wordsOf } from './client.ts';
import { ANSWER_MS } from './waits.ts';

/** Between two attempts; doubled up to the longest. */
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2_000;
/** How often a life looks whether Redis answers and still has its data. */
const LOOK_MS = 500;
/** All that is set up on a life is there by then, however many jobs wait. */
const SET_UP_MS = 30_000;
/** The mark of a life outlives it so long in Redis. */
const MARK_MS = 60_000;

/** One connection, from the moment when it is there until it is gone. */
export interface Life {
  /** Tells it from every other one. */
  readonly id: string;
  readonly client: RedisClient;
  /** Aborted at the end of this life. */
  readonly over: AbortSignal;
  /** A further connection, for commands that block; ended with the life. */
  another(): Promise<RedisClient>;
  /** Ends it: the next one begins after a while. */
  end(why: string): void;
}

export interface Link {
  /** For people: where Redis is, without credentials. */
  readonly shown: string;
  /** Sets something up on every life. A life is the current one when all have done so; one that throws ends it. */
  each(setUp: (life: Life) => Promise<void>): void;
  /** The current life; null while there is none. */
  life(): Life | null;
  /** Why there is none; null while there is one, and before the first attempt has ended. */
  problem(): string | null;
  /** Begins to connect. Once. */
  begin(): void;
  /** Ends the life and begins no other. Idempotent. */
  close(): void;
}

export interface LinkParts {
  readonly address: RedisAddress;
  /** What all keys of this mesh begin with. */
  readonly prefix: string;
  readonly ports: { readonly clock: Clock; readonly ids: Ids; readonly log: Log };
}

/** A link to a Redis, not begun. */
export const createLink = ({ address, prefix, ports }: LinkParts): Link => {
  const { clock, ids, log } = ports;
  const setUps: ((life: Life) => Promise<void>)[] = [];
  let current: Life | null = null;
  let problem: string | null = null;
  let waitMs = FIRST_WAIT_MS;
  let stopWaiting = (): void => undefined;
  let endLife: ((why: string) => void) | null = null;
  let isClosed = false;

  const down = (why: string): void => {
    // Said once a reason, not once an attempt.
    if (problem !== why && !isClosed) log.warn({ redis: address.shown, why }, 'Redis does not answer');
    problem = why;
  };

  const again = (): void => {
    if (isClosed) return;
    stopWaiting = clock.after(waitMs, () => void live());
    waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
  };

  /** Looks whether Redis answers, and whether the mark of this life is still there: FLUSHALL tells nobody. */
  const watch = (life: Life, mark: string): void => {
    const look = (): void => {
      const stopLate = clock.after(ANSWER_MS, () => {
        life.end(`no answer within ${String(ANSWER_MS / 1_000)} s`);
      });
      ask(life.client, 'pexpire', mark, MARK_MS)
        .then((found) => {
          if (found !== 1) life.end('what was in it is gone');
        })
        .catch((error: unknown) => {
          life.end(wordsOf(error));
        })
        .finally(() => {
          stopLate();
          if (!life.over.aborted) stopLooking = clock.after(LOOK_MS, look);
        });
    };
    let stopLooking = clock.after(LOOK_MS, look);
    life.over.addEventListener('abort', () => {
      stopLooking();
    });
  };

  const live = async (): Promise<void> => {
    const over = new AbortController();
    const clients: RedisClient[] = [];
    const end = (why: string): void => {
      if (over.signal.aborted) return;
      over.abort();
      endLife = null;
      if (current?.over === over.signal) current = null;
      for (const client of clients) endClient(client);
      down(why);
      again();
    };
    const another = async (): Promise<RedisClient> => {
      const client = await connect(address.options, clock, end);
      clients.push(client);
      if (over.signal.aborted) endClient(client);
      return client;
    };
    endLife = end;
    const stopLate = clock.after(SET_UP_MS, () => {
      end(`no answer within ${String(SET_UP_MS / 1_000)} s`);
    });
    try {
      const id = ids.uuidv7();
      const life: Life = { id, client: await another(), over: over.signal, another, end };
      const mark = `${prefix}:alive:${id}`;
      await ask(life.client, 'set', mark, '1', 'PX', MARK_MS);
      for (const setUp of setUps) await setUp(life);
      if (over.signal.aborted) return;
      current = life;
      waitMs = FIRST_WAIT_MS;
      if (problem !== null) log.info({ redis: address.shown }, 'Redis answers again');
      problem = null;
      watch(life, mark);
    } catch (error) {
      end(wordsOf(error));
    } finally {
      stopLate();
    }
  };

  return {
    shown: address.shown,
    each: (setUp) => void setUps.push(setUp),
    life: () => current,
    problem: () => problem,
    begin: () => void live(),
    close: () => {
      isClosed = true;
      stopWaiting();
      endLife?.('closed');
    },
  };
};
