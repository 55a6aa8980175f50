// What a person says to an approval: once, about the operation that was shown, and only while the agent asks.
import { MeshError } from '#machines/nouns/error';
import type { Audit } from '../audit/append.ts';
import type { Engine } from '../engine.ts';
import { type Caller, callerRecord } from '../identity/caller.ts';
import type { InvocationRows } from '../invocations/rows.ts';
import type { Tx } from '../store/writer.ts';
import { type ApprovalRow, nobody, type Verdict } from './approval-row.ts';

export interface DecideParts {
  /** Throws unknown_approval. */
  readonly found: (id: string) => ApprovalRow;
  readonly finish: (tx: Tx, row: ApprovalRow, verdict: Verdict) => void;
  readonly invocationRows: Pick<InvocationRows, 'state'>;
  readonly audit: Pick<Audit, 'append'>;
}

type Asked = Parameters<Engine['approvals']['decide']>[2];

/**
 * Wires it. Inside a transaction: decides, or answers why not; what time or the end of its run has decided is written
 * all the same. Throws unknown_approval, approval_mismatch, bad_request.
 */
export const createDecide =
  ({ found, finish, invocationRows, audit }: DecideParts) =>
  (tx: Tx, caller: Caller, id: string, asked: Asked): MeshError | null => {
    const row = found(id);
    if (asked.hash !== undefined && asked.hash !== row.operationHash)
      throw new MeshError('approval_mismatch', undefined, { operation_hash: row.operationHash });
    const answer = asked.answer ?? null;
    const isAllowed = asked.decision === 'allow';
    if (isAllowed && row.kind === 'question' && (answer ?? '').trim() === '')
      throw new MeshError('bad_request', 'The agent asks a question: allow it with an answer', {
        field: 'answer',
      });
    if (answer !== null && !(isAllowed && row.kind === 'question'))
      throw new MeshError('bad_request', 'Only a question that is allowed takes an answer', {
        field: 'answer',
      });
    if (row.state === 'pending') {
      const run = invocationRows.state(row.runId);
      if (run === null || run.hasEnded || run.cancelRequested !== null) finish(tx, row, nobody('withdrawn'));
      else if (row.expiresAt <= tx.now) finish(tx, row, nobody('expired'));
      else {
        const { decision, reason = null } = asked;
        audit.append(tx, caller, 'approval.decide', 'high', id, {
          decision,
          answer,
          reason,
          operation_hash: row.operationHash,
        });
        const by = callerRecord(caller);
        const { messageId } = asked;
        finish(tx, row, {
          state: isAllowed ? 'approved' : 'rejected',
          by,
          answer,
          reason,
          ...(messageId === undefined ? {} : { messageId }),
        });
        return null;
      }
    }
    const { state, answer: given } = found(id);
    if (state === (isAllowed ? 'approved' : 'rejected') && given === answer) return null;
    return state === 'expired' || state === 'withdrawn'
      ? new MeshError(`approval_${state}`, undefined, { state })
      : new MeshError('approval_decided', `It is ${state}${given === null ? '' : ' with another answer'}`, {
          state,
        });
  };
