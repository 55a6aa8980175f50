// How long a step waits before its next attempt. Pure: jitter is a hash of the key, so that a replay waits the same.
import { durationMs, type WorkStep } from '../nouns/team.ts';

/** FNV-1a, 32 bits, as a fraction in [0, 1). */
const hashFraction = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) / 0x1_0000_0000;
};

/**
 * Milliseconds before retry number `retry` (1 for the first) of a step.
 * Exponential doubles from `initial` up to `max_delay`; jitter takes off up to half of it.
 */
export const backoffMs = (step: WorkStep, retry: number, key: string): number => {
  const policy = step.retry;
  if (policy === undefined) return 0;
  const initial = durationMs(policy.initial);
  const grown = policy.backoff === 'exponential' ? initial * 2 ** Math.min(retry - 1, 40) : initial;
  const capped = Math.min(grown, durationMs(policy.max_delay));
  return Math.round(policy.jitter ? capped * (1 - hashFraction(key) / 2) : capped);
};

/** Whether the same step may be tried again after this failure, retries left or not. */
export const isRetryable = (
  step: WorkStep,
  error: { readonly code: string; readonly retryable: boolean },
): boolean =>
  error.retryable &&
  !(step.retry?.non_retryable.includes(error.code) ?? false) &&
  !(error.code === 'outcome_unknown' && step.on_unknown === 'fail');
