// How a call ended, out of a message and into one, and what it comes to when nobody can say how.
import { failure } from '#machines/nouns/error';
import type { Outcome, Reattached } from '../agents/adapter.ts';
import type { Fact } from './messages.ts';

type Told = Extract<Fact, { is: 'end' }>['outcome'];

/** As a worker told it; `never-received` has another meaning by then. */
export const toldOutcome = ({
  status,
  text,
  artifacts,
  error,
  cancelConfirmed,
  isDirect,
}: Told): Outcome | Reattached =>
  status === 'unknown' || status === 'never-received'
    ? { status }
    : {
        status,
        artifacts: artifacts as Outcome['artifacts'],
        ...(text === undefined ? {} : { text }),
        ...(error === undefined ? {} : { error }),
        ...(cancelConfirmed === undefined ? {} : { cancelConfirmed }),
        ...(isDirect === undefined ? {} : { isDirect }),
      };

/** As it travels: what is undefined is left out. */
export const outcomeToTell = (result: Outcome | Reattached): Told => ({
  artifacts: [],
  ...(JSON.parse(JSON.stringify(result)) as object),
  status: result.status,
});

/** What a call that nobody can answer for any more comes to. */
export const asOutcome = (result: Outcome | Reattached): Outcome =>
  result.status === 'unknown' || result.status === 'never-received'
    ? { status: 'failed', artifacts: [], error: failure('outcome_unknown') }
    : result;
