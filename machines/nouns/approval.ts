// An approval: what an agent asks a person before it goes on, whole, and what became of it.
import { z } from 'zod';
import { APPROVAL_KINDS, APPROVAL_STATES } from './approval-words.ts';
import { CallerRecordSchema } from './audit.ts';

export {
  APPROVAL_KINDS,
  APPROVAL_STATES,
  APPROVAL_WORDS,
  DECISIONS,
  type ApprovalKind,
  type ApprovalState,
  type Decision,
} from './approval-words.ts';

export const ApprovalSchema = z.object({
  approval_id: z.string(),
  run_id: z.string(),
  team_run_id: z.string().nullable(),
  step: z.string().nullable(),
  agent: z.string(),
  kind: z.enum(APPROVAL_KINDS),
  /** In the agent’s own words. */
  title: z.string(),
  tool: z.string().nullable(),
  /** Whole: what is too large to be shown is refused, never cut. */
  operation: z.unknown(),
  operation_hash: z.string().describe('SHA-256 (hex) of the canonical JSON (RFC 8785) of the operation'),
  state: z.enum(APPROVAL_STATES),
  requested_at: z.string(),
  expires_at: z.string(),
  decided_at: z.string().nullable(),
  decided_by: CallerRecordSchema.nullable().describe(
    'null while nobody has, and when it expired or was withdrawn',
  ),
  /** To a question. */
  answer: z.string().nullable(),
  reason: z.string().nullable(),
  /** Decisions are local: no device signs them yet. */
  signed: z.literal(false),
});
export type Approval = z.infer<typeof ApprovalSchema>;
