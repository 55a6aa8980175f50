// How an invocation ended, as an event for the machine of its run.
import type { Failure } from '#machines/nouns/error';
import type { InvocationRow } from '../invocations/invocation-row.ts';
import type { Incoming } from './live-run.ts';

/** What of an ending the machine hears. */
export type StepEnding =
  | { readonly ok: true; readonly ref: string }
  | { readonly ok: false; readonly error: Failure; readonly confirmed?: boolean };

/** The event, or null for an invocation that is no step's. */
export const outcomeEvent = (
  row: Pick<InvocationRow, 'step' | 'key'>,
  ending: StepEnding,
): Incoming | null => {
  const { step, key } = row;
  if (step === null) return null;
  if (ending.ok) return { type: 'step_complete', step, key, output: { ref: ending.ref, fields: {} } };
  const { error, confirmed } = ending;
  return { type: 'step_fail', step, key, error, ...(confirmed === undefined ? {} : { confirmed }) };
};

/** The ending that a settled row tells; null while it has not ended. */
export const endingOf = (row: InvocationRow): StepEnding | null => {
  if (row.endedAt === null) return null;
  if (row.error === null) return { ok: true, ref: row.outputRef ?? row.runId };
  return {
    ok: false,
    error: row.error,
    ...(row.cancelConfirmed === null ? {} : { confirmed: row.cancelConfirmed }),
  };
};
