// One connection to Redis: through the client library that bee-queue itself uses, so that both speak over the same one.
import { createRequire } from 'node:module';
import type { ClientOpts, RedisClient } from 'redis';
import type { Clock } from '../../ports.ts';
import type { RedisOptions } from './address.ts';
import { ANSWER_MS, silence, waitsThatEnd } from './waits.ts';

/** A connection that is not there by then is given up. */
const CONNECT_MS = 5_000;

/** The scripts of bee-queue, by SHA-1: what EVALSHA names. */
interface Scripts {
  readonly scripts: Readonly<Record<string, string>>;
  readonly shas: Readonly<Record<string, string>>;
}

const load = (): {
  readonly createClient: (options: ClientOpts) => RedisClient;
  readonly textOf: (sha: string) => string | undefined;
} => {
  const here = createRequire(import.meta.url);
  const bee = createRequire(here.resolve('bee-queue'));
  const { createClient } = bee('redis') as { createClient: (options: ClientOpts) => RedisClient };
  // Filled by bee-queue when its first queue gets ready.
  const lua = bee('./lib/lua') as Scripts;
  const textOf = (sha: string): string | undefined => {
    const name = Object.entries(lua.shas).find(([, each]) => each === sha)?.[0];
    return name === undefined ? undefined : lua.scripts[name];
  };
  return { createClient, textOf };
};

let library: ReturnType<typeof load> | undefined;

type Callback = (error: Error | null, reply?: unknown) => void;

/**
 * A Redis that lost its scripts (SCRIPT FLUSH, a restart) answers NOSCRIPT to EVALSHA for ever; bee-queue never sends
 * them again. EVAL runs the script and keeps it, so it is what follows.
 */
const survivesLostScripts = (client: RedisClient, textOf: (sha: string) => string | undefined): void => {
  type Command = (args: readonly unknown[], callback: Callback) => boolean;
  const bySha = client.evalsha.bind(client) as unknown as Command;
  const byText = client.eval.bind(client) as unknown as Command;
  const evalsha = (sha: string, ...rest: readonly unknown[]): boolean => {
    const callback = rest.at(-1) as Callback;
    const args = rest.slice(0, -1);
    return bySha([sha, ...args], (error, reply) => {
      const text = error !== null && 'code' in error && error.code === 'NOSCRIPT' ? textOf(sha) : undefined;
      if (text === undefined) callback(error, reply);
      else byText([text, ...args], callback);
    });
  };
  Object.defineProperty(client, 'evalsha', { value: evalsha });
};

/** Ends a connection. Not at once: the library would stumble over answers that came in the same moment. */
export const endClient = (client: RedisClient): void => {
  setImmediate(() => {
    client.end(true);
  });
};

/**
 * bee-queue listens for one error of the connections that it makes itself; a connection that breaks at its beginning
 * has two, and an error without a listener ends the process.
 */
const duplicatesThatMayFail = (client: RedisClient, clock: Clock): void => {
  const another: () => RedisClient = client.duplicate.bind(client);
  const duplicate = (): RedisClient => {
    const made = another().on('error', () => undefined);
    waitsThatEnd(made, clock, endClient);
    return made;
  };
  Object.defineProperty(client, 'duplicate', { value: duplicate });
};

/** What went wrong, in words: the library's errors carry the arguments of their command, a password among them. */
export const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const origin = 'origin' in error && error.origin instanceof Error ? error.origin : error;
  return origin.message.replace(/^Redis connection to .* failed - /, '');
};

/** An error that says the same and holds nothing else. */
export const plainError = (error: unknown): Error => new Error(wordsOf(error));

/**
 * Connects once. The connection never comes back by itself: what was set up on it would not.
 * @param onEnd called once when it is gone, with the reason
 * @throws Error without the arguments of any command
 */
export const connect = async (
  options: RedisOptions,
  clock: Clock,
  onEnd: (why: string) => void,
): Promise<RedisClient> => {
  library ??= load();
  const client = library.createClient({
    ...options,
    connect_timeout: CONNECT_MS,
    retry_strategy: () => undefined,
  });
  // Each queue on this connection listens to it.
  client.setMaxListeners(0);
  survivesLostScripts(client, library.textOf);
  duplicatesThatMayFail(client, clock);
  let isReady = false;
  let isOver = false;
  const { promise, resolve, reject } = Promise.withResolvers<RedisClient>();
  const end = (error: unknown): void => {
    if (isOver) return;
    isOver = true;
    stopWaiting();
    endClient(client);
    if (isReady) onEnd(wordsOf(error));
    else reject(plainError(error));
  };
  const stopWaiting = clock.after(CONNECT_MS, () => {
    end(new Error(`no answer within ${String(CONNECT_MS / 1_000)} s`));
  });
  client.on('error', end);
  client.on('end', () => {
    // The error that says why comes in the same turn, where there is one.
    setImmediate(end, new Error('the connection was closed'));
  });
  client.on('warning', () => undefined);
  client.once('ready', () => {
    if (isOver) return;
    isReady = true;
    stopWaiting();
    resolve(client);
  });
  return promise;
};

/**
 * Sends a command.
 * @throws Error without the arguments of the command
 */
export const ask = (
  client: RedisClient,
  command: string,
  ...args: readonly (string | number)[]
): Promise<unknown> =>
  new Promise((resolve, reject) => {
    client.send_command(command, [...args], (error, reply: unknown) => {
      if (error === null) resolve(reply);
      else reject(plainError(error));
    });
  });

/**
 * Sends a command that waits for at most `ms` at Redis.
 * @throws Error when there is no answer by then, nor within the time that an answer may take
 */
export const askWaiting = async (
  clock: Clock,
  client: RedisClient,
  ms: number,
  command: string,
  ...args: readonly (string | number)[]
): Promise<unknown> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = clock.after(ms + ANSWER_MS, () => {
    reject(silence(ms + ANSWER_MS));
  });
  return Promise.race([ask(client, command, ...args), promise]).finally(stop);
};
