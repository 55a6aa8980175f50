// Follows the event stream (SSE over fetch) through losses: reconnects from the last seq, no gap, no double.
import { createParser } from 'eventsource-parser';
import { ERRORS, MeshError } from '#machines/nouns/error-codes';
import type { EventFilter, EventV1 } from '#machines/nouns/event';
import { LIMITS } from '#machines/nouns/limits';
import { answerError, routeUrl, unreachable } from './request.ts';

/** connecting: a request is under way. live: the daemon has answered. lost: the next try waits. */
export type StreamState = 'connecting' | 'live' | 'lost';

/** The daemon now has another log: nothing read before belongs to it. */
export interface LogReset {
  readonly logId: string;
  /** seq of its last event when the stream began again. */
  readonly head: number;
}

export interface StreamOptions {
  readonly filter?: EventFilter | undefined;
  /** Events after this seq; from the end of the log when absent. */
  readonly afterSeq?: number | undefined;
  /** The log that afterSeq belongs to (`log_id` of healthz, x-log-id of a page). */
  readonly logId?: string | undefined;
  /** Aborting it ends the iteration without an error. */
  readonly signal: AbortSignal;
  readonly onState?: ((state: StreamState) => void) | undefined;
  /**
   * Called before the first event of another log, which is then read from its start: forget what was shown.
   * Without it the iteration throws `other_log` instead, because two logs must never pass as one.
   */
  readonly onReset?: ((reset: LogReset) => void) | undefined;
}

/** Milliseconds: the first wait after a loss, the longest one, and the silence after which a connection counts as lost. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;
const SILENCE_MS = 3 * LIMITS.sseKeepAliveMs;

/** What came in, in its order. */
type Frame =
  | { readonly type: 'event'; readonly id: string | undefined; readonly data: string }
  | { readonly type: 'hello' | 'reset'; readonly data: string }
  | { readonly type: 'cursor'; readonly seq: number };

interface Greeting {
  readonly log_id: string;
  readonly head: number;
}

/** Ends the attempt, not the stream. */
class Lost extends Error {}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

