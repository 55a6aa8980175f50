// Where agents are looked for, and how well that goes.
import { z } from 'zod';
import { DISCOVERY_SOURCES } from './discovery-sources.ts';

/**
 * on: it looks. off: the setting says not to. absent: what it asks is not on this machine. failed: it cannot look, see
 * `problem`; it tries again by itself.
 */
export const SOURCE_STATES = ['on', 'off', 'absent', 'failed'] as const;

export const SourceStateSchema = z.object({
  source: z.enum(DISCOVERY_SOURCES),
  state: z.enum(SOURCE_STATES),
  /** Where it looks, in words. */
  detail: z.string(),
  /** Agents that it names now. */
  found: z.int().min(0),
  /** What it heard and did not take, since the start. */
  ignored: z.int().min(0),
  /** Why the last of those was not taken. */
  ignored_last: z.string().nullable(),
  problem: z.string().nullable(),
});
export type SourceState = z.infer<typeof SourceStateSchema>;
