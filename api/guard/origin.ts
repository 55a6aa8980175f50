// Refuses requests that pages of other sites make a browser send (CSRF). Programs send neither header.
import type { IncomingMessage } from 'node:http';
import { MeshError } from '#machines/nouns/error';
import type { DoorNames } from './door.ts';
import { headerValues } from './header.ts';

/** Throws origin_refused for any Origin but our own (`null` is nobody’s) and for any Sec-Fetch-Site but ours and none. */
export const checkOrigin = (door: DoorNames, request: IncomingMessage): void => {
  for (const origin of headerValues(request, 'origin'))
    if (!door.origins.has(origin))
      throw new MeshError('origin_refused', 'The Origin header is not one of this daemon');
  for (const site of headerValues(request, 'sec-fetch-site'))
    if (site !== 'same-origin' && site !== 'none')
      throw new MeshError('origin_refused', `A ${site.slice(0, 20)} request of a web page`);
};
