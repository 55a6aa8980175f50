// Refuses requests that pages of other sites make a browser send (CSRF). Programs send neither header.
import type { IncomingMessage } from 'node:http';
import { MeshError } from '#machines/nouns/error';
import type { DoorNames } from './door.ts';
import { headerValues } from './header.ts';

/** What a browser says of a link that somebody follows in a window (W3C Fetch Metadata). A frame is no `document`. */
const FOLLOWED_LINK = [
  ['sec-fetch-mode', 'navigate'],
  ['sec-fetch-dest', 'document'],
] as const;

/** Sent with what a page asks for ahead of any click. Chromium then says `sec-fetch-site: none`, whoever's page it is. */
const AHEAD = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'] as const;

/** Whether a request is a link of another page that somebody followed: that page cannot look at what comes. */
const isFollowedLink = (request: IncomingMessage): boolean =>
  request.method === 'GET' &&
  headerValues(request, 'origin').length === 0 &&
  FOLLOWED_LINK.every(([name, only]) => {
    const values = headerValues(request, name);
    return values.length === 1 && values[0] === only;
  });

/**
 * Throws origin_refused for any Origin but our own (`null` is nobody’s), for any Sec-Fetch-Site but ours and none, and
 * for prefetches: they come from whatever page named the address.
 * `isConsole` says that the path is a page of the console: links on other sites may lead there, and nowhere else.
 */
export const checkOrigin = (door: DoorNames, request: IncomingMessage, isConsole = false): void => {
  for (const origin of headerValues(request, 'origin'))
    if (!door.origins.has(origin))
      throw new MeshError('origin_refused', 'The Origin header is not one of this daemon');
  if (AHEAD.some((name) => headerValues(request, name).length > 0))
    throw new MeshError('origin_refused', 'A web page asked ahead of any click');
  const sites = headerValues(request, 'sec-fetch-site');
  const mayLink = isConsole && sites.length === 1 && isFollowedLink(request);
  for (const site of sites) {
    if (site === 'same-origin' || site === 'none') continue;
    if (mayLink && (site === 'cross-site' || site === 'same-site')) continue;
    throw new MeshError('origin_refused', `A ${site.slice(0, 20)} request of a web page`);
  }
};
