// The typed client of the API: one call a route, pages, and the live stream. Browser-safe; schemas are used as types only.
import { MeshError } from '#machines/nouns/error-codes';
import type { EventFilter, EventV1 } from '#machines/nouns/event';
import { LIMITS } from '#machines/nouns/limits';
import { followStream, type StreamOptions } from './follow.ts';
import { type Address, answerError, routeUrl, unreachable } from './request.ts';
import { ROUTES, type RouteId } from './routes.ts';
import type { RouteAnswer, RouteInput } from './shapes.ts';

export type { LogReset, StreamOptions, StreamState } from './follow.ts';
export { MeshError } from '#machines/nouns/error-codes';

export interface ClientOptions {
  /** `http://127.0.0.1:8321`; empty in a page that the daemon serves. */
  readonly baseUrl: string;
  /** Another way to the daemon, such as its socket; the global fetch when absent. */
  readonly fetch?: typeof fetch;
}

/** Routes that answer once; the stream has a method of its own. */
export type CallRoute = Exclude<RouteId, 'events.stream'>;

export interface Ask<R extends RouteId> {
  readonly params?: RouteInput<R, 'params'> | undefined;
  readonly query?: RouteInput<R, 'query'> | undefined;
  readonly body?: RouteInput<R, 'body'> | undefined;
  /** Sent as Idempotency-Key: asking twice with the same key starts one thing. */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface EventsAsk {
  /** All that are given must hold; the whole log when absent. */
  readonly scope?: EventFilter | undefined;
  /** Events after this seq; from the first one when absent. */
  readonly afterSeq?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Client {
  /**
   * Calls a route. Throws MeshError with the code of the problem, or daemon_unreachable; the signal's reason when aborted.
   */
  call<R extends CallRoute>(route: R, ask?: Ask<R>): Promise<RouteAnswer<R>>;
  /** All events that fit, ascending, page by page. Throws other_log when the log is replaced in between. */
  events(ask: EventsAsk): AsyncIterable<EventV1>;
  /** All events of a team run, run or task by any of their ids, ascending, page by page. */
  trace(id: string, afterSeq?: number, signal?: AbortSignal): AsyncIterable<EventV1>;
  /** Events as they are committed; see StreamOptions. */
  stream(options: StreamOptions): AsyncIterable<EventV1>;
}

/** An Ask whose types were checked where it was given. */
interface LooseAsk extends Address {
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

const jsonOf = async (baseUrl: string, response: Response): Promise<unknown> => {
  try {
    return await response.json();
  } catch (cause) {
    throw unreachable(baseUrl, cause);
  }
};

/** What changes who may do what exists on the socket only; without one, nobody may do it. */
const socketOnly = (): MeshError =>
  new MeshError(
    'forbidden',
    'This is done over the local socket only: leave out --daemon-url and --port. A data folder with a long path has no socket: set XDG_RUNTIME_DIR or take a shorter --data-dir, and start the daemon again',
  );

/** Makes a client of the daemon at an address. It holds no connection and needs no closing. */
export const createClient = ({ baseUrl, fetch: given }: ClientOptions): Client => {
  // Looked up at each call: pages and tests replace the global one.
  const fetcher: typeof fetch = given ?? ((input, init) => globalThis.fetch(input, init));

  const send = async (route: RouteId, ask: LooseAsk): Promise<Response> => {
    const { method, risk } = ROUTES[route];
    const url = routeUrl(baseUrl, route, ask);
    const headers: Record<string, string> = { accept: 'application/json, application/problem+json' };
    if (method === 'POST') headers['content-type'] = 'application/json';
    if (ask.idempotencyKey !== undefined) headers['idempotency-key'] = ask.idempotencyKey;
    let response: Response;
    try {
      response = await fetcher(url, {
        method,
        headers,
        cache: 'no-store',
        redirect: 'error',
        ...(method === 'POST' ? { body: JSON.stringify(ask.body ?? {}) } : {}),
        ...(ask.signal === undefined ? {} : { signal: ask.signal }),
      });
    } catch (cause) {
      ask.signal?.throwIfAborted();
      throw unreachable(baseUrl, cause);
    }
    if (!response.ok) {
      const error = await answerError(baseUrl, response);
      // Behind TCP such a route does not exist at all.
      throw risk === 'authority' && error.code === 'not_found' ? socketOnly() : error;
    }
    return response;
  };

  async function* pages(
    route: 'events.list' | 'trace.get',
    ask: { params?: { id: string }; query: EventFilter; signal: AbortSignal | undefined },
    afterSeq: number,
  ): AsyncGenerator<EventV1, void, undefined> {
    let cursor = afterSeq;
    let logId: string | null = null;
    for (;;) {
      const query = { ...ask.query, after_seq: cursor, limit: LIMITS.eventsPageMax };
      const response = await send(route, { ...ask, query });
      const answered = response.headers.get('x-log-id');
      if (logId !== null && answered !== logId)
        throw new MeshError('other_log', 'The log was replaced while it was read', { log_id: answered });
      logId = answered;
      for (const event of (await jsonOf(baseUrl, response)) as EventV1[]) {
        if (event.seq <= cursor)
          throw new MeshError('internal', `The page after ${String(cursor)} holds seq ${String(event.seq)}`);
        cursor = event.seq;
        yield event;
      }
      const next = response.headers.get('x-next-seq');
      if (next === null) return;
      if (Number(next) < cursor)
        throw new MeshError('internal', `The page ends at ${String(cursor)}, its next one begins at ${next}`);
      cursor = Number(next);
    }
  }

  return {
    call: async <R extends CallRoute>(route: R, ask: Ask<R> = {}): Promise<RouteAnswer<R>> => {
      const response = await send(route, ask as LooseAsk);
      if (response.status === 204) return undefined as RouteAnswer<R>;
      return (await jsonOf(baseUrl, response)) as RouteAnswer<R>;
    },
    events: ({ scope = {}, afterSeq = 0, signal }) =>
      pages('events.list', { query: scope, signal }, afterSeq),
    trace: (id, afterSeq = 0, signal) => pages('trace.get', { params: { id }, query: {}, signal }, afterSeq),
    stream: (options) => followStream({ baseUrl, fetch: fetcher }, options),
  };
};
