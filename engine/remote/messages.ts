// What daemon and workers say to each other, each message sealed with the mesh key. docs/queues.md tells the protocol.
import { z } from 'zod';
import { AgentEntrySchema, SkillSchema } from '#machines/nouns/agent';
import { FailureSchema } from '#machines/nouns/error';
import { EVENT_KINDS } from '#machines/nouns/event';
import { MeshFileSchema } from '#machines/nouns/file';

const record = z.record(z.string(), z.unknown());
const count = z.int().min(0);

/** A call and the number of its taking: whoever has an older number has been given up and is not listened to. */
const Holding = z.object({ run: z.string(), fence: z.int().min(1) });
export type Holding = z.infer<typeof Holding>;

/** Finds a run again at its agent (NativeHandle of the adapter port). */
const Handle = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/**
 * Who is to be called. `entry` goes along only when it is a URL without a credential; else the worker has one of its
 * own by this name, and neither a command nor a secret ever comes through Redis.
 */
const CallSchema = z.object({
  agent: z.string(),
  kind: z.string(),
  entry: AgentEntrySchema.nullable(),
  card: z.unknown(),
  /** Where requests to `entry` may lead (Reach of the network port). */
  reach: z.union([z.enum(['public', 'lan']), z.strictObject({ given: z.string() })]).nullable(),
});
export type Call = z.infer<typeof CallSchema>;

/** A call handed to a worker: the payload of a job in the worker's queue. */
export const TicketSchema = Holding.extend({
  mode: z.enum(['invoke', 'reattach']),
  call: CallSchema,
  prompt: z.string(),
  data: record,
  key: z.string(),
  handle: Handle.nullable(),
  /** Milliseconds until its deadline, from when it was handed over: clocks of two hosts differ. */
  leftMs: z.number(),
});
export type Ticket = z.infer<typeof TicketSchema>;

const EventSchema = z.object({
  kind: z.enum(EVENT_KINDS),
  payload: record,
  delta: z.boolean().optional(),
  metadata: record.optional(),
});

const OutcomeSchema = z.object({
  status: z.enum([
    'completed',
    'failed',
    'cancelled',
    'rejected',
    'input-required',
    'unknown',
    'never-received',
  ]),
  text: z.string().optional(),
  artifacts: z
    .array(
      z.object({
        name: z.string().optional(),
        text: z.string().optional(),
        data: z.unknown().optional(),
        files: z.array(MeshFileSchema).optional(),
        mime: z.string().optional(),
      }),
    )
    .default([]),
  error: FailureSchema.optional(),
  cancelConfirmed: z.boolean().optional(),
  isDirect: z.boolean().optional(),
});

/** One fact of a call, in order: what a Sink of the adapter port is told. */
export const FactSchema = z.discriminatedUnion('is', [
  /** The first one: nothing is done before the daemon has taken it. */
  z.object({ is: z.literal('begun') }),
  z.object({ is: z.literal('handle'), native: Handle, taskId: z.string().nullable() }),
  z.object({ is: z.literal('sent') }),
  z.object({ is: z.literal('event'), event: EventSchema }),
  /** The last one. */
  z.object({ is: z.literal('end'), outcome: OutcomeSchema }),
  /** The last one too: the adapter threw, or there is no such agent here. */
  z.object({ is: z.literal('fault'), error: FailureSchema }),
]);
export type Fact = z.infer<typeof FactSchema>;

const AskSchema = z.object({
  nativeId: z.string(),
  kind: z.enum(['permission', 'question']),
  title: z.string(),
  tool: z.string().nullable(),
  operation: z.unknown(),
  /** Milliseconds from now; null: until the deadline of the call. */
  leftMs: z.number().nullable(),
});
export type Ask = z.infer<typeof AskSchema>;

/** A Probe of the adapter port; what it gets besides later goes along. */
const ProbeSchema = z.looseObject({
  ok: z.boolean(),
  name: z.string().nullable(),
  description: z.string(),
  version: z.string().nullable(),
  protocol: z.string().nullable(),
  skills: z.array(SkillSchema),
  latencyMs: z.number(),
  problem: FailureSchema.nullable(),
});

