// Every error as an RFC 9457 problem of the catalogue. What is not ours becomes `internal` without a word of its own.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '#engine/index';
import { ERRORS, MeshError, toProblem } from '#machines/nouns/error';

const RETRY_AFTER_SECONDS = 5;

/** Express and Node mark what the client did wrong with a status below 500 (a path with a broken %-escape). */
const isClientFault = (error: unknown): boolean => {
  if (!(error instanceof Error) || !('status' in error)) return false;
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500;
};

/** The error as one that may be shown. */
const presentable = (error: unknown, log: Log, request: IncomingMessage): MeshError => {
  if (error instanceof MeshError && ERRORS[error.code].status !== 0) {
    if (ERRORS[error.code].status === 500)
      log.error({ err: error, method: request.method, url: request.url }, 'request failed');
    return error;
  }
  if (isClientFault(error)) return new MeshError('bad_request', 'The path is not well formed');
  log.error({ err: error, method: request.method, url: request.url }, 'request failed');
  return new MeshError('internal');
};

/** Answers a request with the problem of an error; once an answer has begun it can only be cut off. */
export const sendProblem = (
  error: unknown,
  request: IncomingMessage,
  response: ServerResponse,
  log: Log,
): void => {
  const shown = presentable(error, log, request);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const problem = toProblem(shown);
  const body = JSON.stringify(problem);
  response.statusCode = ERRORS[shown.code].status;
  response.setHeader('content-type', 'application/problem+json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(body));
  if (response.statusCode === 503) response.setHeader('retry-after', RETRY_AFTER_SECONDS);
  // What is left of an unread body must not be taken for the next request.
  const hasBody = 'content-length' in request.headers || 'transfer-encoding' in request.headers;
  if (hasBody && !request.complete) response.setHeader('connection', 'close');
  response.end(request.method === 'HEAD' ? undefined : body);
};
