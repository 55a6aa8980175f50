// Waiting at Redis: every wait has an end, so that a connection that is dead without a word is told from one without news.
import type { RedisClient } from 'redis';
import type { Clock } from '../../ports.ts';

/** How long one BRPOPLPUSH waits, in seconds. */
const WAIT_S = 5;
/** An answer may take this long when there is nothing to wait for. */
export const ANSWER_MS = 5_000;
const SILENCE_MS = WAIT_S * 1_000 + ANSWER_MS;

type Callback = (error: Error | null, reply?: unknown) => void;

/** What is said of a connection that answers nothing; bee-queue's users know the code. */
export const silence = (ms: number): Error =>
  Object.assign(new Error(`no answer within ${String(ms / 1_000)} s`), { code: 'CONNECTION_BROKEN' });

/**
 * bee-queue waits for jobs with BRPOPLPUSH, for ever, and with one for each free place on one connection. Here each wait
 * ends and begins again, and a connection that answers none of them is ended, with an error to whoever waits.
 * @param end ends a connection
 */
export const waitsThatEnd = (client: RedisClient, clock: Clock, end: (client: RedisClient) => void): void => {
  type Wait = (from: string, to: string, seconds: number, callback: Callback) => boolean;
  const wait = client.brpoplpush.bind(client);
  const waiting = new Set<Callback>();
  let stop = (): void => undefined;
  const listen = (): void => {
    stop();
    stop = waiting.size === 0 ? () => undefined : clock.after(SILENCE_MS, giveUp);
  };
  const giveUp = (): void => {
    const [first] = waiting;
    if (first === undefined) return;
    // bee-queue doubles its patience with each error that it hears: one is enough to say why, the others hear the end.
    waiting.delete(first);
    first(silence(SILENCE_MS));
    end(client);
  };
  const brpoplpush: Wait = (from, to, _seconds, callback) => {
    waiting.add(callback);
    const again = (): boolean =>
      wait(from, to, WAIT_S, (error, reply) => {
        if (!waiting.has(callback)) return;
        const isNothing = error === null && reply === null;
        if (!isNothing) waiting.delete(callback);
        listen();
        if (isNothing) again();
        else callback(error, reply);
      });
    if (waiting.size === 1) listen();
    return again();
  };
  Object.defineProperty(client, 'brpoplpush', { value: brpoplpush });
};
