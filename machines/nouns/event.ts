// EventV1: the record of everything that happened. docs/event-v1.md is its specification.
import { z } from 'zod';
import { MeshFileSchema } from './file.ts';

export const EVENT_KINDS = ['status', 'message', 'artifact', 'tool', 'reasoning', 'error'] as const;
export const EventKindSchema = z.enum(EVENT_KINDS);
export type EventKind = (typeof EVENT_KINDS)[number];

/** RFC 3339 with any offset and any fraction; written by us as UTC with milliseconds and Z. */
export const TimestampSchema = z.iso.datetime({ offset: true });

const JsonObjectSchema = z.record(z.string(), z.unknown());

/** Payloads: the named keys are checked, further keys are kept as they are. */
export const PAYLOAD_SCHEMAS = {
  status: z.looseObject({
    state: z.string(),
    text: z.string().optional(),
    /** A transition of a team run: the machine event, and the state before and after. */
    event: z.string().optional(),
    from: z.string().optional(),
    to: z.string().optional(),
    /** The machine event whole, so that the log alone rebuilds the run. */
    data: z.unknown().optional(),
  }),
  message: z.looseObject({ role: z.string(), text: z.string(), parts: z.array(z.unknown()).optional() }),
  artifact: z.looseObject({
    name: z.string().optional(),
    text: z.string().optional(),
    data: z.unknown().optional(),
    files: z.array(MeshFileSchema).readonly().optional(),
    /** `sha256:<hex>`: stored beside the log because it is over 64 KiB; `ref_to` says whether it is text or data. */
    ref: z.string().optional(),
    ref_to: z.enum(['text', 'data']).optional(),
    mime: z.string().optional(),
  }),
  tool: z.looseObject({
    name: z.string(),
    phase: z.enum(['start', 'update', 'end']),
    call_id: z.string().optional(),
    input: z.unknown().optional(),
    output: z.unknown().optional(),
    error: z.unknown().optional(),
  }),
  reasoning: z.looseObject({ text: z.string(), ended: z.boolean().optional() }),
  error: z.looseObject({
    code: z.string(),
    message: z.string(),
    retryable: z.boolean().optional(),
    cause: z.unknown().optional(),
  }),
} as const satisfies Record<EventKind, z.ZodType>;

export type EventPayload<K extends EventKind = EventKind> = z.infer<(typeof PAYLOAD_SCHEMAS)[K]>;

/** The stored record. Key order here is the order on the wire and in events.jsonl. */
export const EventSchema = z.strictObject({
  schema_version: z.literal('1'),
  ts: TimestampSchema,
  run_id: z.string().min(1),
  kind: EventKindSchema,
  task_id: z.string().nullable(),
  step: z.string().nullable(),
  payload: JsonObjectSchema,
  metadata: JsonObjectSchema,
  team_run_id: z.string().nullable(),
  id: z.string().min(1),
  seq: z.int().positive(),
});
export type EventV1 = z.infer<typeof EventSchema>;

/** Key order of the wire format; `id` and `seq` come last because files of others may lack them. */
export const EVENT_KEYS = [
  'schema_version',
  'ts',
  'run_id',
  'kind',
  'task_id',
  'step',
  'payload',
  'metadata',
  'team_run_id',
  'id',
  'seq',
] as const satisfies readonly (keyof EventV1)[];

/** metadata.source: who wrote the event. `engine` only from inside; machines and rebuild read engine events only. */
export const EVENT_SOURCES = ['engine', 'agent', 'client', 'log'] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

/** What a writer gives; the log fills in the rest. `seq` and `metadata.source` are never taken from outside. */
export interface EventDraft<K extends EventKind = EventKind> {
  readonly run_id: string;
  readonly kind: K;
  readonly payload: EventPayload<K>;
  readonly task_id?: string | null;
  readonly step?: string | null;
  readonly team_run_id?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Given: the same id with the same content twice is one event. */
  readonly id?: string;
  /** RFC 3339; the log's clock when absent. */
  readonly ts?: string;
}

/** Serialises a record to its line: fixed key order, no newline. */
export const eventLine = (event: EventV1): string =>
  JSON.stringify({
    schema_version: event.schema_version,
    ts: event.ts,
    run_id: event.run_id,
    kind: event.kind,
    task_id: event.task_id,
    step: event.step,
    payload: event.payload,
    metadata: event.metadata,
    team_run_id: event.team_run_id,
    id: event.id,
    seq: event.seq,
  });

/** Filters of GET /api/events and /api/stream; all that are given must hold. */
export const EventFilterSchema = z.strictObject({
  run_id: z.string().optional(),
  task_id: z.string().optional(),
  team_run_id: z.string().optional(),
  kind: EventKindSchema.optional().describe('one kind'),
  agent: z.string().optional().describe('metadata.agent'),
  status: z.string().optional().describe('payload.state of status events'),
  since: TimestampSchema.optional().describe('ts at or after'),
  until: TimestampSchema.optional().describe('ts before'),
});
export type EventFilter = z.infer<typeof EventFilterSchema>;