/** From a worker to the daemon: entries of one stream, which stay in it until the daemon has recorded them. */
export const ReportSchema = z.discriminatedUnion('is', [
  Holding.extend({ is: z.literal('fact'), from: z.string(), n: z.int().min(1), fact: FactSchema }),
  Holding.extend({ is: z.literal('ask'), from: z.string(), ask: AskSchema }),
  Holding.extend({ is: z.literal('withdraw'), from: z.string(), nativeId: z.string() }),
  z.object({ is: z.literal('probed'), from: z.string(), id: z.string(), probe: ProbeSchema }),
  /** It goes, and gives back what it holds. */
  z.object({ is: z.literal('bye'), from: z.string() }),
]);
export type Report = z.infer<typeof ReportSchema>;

/** From the daemon to one worker: lost ones are sent again when the worker's next beat shows that they are missing. */
export const MailSchema = z.discriminatedUnion('is', [
  /** Facts up to n are recorded. */
  Holding.extend({ is: z.literal('taken'), n: count }),
  Holding.extend({ is: z.literal('stop'), reason: z.enum(['cancel', 'timeout']) }),
  /** It is not the worker's any more: it has come to an end, or another one has it. */
  Holding.extend({ is: z.literal('stale'), isOver: z.boolean() }),
  /** It is the worker's again under a new number; facts up to n of the old one were recorded. */
  Holding.extend({ is: z.literal('yours'), was: z.int().min(1), n: count }),
  Holding.extend({
    is: z.literal('answer'),
    nativeId: z.string(),
    answer: z.discriminatedUnion('decision', [
      z.object({ decision: z.literal('allow'), text: z.string().nullable(), by: z.string() }),
      z.object({ decision: z.literal('deny'), reason: z.string().nullable(), by: z.string() }),
      z.object({ decision: z.literal('expired') }),
      z.object({ decision: z.literal('withdrawn') }),
    ]),
  }),
  /** Ask that again: this life of the daemon has not heard it. */
  Holding.extend({ is: z.literal('again'), nativeId: z.string() }),
  z.object({ is: z.literal('probe'), id: z.string(), call: CallSchema, leftMs: z.number() }),
]);
export type Mail = z.infer<typeof MailSchema>;

/** What a worker shows of itself, again and again. */
export const BeatSchema = z.object({
  worker: z.string(),
  name: z.string(),
  host: z.string(),
  version: z.string(),
  pid: z.int(),
  /** Kinds and names of agents. */
  serves: z.array(z.string()),
  /** Agents that it has an entry of its own for. */
  agents: z.array(z.string()),
  /** Equal for those to whom 127.0.0.1 is the same machine. */
  loopback: z.string(),
  /** How many calls it performs at once. */
  places: z.int().min(1),
  /** Rises with each beat. */
  beat: z.int().min(1),
  /** Which connection it is: each has a queue of its own. */
  life: z.string(),
  holds: z.array(Holding.extend({ /** Facts that it has told. */ n: count, asks: z.array(z.string()) })),
});
export type Beat = z.infer<typeof BeatSchema>;

/** Where messages lie in Redis, below what the mesh's keys begin with; each is the place of a seal too. */
export const places = (mesh: string) => ({
  reports: `${mesh}:reports`,
  workers: `${mesh}:workers`,
  beat: (worker: string) => `${mesh}:beat:${worker}`,
  mail: (worker: string) => `${mesh}:mail:${worker}`,
  /** A queue of bee-queue, one for each life of the worker's connection. */
  queue: (worker: string) => `worker:${worker}`,
  ticket: (worker: string, { run, fence }: Holding) => `ticket ${mesh} ${worker} ${run} ${String(fence)}`,
});
export type Places = ReturnType<typeof places>;

/** The id of a job in a worker's queue. */
export const ticketId = ({ run, fence }: Holding): string => `${run}.${String(fence)}`;

/** JSON as a message of this shape; null when it is none. */
export const readMessage = <T>(schema: z.ZodType<T>, text: string): T | null => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
};
