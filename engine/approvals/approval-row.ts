// One row of the approvals table: what an agent asked, and what became of it.
import type { Approval, ApprovalKind, ApprovalState } from '#machines/nouns/approval';
import type { CallerRecord } from '#machines/nouns/audit';
import type { ApprovalAnswer } from '../agents/adapter.ts';
import type { Schema } from '../store/schema.ts';

/** A row with its JSON columns read, but for the operation: that stays the very text that was hashed. Times are milliseconds. */
export interface ApprovalRow {
  readonly id: string;
  readonly runId: string;
  readonly nativeId: string;
  readonly teamRunId: string | null;
  readonly step: string | null;
  readonly agent: string;
  readonly kind: ApprovalKind;
  readonly title: string;
  readonly tool: string | null;
  /** Canonical JSON. */
  readonly operation: string;
  readonly operationHash: string;
  readonly state: ApprovalState;
  readonly requestedAt: number;
  readonly expiresAt: number;
  /** Null when it ends with its run. */
  readonly dueAt: number | null;
  readonly decidedAt: number | null;
  readonly decidedBy: CallerRecord | null;
  readonly answer: string | null;
  readonly reason: string | null;
}

export type NewApproval = Omit<
  ApprovalRow,
  'state' | 'requestedAt' | 'decidedAt' | 'decidedBy' | 'answer' | 'reason'
>;

/** How a question ended. */
export interface Verdict {
  readonly state: Exclude<ApprovalState, 'pending'>;
  readonly by: CallerRecord | null;
  readonly answer: string | null;
  readonly reason: string | null;
  /** The asker’s own id of its answer; stands in the log alone. */
  readonly messageId?: string;
}

/** The end of a question that nobody answered. */
export const nobody = (state: 'expired' | 'withdrawn'): Verdict => ({
  state,
  by: null,
  answer: null,
  reason: null,
});

/** The row as SQLite gives it. */
export type RawApproval = Readonly<Schema['approvals']>;

/** Reads the JSON columns. */
export const fromRaw = (raw: RawApproval): ApprovalRow => ({
  id: raw.id,
  runId: raw.run_id,
  nativeId: raw.native_id,
  teamRunId: raw.team_run_id,
  step: raw.step,
  agent: raw.agent,
  kind: raw.kind as ApprovalKind,
  title: raw.title,
  tool: raw.tool,
  operation: raw.operation,
  operationHash: raw.operation_hash,
  state: raw.state as ApprovalState,
  requestedAt: raw.requested_at,
  expiresAt: raw.expires_at,
  dueAt: raw.due_at,
  decidedAt: raw.decided_at,
  decidedBy: raw.decided_by === null ? null : (JSON.parse(raw.decided_by) as CallerRecord),
  answer: raw.answer,
  reason: raw.reason,
});

const iso = (ms: number): string => new Date(ms).toISOString();

/** The row as others see it. */
export const toApproval = (row: ApprovalRow): Approval => ({
  approval_id: row.id,
  run_id: row.runId,
  team_run_id: row.teamRunId,
  step: row.step,
  agent: row.agent,
  kind: row.kind,
  title: row.title,
  tool: row.tool,
  operation: JSON.parse(row.operation) as unknown,
  operation_hash: row.operationHash,
  state: row.state,
  requested_at: iso(row.requestedAt),
  expires_at: iso(row.expiresAt),
  decided_at: row.decidedAt === null ? null : iso(row.decidedAt),
  decided_by: row.decidedBy,
  answer: row.answer,
  reason: row.reason,
  signed: false,
});

/** The row as the adapter that asked is told; null while it is pending. */
export const answerOf = ({ state, decidedBy, answer, reason }: ApprovalRow): ApprovalAnswer | null => {
  const by = decidedBy === null ? 'engine' : `${decidedBy.kind} ${decidedBy.detail}`;
  switch (state) {
    case 'pending':
      return null;
    case 'approved':
      return { decision: 'allow', text: answer, by };
    case 'rejected':
      return { decision: 'deny', reason, by };
    case 'expired':
    case 'withdrawn':
      return { decision: state };
  }
};
