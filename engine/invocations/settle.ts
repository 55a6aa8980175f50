// The end of an invocation: its last events, its row, its job and what the team run makes of it, in one transaction.
import { failure, type Failure } from '#machines/nouns/error';
import type { EventV1 } from '#machines/nouns/event';
import type { InvocationState } from '#machines/nouns/run';
import type { Outcome, OutcomeArtifact } from '../agents/adapter.ts';
import type { EventLog } from '../events/append.ts';
import type { Outbox } from '../queue/outbox.ts';
import type { Tx } from '../store/writer.ts';
import type { Artifacts } from './artifacts.ts';
import { type OutputChecker, outputOf } from './output.ts';
import type { Approvals } from '../approvals/approvals.ts';
import { invocationFacts } from './invocation-facts.ts';
import type { Recorder } from './recorder.ts';
import type { InvocationRow } from './invocation-row.ts';
import type { InvocationRows } from './rows.ts';

/** Why the engine asked the agent to stop. */
export type StopReason = 'cancel' | 'timeout';

/** How an invocation ended, as the team run that waits for it is told. */
export type Ending =
  | { readonly ok: true; readonly output: unknown; readonly ref: string }
  | { readonly ok: false; readonly error: Failure; readonly confirmed?: boolean };

export interface SettleParts {
  readonly log: EventLog;
  readonly rows: InvocationRows;
  readonly outbox: Outbox;
  readonly artifacts: Artifacts;
  readonly checker: OutputChecker;
  readonly approvals: Pick<Approvals, 'withdrawOf'>;
  /** Tells the team run, inside the same transaction. */
  readonly onEnded: (tx: Tx, row: InvocationRow, ending: Ending) => void;
}

interface Verdict {
  readonly state: InvocationState;
  readonly error: Failure | null;
  readonly confirmed: boolean | null;
}

/** What the agent said, and what was asked of it, as one verdict. */
const verdictOf = (outcome: Outcome, stop: StopReason | null): Verdict => {
  const { status } = outcome;
  if (status === 'completed' || (status === 'input-required' && (outcome.text ?? '') !== ''))
    return { state: 'completed', error: null, confirmed: null };
  if (stop === 'timeout')
    return {
      state: 'failed',
      error: failure('timeout', 'the time limit passed and the agent was stopped', outcome.error?.message),
      confirmed: outcome.cancelConfirmed ?? status === 'cancelled',
    };
  if (stop === 'cancel' || status === 'cancelled')
    return {
      state: 'cancelled',
      error: failure('cancelled', stop === null ? 'the agent cancelled the task by itself' : undefined),
      confirmed: outcome.cancelConfirmed ?? true,
    };
  const fallback =
    status === 'rejected'
      ? 'agent_rejected'
      : status === 'input-required'
        ? 'agent_needs_input'
        : 'agent_failed';
  return { state: 'failed', error: outcome.error ?? failure(fallback, outcome.text), confirmed: null };
};

/** Its files as the log has them: an output names large ones by their reference. */
const withFilesKept = (artifact: OutcomeArtifact, artifacts: Artifacts): OutcomeArtifact => {
  if (artifact.files === undefined) return artifact;
  return { ...artifact, files: artifacts.keepFiles(artifact.files) };
};

export interface Settlement {
  readonly row: InvocationRow;
  readonly outcome: Outcome;
  readonly stop: StopReason | null;
  /** Null when the agent was never asked (a wrong name, a cancel while queued). */
  readonly recorder: Recorder | null;
}

/** Settles inside `tx`. The caller has made sure that the invocation has not ended. */
export const settle = (
  tx: Tx,
  { row, outcome: told, stop, recorder }: Settlement,
  parts: SettleParts,
): void => {
  const { log, rows, outbox, artifacts, checker, approvals } = parts;
  const outcome = { ...told, artifacts: told.artifacts.map((each) => withFilesKept(each, artifacts)) };
  recorder?.flush(tx);
  approvals.withdrawOf(tx, row.runId);
  const facts = invocationFacts(row, recorder?.taskId ?? row.taskId);
  const ids = [...(recorder?.artifactIds ?? [])];
  for (const artifact of told.artifacts.slice(ids.length)) {
    const { id } = log.append(
      tx,
      { ...facts, kind: 'artifact', payload: artifacts.keep({ ...artifact }) },
      'agent',
    );
    ids.push(id);
  }
  let verdict = verdictOf(outcome, stop);
  const output = outputOf(outcome, row.outputSchema);
  let carrier: EventV1 | null = null;
  if (outcome.text !== undefined && outcome.text !== '') {
    const kept = artifacts.keep({ text: outcome.text });
    const payload =
      kept.ref === undefined
        ? { role: 'agent', text: outcome.text }
        : { role: 'agent', text: '', ref: kept.ref };
    carrier = log.append(
      tx,
      {
        ...facts,
        kind: 'message',
        payload,
        metadata: {
          ...facts.metadata,
          final: true,
          ...(outcome.isDirect === true ? { direct: true } : {}),
        },
      },
      'agent',
    );
  }
  if (verdict.state === 'completed') {
    const mismatch = checker.check(output.value, row.outputSchema);
    if (mismatch !== null) verdict = { state: 'failed', error: mismatch, confirmed: null };
  }
  const { state, error, confirmed } = verdict;
  if (error !== null) log.append(tx, { ...facts, kind: 'error', payload: { ...error } }, 'engine');
  const end = log.append(
    tx,
    {
      ...facts,
      kind: 'status',
      payload: {
        state,
        ...(error === null ? {} : { text: error.message }),
        data: {
          ...(outcome.status === state ? {} : { agent_state: outcome.status }),
          ...(confirmed === null ? {} : { cancel_confirmed: confirmed }),
          ...(row.mayHaveRunTwice ? { may_have_run_twice: true } : {}),
        },
      },
    },
    'engine',
  );
  const ref = (output.artifact === null ? carrier?.id : ids[output.artifact]) ?? end.id;
  rows.end(tx, row.runId, {
    state,
    error,
    cancelConfirmed: confirmed,
    outputRef: error === null && row.step !== null ? ref : null,
  });
  outbox.remove(tx, row.runId);
  parts.onEnded(
    tx,
    row,
    error === null
      ? { ok: true, output: output.value, ref }
      : { ok: false, error, ...(confirmed === null ? {} : { confirmed }) },
  );
  recorder?.end(tx);
};
