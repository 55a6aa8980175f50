// Tool calls and reasoning travel in metadata: our own extension, and the forms of agents that were met.
import { PAYLOAD_SCHEMAS } from '#machines/nouns/event';
import { z } from 'zod';
import type { AdapterEvent } from '../adapter.ts';
import { readGemini } from './gemini.ts';

/** Key in the metadata of a status message (or of its update): {kind: tool | reasoning | error, payload}. */
export const TRACE_EXTENSION = 'https://agentmesh.dev/ext/trace/v1';

const TraceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('tool'), payload: PAYLOAD_SCHEMAS.tool }),
  z.object({
    kind: z.literal('reasoning'),
    payload: PAYLOAD_SCHEMAS.reasoning,
    delta: z.boolean().optional(),
  }),
  z.object({ kind: z.literal('error'), payload: PAYLOAD_SCHEMAS.error }),
]);

type Bag = Readonly<Record<string, unknown>>;

const bag = (value: unknown): Bag =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Bag) : {};

const readOwn = (metadata: Bag): AdapterEvent | null => {
  const parsed = TraceSchema.safeParse(metadata[TRACE_EXTENSION]);
  if (!parsed.success) return null;
  const { data } = parsed;
  if (data.kind !== 'reasoning') return data;
  return { kind: 'reasoning', payload: data.payload, ...(data.delta === true ? { delta: true } : {}) };
};

/** The earlier AgentMesh plugin: metadata.stream_event_type with an object of that name. */
const readEarlier = (metadata: Bag): AdapterEvent | null => {
  const type = metadata['stream_event_type'];
  if (type === 'tool') {
    const tool = PAYLOAD_SCHEMAS.tool.safeParse(metadata['tool']);
    return tool.success ? { kind: 'tool', payload: tool.data } : null;
  }
  if (type !== 'reasoning') return null;
  const { text, ended } = bag(metadata['reasoning']);
  return {
    kind: 'reasoning',
    payload: { text: typeof text === 'string' ? text : '', ended: ended === true },
  };
};

/** The event that metadata carries, if any; `data` is the data part beside it. */
export const readTrace = (metadata: unknown, data: unknown): AdapterEvent | null => {
  const found = bag(metadata);
  return readOwn(found) ?? readEarlier(found) ?? readGemini(found, data);
};