/** The frames of one connection, read no faster than they are taken. Throws Lost when it ends, falls silent or fails. */
async function* frames(response: Response, attempt: AbortController): AsyncGenerator<Frame, void, undefined> {
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
  if (reader === undefined) throw new Lost('the answer has no body');
  const ready: Frame[] = [];
  const parser = createParser({
    onEvent: ({ event = 'event', id, data }) => {
      if (event === 'hello' || event === 'reset') ready.push({ type: event, data });
      else if (event === 'event') {
        // The parser tells an id before its event; only an id that stands alone moves the position by itself.
        if (id !== undefined && ready.at(-1)?.type === 'cursor') ready.pop();
        ready.push({ type: 'event', id, data });
      }
    },
    onId: (id) => ready.push({ type: 'cursor', seq: Number(id) }),
  });
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const silence = setTimeout(() => {
        attempt.abort(new Lost('the stream fell silent'));
      }, SILENCE_MS);
      const { done, value } = await reader
        .read()
        .catch((cause: unknown) => {
          throw new Lost('the connection broke', { cause });
        })
        .finally(() => {
          clearTimeout(silence);
        });
      if (done) throw new Lost('the stream ended');
      parser.feed(decoder.decode(value, { stream: true }));
      for (const frame of ready) yield frame;
      ready.length = 0;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Where the reader stands, and what a frame means there. Doubles are dropped. In a stream without a filter each seq
 * follows the one before: a gap ends the attempt, and one that is still there at the next attempt is an error.
 */
class Position {
  /** Everything up to here has been handed out or does not fit the filter; undefined before the first hello. */
  seq: number | undefined;
  logId: string | undefined;
  readonly #gapless: boolean;
  readonly #onReset: StreamOptions['onReset'];
  #gapAt: number | undefined;

  constructor(options: StreamOptions) {
    this.seq = options.afterSeq;
    this.logId = options.logId;
    this.#gapless = Object.values(options.filter ?? {}).every((value) => value === undefined);
    this.#onReset = options.onReset;
  }

  greet(type: 'hello' | 'reset', data: string): void {
    const { log_id: logId, head } = JSON.parse(data) as Greeting;
    const replaced = type === 'reset' || (this.logId !== undefined && this.logId !== logId);
    this.logId = logId;
    if (!replaced) {
      this.seq ??= head;
      return;
    }
    if (this.#onReset === undefined) throw new MeshError('other_log', undefined, { log_id: logId, head });
    this.seq = 0;
    this.#gapAt = undefined;
    this.#onReset({ logId, head });
  }

  /** The event to hand out, or null for a double. The position moves once the reader comes back for more. */
  read(id: string | undefined, data: string): EventV1 | null {
    const event = JSON.parse(data) as EventV1;
    const at = this.seq ?? 0;
    if (id !== undefined && Number(id) !== event.seq)
      throw new MeshError('internal', `The stream names ${id} what is seq ${String(event.seq)}`);
    if (event.seq <= at) return null;
    if (this.#gapless && event.seq !== at + 1) {
      if (this.#gapAt === at)
        throw new MeshError('internal', `The log lacks the events after ${String(at)}`, { after_seq: at });
      this.#gapAt = at;
      throw new Lost('events are missing');
    }
    return event;
  }

  moveTo(seq: number): void {
    if (Number.isSafeInteger(seq) && seq > (this.seq ?? 0)) this.seq = seq;
  }
}

/** Errors that the next attempt may not meet again; others (a wrong filter, a refused origin) end the stream. */
const passes = (error: unknown): boolean =>
  error instanceof Lost || (error instanceof MeshError && ERRORS[error.code].retryable);

/**
 * Events after a position, for ever, through restarts of the daemon. A daemon that is not there is waited for:
 * 0.2 s, doubling up to 10 s, each wait between half and whole so that clients do not come back in step.
 */
export async function* followStream(
  daemon: { readonly baseUrl: string; readonly fetch: typeof fetch },
  options: StreamOptions,
): AsyncGenerator<EventV1, void, undefined> {
  const { signal, onState } = options;
  const position = new Position(options);
  let failures = 0;

  const connect = async (attempt: AbortController): Promise<Response> => {
    const query = { ...options.filter, after_seq: position.seq, log_id: position.logId };
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (position.seq !== undefined) headers['last-event-id'] = String(position.seq);
    const url = routeUrl(daemon.baseUrl, 'events.stream', { query });
    let response: Response;
    try {
      response = await daemon.fetch(url, {
        headers,
        signal: attempt.signal,
        cache: 'no-store',
        redirect: 'error',
      });
    } catch (cause) {
      throw unreachable(daemon.baseUrl, cause);
    }
    if (!response.ok) throw await answerError(daemon.baseUrl, response);
    if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
      await response.body?.cancel();
      throw new MeshError('daemon_unreachable', `What answers at ${daemon.baseUrl} is not an event stream`);
    }
    return response;
  };

  while (!signal.aborted) {
    const attempt = new AbortController();
    const stop = (): void => {
      attempt.abort(signal.reason);
    };
    signal.addEventListener('abort', stop);
    try {
      onState?.('connecting');
      const response = await connect(attempt);
      for await (const frame of frames(response, attempt)) {
        if (signal.aborted) return;
        if (frame.type === 'cursor') position.moveTo(frame.seq);
        else if (frame.type === 'event') {
          const event = position.read(frame.id, frame.data);
          if (event === null) continue;
          yield event;
          position.moveTo(event.seq);
        } else {
          position.greet(frame.type, frame.data);
          failures = 0;
          onState?.('live');
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!passes(error)) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      attempt.abort();
    }
    onState?.('lost');
    failures += 1;
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
    await pause(wait * (0.5 + Math.random() / 2), signal);
  }
}
