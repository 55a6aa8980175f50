// How a task ended, in the words of the port.
import { failure, type Failure } from '#machines/nouns/error';
import type { Outcome, OutcomeArtifact } from '../adapter.ts';

/** The outcome of a task; `claimed` is what the agent said of its failure. */
export const outcomeOf = ({
  status,
  text,
  artifacts,
  claimed,
  isDirect,
}: {
  readonly status: Outcome['status'];
  readonly text: string | null;
  readonly artifacts: OutcomeArtifact[];
  readonly claimed: Failure | null;
  /** The agent answered without a task. */
  readonly isDirect: boolean;
}): Outcome => {
  const said = { ...(text === null ? {} : { text }), artifacts };
  const because = (code: 'agent_needs_input' | 'agent_rejected' | 'agent_failed'): Failure =>
    claimed ?? failure(code, text ?? undefined);
  switch (status) {
    case 'completed':
      return { status, ...said, ...(isDirect ? { isDirect } : {}) };
    case 'cancelled':
      return { status, ...said, cancelConfirmed: true };
    case 'input-required':
      return { status, ...said, error: because('agent_needs_input') };
    case 'rejected':
      return { status, ...said, error: because('agent_rejected') };
    case 'failed':
      return { status, ...said, error: because('agent_failed') };
  }
};
