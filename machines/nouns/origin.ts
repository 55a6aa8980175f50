// On whose behalf something was started: the chain of runs that led to it, so that agents cannot start each other for ever.
import { z } from 'zod';
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
});
export type AskedBy = z.infer<typeof AskedBySchema>;
