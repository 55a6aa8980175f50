// The frames of the Gateway protocol 4, as far as we read them: everything else in them is ignored.
import { z } from 'zod';

export const PROTOCOL = 4;

/** Errors of the gateway: `code` and `details.code` mean something, `message` is for people. */
export const WireErrorSchema = z.object({
  code: z.string().default(''),
  message: z.string().default(''),
  details: z.looseObject({ code: z.string().optional() }).nullish(),
  retryable: z.boolean().optional(),
  retryAfterMs: z.number().optional(),
});
export type WireError = z.infer<typeof WireErrorSchema>;

const ResponseSchema = z.object({
  type: z.literal('res'),
  id: z.string(),
  ok: z.boolean(),
  payload: z.unknown().optional(),
  error: WireErrorSchema.optional(),
});
const EventFrameSchema = z.object({ type: z.literal('event'), event: z.string(), payload: z.unknown() });
export const FrameSchema = z.discriminatedUnion('type', [ResponseSchema, EventFrameSchema]);
export type Frame = z.infer<typeof FrameSchema>;

export const ChallengeSchema = z.object({ nonce: z.string().min(1), ts: z.int().min(0) });

export const HelloSchema = z.object({
  type: z.literal('hello-ok'),
  protocol: z.number(),
  server: z.object({ version: z.string().default('') }),
  auth: z
    .object({ deviceToken: z.string().min(1).optional(), scopes: z.array(z.string()).default([]) })
    .default({ scopes: [] }),
  policy: z.object({ maxPayload: z.number().optional(), tickIntervalMs: z.number().optional() }).default({}),
});
export type Hello = z.infer<typeof HelloSchema>;

/** One agent of a gateway, in the answer of agents.list. */
const AgentRowSchema = z.looseObject({
  id: z.string().min(1),
  name: z.string().optional(),
  identity: z.looseObject({ name: z.string().optional() }).nullish(),
});
export const AgentsSchema = z.object({
  defaultId: z.string().optional(),
  agents: z.array(AgentRowSchema),
});
export type AgentRow = z.infer<typeof AgentRowSchema>;

const text = z.string().optional().catch(undefined);

/** `event: "agent"`: of its many fields, these eight. */
export const AgentEventSchema = z.object({
  runId: z.string(),
  sessionKey: text,
  sessionId: text,
  agentId: text,
  stream: z.string(),
  data: z.record(z.string(), z.unknown()).catch({}),
  seq: z.number().optional().catch(undefined),
  ts: z.number().optional().catch(undefined),
});
export type AgentEvent = z.infer<typeof AgentEventSchema>;

/** A message as transcripts hold it. */
export const TranscriptMessageSchema = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string(), text }))]).catch(''),
  idempotencyKey: text,
  stopReason: text,
  errorMessage: text,
});
export type TranscriptMessage = z.infer<typeof TranscriptMessageSchema>;

/** `event: "chat"`. */
export const ChatEventSchema = z.object({
  runId: z.string(),
  sessionKey: text,
  state: z.string(),
  phase: text,
  stopReason: text,
  deltaText: text,
  message: TranscriptMessageSchema.optional().catch(undefined),
  errorMessage: text,
  errorDetail: z
    .looseObject({ failoverReason: text, provider: text, model: text })
    .optional()
    .catch(undefined),
});
export type ChatEvent = z.infer<typeof ChatEventSchema>;

/** What `chat.history` tells of a session. */
export const HistorySchema = z.object({
  messages: z.array(TranscriptMessageSchema.catch({ role: '', content: '' })).default([]),
  inFlightRun: z.looseObject({ runId: z.string(), text: z.string().default('') }).nullish(),
});
export type History = z.infer<typeof HistorySchema>;

/** The words of a message: its text parts, in order. */
export const textOfMessage = (message: TranscriptMessage | undefined): string => {
  if (message === undefined) return '';
  if (typeof message.content === 'string') return message.content;
  return message.content
    .filter(({ type }) => type === 'text')
    .map((part) => part.text ?? '')
    .join('');
};
