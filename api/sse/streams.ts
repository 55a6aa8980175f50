// All event streams of one daemon: one subscription to the log, one flush a turn, one clock for keep-alives.
import type { Engine, EventRow } from '#engine/index';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import { OpenStream } from '../routes/answer.ts';
import { Batch } from './batch.ts';
import { EventStream, type StreamStart } from './stream.ts';

export interface Streams {
  /** A stream from a position. Throws too_many_streams or stopping. */
  open(start: StreamStart): OpenStream;
  /** How many are open. */
  readonly count: number;
  /** Ends all streams and takes no more: before the listeners close, and before the engine does. Idempotent. */
  close(): void;
}

/** The streams of an engine; both doors share one. `limit` and `keepAliveMs` are LIMITS unless a test says otherwise. */
export const createStreams = (
  engine: Engine,
  {
    limit = LIMITS.sseStreams,
    keepAliveMs = LIMITS.sseKeepAliveMs,
  }: { readonly limit?: number; readonly keepAliveMs?: number } = {},
): Streams => {
  const open = new Set<EventStream>();
  let closed = false;
  let pending: EventRow[] = [];

  const flush = (): void => {
    const batch = new Batch(pending);
    pending = [];
    for (const stream of open) stream.push(batch);
  };
  // The writer only leaves its rows here: many commits of one turn become one write a client.
  const subscription = engine.events.subscribe((rows) => {
    if (open.size === 0 || rows.length === 0) return;
    if (pending.length === 0) setImmediate(flush);
    pending.push(...rows);
  });
  const timer = setInterval(() => {
    for (const stream of open) stream.keepAlive();
  }, keepAliveMs);
  timer.unref();

  return {
    open: (start) => {
      if (closed) throw new MeshError('stopping');
      if (open.size >= limit) throw new MeshError('too_many_streams', undefined, { limit });
      return new OpenStream((request, response) => {
        response.setHeader('content-type', 'text/event-stream; charset=utf-8');
        response.setHeader('x-accel-buffering', 'no');
        response.setHeader('x-log-id', engine.events.logId);
        if (request.method === 'HEAD') {
          response.end();
          return;
        }
        const stream = new EventStream(engine, response, start);
        open.add(stream);
        response.on('close', () => {
          open.delete(stream);
          stream.gone();
        });
        stream.start();
      });
    },
    get count() {
      return open.size;
    },
    close: () => {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      subscription.close();
      for (const stream of open) stream.close();
      open.clear();
    },
  };
};
