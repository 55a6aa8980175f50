// Approvals derived from the log alone, for a rebuild: each from the event that asked and the one that ended it.
import { z } from 'zod';
import { APPROVAL_KINDS, APPROVAL_STATES, APPROVAL_WORDS } from '#machines/nouns/approval';
import { CallerRecordSchema } from '#machines/nouns/audit';
import type { EventV1 } from '#machines/nouns/event';
import type { Tx } from '../store/writer.ts';
import { readOperation } from './operation.ts';
import type { ApprovalRows } from './rows.ts';

const AskedSchema = z.object({
  approval_id: z.string(),
  native_id: z.string(),
  kind: z.enum(APPROVAL_KINDS),
  tool: z.string().nullable(),
  operation: z.unknown(),
  operation_hash: z.string(),
  expires_at: z.iso.datetime(),
  ends_with_run: z.boolean(),
});
const DecidedSchema = z.object({
  approval_id: z.string(),
  decision: z.enum(APPROVAL_STATES).exclude(['pending']),
  by: CallerRecordSchema.nullable(),
  answer: z.string().nullable(),
  reason: z.string().nullable(),
});

/** Whether an event of a run is about an approval; then its row is made or ended, inside a transaction. */
export const replayApproval = (tx: Tx, rows: ApprovalRows, event: EventV1): boolean => {
  const { payload, metadata } = event;
  if (payload['state'] === APPROVAL_WORDS.asked) {
    const { approval_id: id, native_id: nativeId, ...asked } = AskedSchema.parse(payload['data']);
    const title = typeof payload['text'] === 'string' ? payload['text'] : '';
    const operation = readOperation({ ...asked, nativeId, title, expiresAt: null, withdrawn: never });
    if ('refused' in operation) throw new Error(`approval ${id}: ${operation.refused}`);
    rows.insert(tx, {
      id,
      nativeId,
      runId: event.run_id,
      teamRunId: event.team_run_id,
      step: event.step,
      agent: typeof metadata['agent'] === 'string' ? metadata['agent'] : '',
      kind: asked.kind,
      title,
      tool: asked.tool,
      operation: operation.text,
      operationHash: operation.hash,
      expiresAt: Date.parse(asked.expires_at),
      dueAt: asked.ends_with_run ? null : Date.parse(asked.expires_at),
    });
    return true;
  }
  if (payload['state'] !== APPROVAL_WORDS.decided) return false;
  // What was refused before anybody was asked has no row.
  const decided = DecidedSchema.safeParse(payload['data']);
  if (decided.success) {
    const { approval_id: id, decision: state, by, answer, reason } = decided.data;
    rows.decide(tx, id, { state, by, answer, reason });
  }
  return true;
};

const never = new AbortController().signal;
