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

/**
 * Whether a request is a link of another page that somebody followed: it replaces that page, which cannot look at what
 * it gets. Never one made ahead of that (prefetch, prerender), and never one with an Origin or another method than GET.
 */
const isFollowedLink = (request: IncomingMessage): boolean =>
  request.method === 'GET' &&
  FOLLOWED_LINK.every(([name, only]) => {
    const values = headerValues(request, name);
    return values.length === 1 && values[0] === only;
  }) &&
  ['origin', 'sec-purpose', 'purpose', 'x-purpose', 'x-moz'].every(
    (name) => headerValues(request, name).length === 0,
  );

/**
 * Throws origin_refused for any Origin but our own (`null` is nobody’s) and for any Sec-Fetch-Site but ours and none.
 * `isConsole` says that the path is a page of the console: links on other sites may lead there, and nowhere else.
 */
export const checkOrigin = (door: DoorNames, request: IncomingMessage, isConsole = false): void => {
  for (const origin of headerValues(request, 'origin'))
    if (!door.origins.has(origin))
      throw new MeshError('origin_refused', 'The Origin header is not one of this daemon');
  const sites = headerValues(request, 'sec-fetch-site');
  const mayLink = isConsole && sites.length === 1 && isFollowedLink(request);
  for (const site of sites) {
    if (site === 'same-origin' || site === 'none') continue;
    if (mayLink && (site === 'cross-site' || site === 'same-site')) continue;
    throw new MeshError('origin_refused', `A ${site.slice(0, 20)} request of a web page`);
  }
};
