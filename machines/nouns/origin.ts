// On whose behalf something was started: the chain of runs that led to it, so that agents cannot start each other for ever.
import { z } from 'zod';
import { MeshFileSchema } from './file.ts';
import { LIMITS } from './limits.ts';

/** One run of the chain: a team run, or a call (then `team` is null), in the mesh whose log has this id. */
export const OriginLinkSchema = z.strictObject({
  mesh: z.string().min(1).max(64),
  team: z.string().min(1).max(64).nullable(),
  run_id: z.string().min(1).max(64),
});
export type OriginLink = z.infer<typeof OriginLinkSchema>;

/** What an agent says of the work under which it starts something. Either part may be missing. */
export const OriginSchema = z.strictObject({
  run_id: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('the call of this mesh under which the agent works (AGENTMESH_RUN_ID)'),
  chain: z
    .array(OriginLinkSchema)
    .max(LIMITS.originDepth * 2)
    .optional()
    .describe('the chain that came with the request, oldest first'),
});
export type Origin = z.infer<typeof OriginSchema>;

export const ASKED_VIA = ['api', 'a2a', 'mcp'] as const;

/** How a run that an agent or another mesh asked for came about; a run that a person started has none. */
export const AskedBySchema = z.object({
  via: z.enum(ASKED_VIA),
  /** The agent that asked, where its call is known. */
  agent: z.string().nullable(),
  /** Oldest first; the run itself is not in it. */
  chain: z.array(OriginLinkSchema),
  /** The A2A context that the asker gave. */
  context_id: z.string().nullable(),
  /** The asker’s own id of its message. */
  message_id: z.string().nullable().default(null),
});
export type AskedBy = z.infer<typeof AskedBySchema>;

/** A part of a request. `used`: it became an input of the team, and is not handed on once more. */
export const AskedPartSchema = z.union([
  z.strictObject({ text: z.string(), used: z.literal(true).optional() }),
  z.strictObject({ data: z.unknown(), used: z.literal(true).optional() }),
  z.strictObject({ file: MeshFileSchema }),
]);
export type AskedPart = z.infer<typeof AskedPartSchema>;

/** A request as it came, with everything that the asker put into it. */
export const AskedMessageSchema = z.object({
  parts: z.array(AskedPartSchema),
  metadata: z.record(z.string(), z.unknown()),
  /** Of the request around the message. */
  request_metadata: z.record(z.string(), z.unknown()),
  reference_task_ids: z.array(z.string()),
});
export type AskedMessage = z.infer<typeof AskedMessageSchema>;

/** What the row of a run and its first event keep. */
export const AskedRecordSchema = AskedBySchema.extend({ message: AskedMessageSchema.optional() });
export type AskedRecord = z.infer<typeof AskedRecordSchema>;

/** What each agent of the run is told of the request: who asked, and what did not become an input. */
export const AskedFactsSchema = z.looseObject({
  via: z.enum(ASKED_VIA),
  context_id: z.string().nullable(),
  message_id: z.string().nullable(),
  parts: z.array(AskedPartSchema),
});
export type AskedFacts = z.infer<typeof AskedFactsSchema>;
