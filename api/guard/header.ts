// Headers that must not be ambiguous: Node keeps the first of two, a proxy may have believed the second.
import type { IncomingMessage } from 'node:http';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';

/** All values of a header as they came, in order. `name` is lower-case. */
export const headerValues = (request: IncomingMessage, name: string): string[] => {
  const values: string[] = [];
  const { rawHeaders } = request;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? '');
  return values;
};

/** The value of a header that may come once. Throws bad_request when it comes twice. */
export const singleHeader = (request: IncomingMessage, name: string): string | undefined => {
  const values = headerValues(request, name);
  if (values.length > 1) throw new MeshError('bad_request', `The header ${name} was sent more than once`);
  return values[0];
};

/** Refuses floods of headers and request targets that name another server. */
export const checkRequestLine = (request: IncomingMessage): void => {
  if (request.rawHeaders.length / 2 > LIMITS.headerCount)
    throw new MeshError('bad_request', `More than ${String(LIMITS.headerCount)} headers`);
  if (!(request.url ?? '').startsWith('/'))
    throw new MeshError('bad_request', 'The request target must be a path');
};
