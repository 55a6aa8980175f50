// What can go wrong between us and an A2A agent, and the failure that each fault is.
import { TaskNotCancelableError, TaskNotFoundError, UnsupportedOperationError } from '@a2a-js/sdk/errors';
import { failure, type ErrorCode, type Failure } from '#machines/nouns/error';

/** A fault that already knows its failure. */
export class Fault extends Error {
  readonly failure: Failure;

  constructor(code: ErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.failure = failure(code, message, cause === undefined ? undefined : describeCause(cause));
  }
}

/** The connection could not be made, or broke: the agent may go on with what it has. */
export class ConnectionLost extends Fault {
  /** Whether the request surely never reached the agent. */
  readonly isUnsent: boolean;

  constructor(origin: string, cause: unknown) {
    super('agent_unreachable', `${origin} does not answer`, cause);
    this.isUnsent = hasCode(cause, ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
  }
}

/** The errors from the outermost to the first cause. */
const chain = (error: unknown): unknown[] => {
  const found: unknown[] = [];
  for (let at = error; at !== undefined && at !== null && found.length < 8;) {
    found.push(at);
    at = at instanceof Error ? at.cause : undefined;
  }
  return found;
};

const describeCause = (cause: unknown): string =>
  chain(cause)
    .map((error) => (error instanceof Error ? error.message : String(error)))
    .filter((text) => text !== '')
    .join(': ');

/** Whether an error, or what caused it, has one of these codes. */
export const hasCode = (cause: unknown, codes: readonly string[]): boolean =>
  chain(cause).some(
    (error) =>
      (error instanceof Error && 'code' in error && codes.includes(String(error.code))) ||
      // Several addresses were tried, each in vain (happy eyeballs).
      (error instanceof AggregateError && error.errors.every((each) => hasCode(each, codes))),
  );

const find = <T>(error: unknown, isIt: (each: unknown) => each is T): T | undefined =>
  chain(error).find(isIt);

/** Whether the agent can be asked again in a moment. */
export const isConnectionLost = (error: unknown): boolean =>
  find(error, (each): each is ConnectionLost => each instanceof ConnectionLost) !== undefined;

/** Whether the request surely had no effect. */
export const isUnsent = (error: unknown): boolean =>
  find(error, (each): each is ConnectionLost => each instanceof ConnectionLost)?.isUnsent ?? false;

/** The agent knows no such task. */
export const isTaskNotFound = (error: unknown): boolean =>
  chain(error).some((each) => each instanceof TaskNotFoundError);

/** The agent will not, or cannot, cancel this task. */
export const isNotCancelable = (error: unknown): boolean =>
  chain(error).some((each) => each instanceof TaskNotCancelableError);

/** The agent does not offer what was asked: a method it lacks, or one it refuses for good. */
export const isNotOffered = (error: unknown): boolean =>
  chain(error).some(
    (each) =>
      each instanceof UnsupportedOperationError ||
      (each instanceof Error && 'envelopeCode' in each && each.envelopeCode === -32601) ||
      (each instanceof Error && 'statusCode' in each && [404, 405, 501].includes(Number(each.statusCode))),
  );

/** Errors of the protocol that asking again cannot cure, by JSON-RPC code: wrong params, method, version, media type. */
const REFUSALS = [-32600, -32601, -32602, -32004, -32005, -32008, -32009];

const REFUSAL_NAMES =
  /VersionNotSupported|ContentTypeNotSupported|ExtensionSupport|UnsupportedOperation|RequestMalformed/;

/** The failure that an error of the client is. */
export const toFailure = (error: unknown): Failure => {
  const fault = find(error, (each): each is Fault => each instanceof Fault);
  if (fault !== undefined) return fault.failure;
  const coded = find(
    error,
    (each): each is Error & { envelopeCode: number } => each instanceof Error && 'envelopeCode' in each,
  );
  const named = find(error, (each): each is Error => each instanceof Error && REFUSAL_NAMES.test(each.name));
  const message = error instanceof Error ? error.message : String(error);
  if (named !== undefined || (coded !== undefined && REFUSALS.includes(coded.envelopeCode))) {
    return failure('agent_rejected', named?.message ?? coded?.message ?? message);
  }
  if (coded !== undefined) return failure('agent_failed', coded.message);
  const status = find(
    error,
    (each): each is Error & { statusCode: number } => each instanceof Error && 'statusCode' in each,
  );
  if (status !== undefined) return failure('agent_failed', status.message);
  return failure('invalid_agent_response', message.slice(0, 500));
};
