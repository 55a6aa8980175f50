// The two ways in: the socket of the OS user, and loopback TCP. Each gets an app of its own, so that trust cannot leak.
import { ROUTES, type RouteId } from '../contract/routes.ts';

/** `hosts` are exact Host values with port; `origins` exact origins of our own pages. */
export type Door =
  | { readonly kind: 'socket' }
  | { readonly kind: 'tcp'; readonly hosts: Iterable<string>; readonly origins: Iterable<string> };

/** The names of a door, made ready for looking up. The socket has none. */
export interface DoorNames {
  readonly kind: Door['kind'];
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
}

export const doorNames = (door: Door): DoorNames =>
  door.kind === 'socket'
    ? { kind: 'socket', hosts: new Set(), origins: new Set() }
    : { kind: 'tcp', hosts: new Set(door.hosts), origins: new Set(door.origins) };

/** The routes that exist behind a door: what changes who may do what is on the socket alone. */
export const routesOf = (door: Pick<Door, 'kind'>): RouteId[] =>
  (Object.keys(ROUTES) as RouteId[]).filter((route) => {
    const { risk }: { readonly risk: string } = ROUTES[route];
    return door.kind === 'socket' || risk !== 'authority';
  });
