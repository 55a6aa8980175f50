// Events: pages as stored, one record in, a trace by any id, and the live stream.
import { eventLine, type EventFilter } from '#machines/nouns/event';
import { MeshError } from '#machines/nouns/error';
import type { Engine } from '#engine/index';
import { JsonText } from './answer.ts';
import type { Handlers } from './handler.ts';

/** A page as a JSON array of the very lines of events.jsonl. x-next-seq is there when more events may fit. */
const pageText = (
  engine: Engine,
  filter: EventFilter,
  { after_seq: afterSeq, limit }: { readonly after_seq: number; readonly limit: number },
): JsonText => {
  const { lines, more, nextSeq } = engine.events.page(filter, afterSeq, limit);
  return new JsonText(`[${lines.join(',')}]`, {
    'x-log-id': engine.events.logId,
    ...(more ? { 'x-next-seq': String(nextSeq) } : {}),
  });
};

export const eventHandlers: Handlers<'events.list' | 'events.append' | 'events.stream' | 'trace.get'> = {
  'events.list': ({ engine, query: { after_seq, limit, ...filter } }) =>
    pageText(engine, filter, { after_seq, limit }),

  'events.append': async ({ engine, caller, body }) => {
    const event = await engine.events.append(caller, body);
    return new JsonText(eventLine(event), { 'x-log-id': engine.events.logId });
  },

  'events.stream': ({ streams, lastEventId, query: { after_seq: afterSeq, log_id: logId, ...filter } }) =>
    streams.open({ filter, afterSeq: lastEventId ?? afterSeq, logId }),

  'trace.get': ({ engine, params: { id }, query }) => {
    const scope = engine.events.scopeOf(id);
    if (scope === null) throw new MeshError('unknown_run', `Nothing in the log has the id ${id}`, { id });
    return pageText(engine, { [scope]: id }, query);
  },
};
