// The `result` line of Claude Code as the end of a run, and what the run has used.
import { failure } from '#machines/nouns/error';
import type { Ending } from '../../processes/conversation.ts';
import type { Result } from './lines.ts';

const LOGIN = 'log in with `claude auth login`, or give ANTHROPIC_API_KEY in the env of the agent';

/** The refused credential, in words. `said` is Claude Code’s own word for it. */
export const loginFailure = (said: string): NonNullable<Ending['error']> =>
  failure('auth', `Claude Code could not log in: ${LOGIN}`, said);

const saidOf = ({ result, errors = [] }: Result): string =>
  [result, ...errors.map((error) => (typeof error === 'string' ? error : JSON.stringify(error)))]
    .filter((each) => typeof each === 'string' && each !== '')
    .join('\n')
    .slice(0, 4_096);

/** Ends that trying again does not change: limits of the entry’s own settings. */
const LIMITS_REACHED: Readonly<Record<string, string>> = {
  error_max_turns: 'Claude Code stopped at the most turns that it may take (max_turns)',
  error_max_budget_usd: 'Claude Code stopped at the most money that it may spend (max_budget_usd)',
};

/** Client faults of the model API (RFC 9110 section 15.5) stay; these pass. */
const PASSING = [408, 409, 425, 429];

/** How the run ended. `wasAsked`: we had asked Claude Code to interrupt it. */
export const endingOf = (line: Result, wasAsked: boolean): Ending => {
  const { subtype, is_error: isError, api_error_status: status, result, terminal_reason: reason } = line;
  const said = saidOf(line);
  if (subtype === 'success' && !isError) {
    if (line.stop_reason === 'refusal')
      return { status: 'rejected', error: failure('agent_rejected', 'The model refused', said) };
    return { status: 'completed', ...(typeof result === 'string' ? { text: result } : {}) };
  }
  if (subtype === 'error_during_execution' && (wasAsked || reason?.startsWith('aborted') === true))
    return { status: 'cancelled' };
  const limit = Object.hasOwn(LIMITS_REACHED, subtype) ? LIMITS_REACHED[subtype] : undefined;
  if (limit !== undefined)
    return { status: 'failed', error: { ...failure('agent_failed', limit), retryable: false } };
  if (status === 401 || status === 403 || /\/login\b/.test(said))
    return { status: 'failed', error: loginFailure(said) };
  const isFinal = typeof status === 'number' && status >= 400 && status < 500 && !PASSING.includes(status);
  const error = failure('agent_failed', said === '' ? `Claude Code failed (${subtype})` : said);
  return { status: 'failed', error: isFinal ? { ...error, retryable: false } : error };
};

/** Tokens and money of the run; null when the line tells none. */
export const usageOf = (line: Result): Readonly<Record<string, unknown>> | null => {
  const { usage, total_cost_usd: cost, num_turns: turns } = line;
  const known = Object.entries({
    input_tokens: usage?.input_tokens,
    output_tokens: usage?.output_tokens,
    cached_input_tokens: usage?.cache_read_input_tokens,
    cache_creation_input_tokens: usage?.cache_creation_input_tokens,
    cost: cost === undefined ? undefined : { amount: cost, currency: 'USD' },
    turns,
  }).filter(([, value]) => value !== undefined);
  return known.length === 0 ? null : Object.fromEntries(known);
};
