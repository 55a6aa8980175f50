// How an ACP turn ended: stop reasons and JSON-RPC errors, in our words.
import type { RequestError } from '@agentclientprotocol/sdk';
import { failure, type Failure } from '#machines/nouns/error';
import { z } from 'zod';
import type { Ending } from '../../processes/conversation.ts';

/** JSON-RPC 2.0 section 5.1, and the codes that ACP adds. */
const CODES = {
  authRequired: -32_000,
  cancelled: -32_800,
  notFound: -32_601,
  invalid: [-32_700, -32_600, -32_602],
};

const Methods = z.array(
  z.looseObject({
    id: z.string(),
    name: z.string().optional(),
    description: z.string().nullish().catch(undefined),
  }),
);

/** What a person does so that the agent lets us in, as the agent itself describes it. */
export const loginHint = (authMethods: unknown): string => {
  const methods = Methods.safeParse(authMethods);
  const words = (methods.success ? methods.data : []).map(({ id, name, description }) => {
    const said = [name, description].filter((each) => typeof each === 'string' && each !== '').join(': ');
    return `${said === '' ? id : said} (setting authenticate=${id})`;
  });
  return words.length === 0 ? 'log in with the agent’s own program' : words.join('; or ');
};

/** What the agent said beside the code, where it says more than the message. */
const causeOf = ({ data }: RequestError): string | undefined =>
  data === undefined || data === null
    ? undefined
    : (typeof data === 'string' ? data : JSON.stringify(data)).slice(0, 4_096);

/** The failure that an error answer means. `asked` names what was asked for. */
export const failureOf = (error: RequestError, asked: string, authMethods: unknown): Failure => {
  const { code, message } = error;
  if (code === CODES.authRequired)
    return failure('auth', `The agent wants a login first: ${loginHint(authMethods)}`, message);
  if (code === CODES.notFound || CODES.invalid.includes(code))
    return failure(
      'invalid_agent_response',
      `The agent did not understand ${asked}: ${message}`,
      causeOf(error),
    );
  return failure('agent_failed', message === '' ? `The agent failed at ${asked}` : message, causeOf(error));
};

/** Whether an error answer only says that the request was cancelled. */
export const isCancelled = (error: RequestError): boolean => error.code === CODES.cancelled;

const limit = (message: string): Ending => ({
  status: 'failed',
  // Trying the same again ends the same.
  error: { ...failure('agent_failed', message), retryable: false },
});

const STOPS: Readonly<Record<string, Ending>> = {
  end_turn: { status: 'completed' },
  cancelled: { status: 'cancelled' },
  refusal: { status: 'rejected', error: failure('agent_rejected', 'The agent refused to go on') },
  max_tokens: limit('The agent stopped at the most tokens that it may write'),
  max_turn_requests: limit('The agent stopped at the most requests to its model that one turn may make'),
};

/** The end that a stop reason means; one that ACP does not name is a fault of the agent. */
export const endingOf = (stopReason: string): Ending =>
  (Object.hasOwn(STOPS, stopReason) ? STOPS[stopReason] : undefined) ?? {
    status: 'failed',
    error: failure(
      'invalid_agent_response',
      `The agent stopped for a reason that ACP does not know: ${stopReason}`,
    ),
  };
