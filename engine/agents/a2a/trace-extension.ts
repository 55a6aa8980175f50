// Tool calls and reasoning travel in metadata: our own extension, and the forms of agents that were met.
import { PAYLOAD_SCHEMAS } from '#machines/nouns/event';
import { z } from 'zod';
import type { AdapterEvent } from '../adapter.ts';

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

const GEMINI_PHASES: Readonly<Record<string, 'start' | 'update' | 'end'>> = {
  validating: 'start',
  scheduled: 'start',
  executing: 'update',
  awaiting_approval: 'update',
  success: 'end',
  error: 'end',
  cancelled: 'end',
};

/** Gemini’s server: metadata.coderAgent.kind, with the content in a data part. */
const readGemini = (metadata: Bag, data: unknown): AdapterEvent | null => {
  const { kind } = bag(metadata['coderAgent']);
  const content = bag(data);
  if (kind === 'thought') {
    const words = [content['subject'], content['description']].filter((each) => typeof each === 'string');
    return { kind: 'reasoning', payload: { text: words.join(': ') } };
  }
  if (kind !== 'tool-call-update' && kind !== 'tool-call-confirmation') return null;
  const call = bag(content['request']);
  const phase = GEMINI_PHASES[String(content['status'])];
  if (phase === undefined || typeof call['name'] !== 'string') return null;
  return {
    kind: 'tool',
    payload: {
      name: call['name'],
      phase,
      ...(typeof call['callId'] === 'string' ? { call_id: call['callId'] } : {}),
      ...(phase === 'start' ? { input: call['args'] } : {}),
      ...(phase === 'end' ? { output: content['response'] ?? null } : {}),
    },
  };
};

/** A tool call that waits for a person’s yes at the agent (Gemini). */
export interface PendingCall {
  readonly callId: string;
  readonly name: string;
  /** What would be done, as the agent tells it. */
  readonly operation: unknown;
}

/** What a data part says of a call: that it waits for a yes, that it does not any more, or (null) nothing. */
export const readCall = (
  data: unknown,
): { readonly callId: string; readonly pending: PendingCall | null } | null => {
  const content = bag(data);
  const call = bag(content['request']);
  const { callId, name } = call;
  if (typeof callId !== 'string' || typeof name !== 'string') return null;
  const { status, confirmationDetails } = content;
  if (typeof status !== 'string' || !(status in GEMINI_PHASES)) return null;
  const operation = { args: call['args'] ?? null, ...bag(confirmationDetails) };
  return { callId, pending: status === 'awaiting_approval' ? { callId, name, operation } : null };
};

/** The event that metadata carries, if any; `data` is the data part beside it. */
export const readTrace = (metadata: unknown, data: unknown): AdapterEvent | null => {
  const found = bag(metadata);
  return readOwn(found) ?? readEarlier(found) ?? readGemini(found, data);
};

/** Whether the message is a piece of a text that goes on (Gemini streams its answer so). */
export const isTextPiece = (metadata: unknown): boolean =>
  bag(bag(metadata)['coderAgent'])['kind'] === 'text-content';
