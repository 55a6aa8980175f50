// Refuses requests that were meant for another name: DNS rebinding brings pages of others to our port under their own name.
import type { IncomingMessage } from 'node:http';
import { MeshError } from '#machines/nouns/error';
import type { DoorNames } from './door.ts';
import { headerValues } from './header.ts';

/** Throws host_refused unless there is one Host and, on TCP, it is one of the door’s, letter by letter. */
export const checkHost = (door: DoorNames, request: IncomingMessage): void => {
  const [host, ...others] = headerValues(request, 'host');
  if (host === undefined) throw new MeshError('host_refused', 'The Host header is missing');
  if (others.length > 0) throw new MeshError('host_refused', 'The Host header was sent more than once');
  // No browser reaches a Unix socket, and its clients have no name to send.
  if (door.kind === 'tcp' && !door.hosts.has(host))
    throw new MeshError('host_refused', undefined, { hosts: [...door.hosts] });
};
