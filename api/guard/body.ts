// Reads the body of a mutation: bounded, JSON by name and by content. Forms and plain text are what other pages can send.
import type { IncomingMessage } from 'node:http';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import { singleHeader } from './header.ts';
import { parseJson } from './json.ts';

/** A body that is too large is read to its end up to here, so that its sender gets to read the answer. */
const discardBytes = (limit: number): number => Math.max(16 * LIMITS.requestBodyBytes, 2 * limit);

const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

const tooLarge = (limit: number): MeshError =>
  new MeshError('payload_too_large', undefined, { limit_bytes: limit });

/** Throws unsupported_media_type unless the body is plain JSON in UTF-8. */
const checkMediaType = (request: IncomingMessage): void => {
  const type = singleHeader(request, 'content-type');
  if (type === undefined || !JSON_TYPE.test(type)) throw new MeshError('unsupported_media_type');
  const encoding = singleHeader(request, 'content-encoding');
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new MeshError('unsupported_media_type', 'A compressed body is not accepted');
};

const readBytes = async (request: IncomingMessage, limit: number): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > discardBytes(limit)) throw tooLarge(limit);
    if (size <= limit) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > limit) throw tooLarge(limit);
  return Buffer.concat(chunks);
};

/** The JSON value of a request’s body of at most `limit` bytes. Throws payload_too_large, unsupported_media_type or invalid_json, in this order. */
export const readJsonBody = async (
  request: IncomingMessage,
  limit: number = LIMITS.requestBodyBytes,
): Promise<unknown> => {
  const declared = Number(singleHeader(request, 'content-length') ?? 0);
  if (declared > discardBytes(limit)) throw tooLarge(limit);
  if (declared <= limit) checkMediaType(request);
  const bytes = await readBytes(request, limit);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new MeshError('invalid_json', 'The body is not UTF-8', {}, { cause });
  }
  return parseJson(text);
};

/** Refuses a body where none has a meaning: GET, HEAD and DELETE. */
export const refuseBody = (request: IncomingMessage): void => {
  const length = singleHeader(request, 'content-length');
  if ((length !== undefined && Number(length) !== 0) || request.headers['transfer-encoding'] !== undefined)
    throw new MeshError('bad_request', `${request.method ?? ''} takes no body here`);
};
