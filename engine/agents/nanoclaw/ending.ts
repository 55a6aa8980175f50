// When a run at NanoClaw is over: no row says so, so it is read from the acknowledgement and from silence. Pure.

/** After the acknowledgement the runner writes what is left within milliseconds. */
export const QUIET_MS = 600;
/** An answer without an address is asked for again: while nothing has come, the silence must be longer. */
export const QUIET_WITHOUT_ANSWER_MS = 3_000;
/** A tool that is in flight after the acknowledgement belongs to such a second try; one without a sign of life for so long is a leftover. */
export const STALE_TOOL_MS = 60_000;

/** What is known of a run; times are of one clock. */
export interface Signs {
  /** As processing_ack has it. */
  readonly ack: string | null;
  readonly hasAnswer: boolean;
  readonly hasToolInFlight: boolean;
  /** When the mailbox last changed as far as we saw: a row, the acknowledgement, a tool. */
  readonly changedAt: number;
  /** When the container last touched its heartbeat, as far as we saw. */
  readonly heartbeatAt: number;
}

/** Whether the container says that it is done with the message. */
export const isAcknowledged = (ack: string | null): boolean => ack !== null && ack !== 'processing';

/** Whether the run is over. */
export const isOver = (signs: Signs, now: number): boolean => {
  const { ack, hasAnswer, hasToolInFlight, changedAt, heartbeatAt } = signs;
  if (!isAcknowledged(ack)) return false;
  const aliveAt = Math.max(changedAt, heartbeatAt);
  if (hasToolInFlight && now - aliveAt < STALE_TOOL_MS) return false;
  return hasAnswer ? now - changedAt >= QUIET_MS : now - aliveAt >= QUIET_WITHOUT_ANSWER_MS;
};
