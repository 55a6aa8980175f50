// Every route as a request that would be served, for tests that spoil one thing about it.
import { ROUTES, type RouteId } from '#api/contract/routes';
import { routesOf } from '#api/guard/door';

export const ALL_ROUTES = Object.keys(ROUTES) as RouteId[];

/** Those that exist on TCP: what changes who may do what is on the socket alone. */
export const TCP_ROUTES = routesOf({ kind: 'tcp' });

/** The path of a route with its parameters filled in. */
export const pathOf = (route: RouteId): string => ROUTES[route].path.replace(/:\w+/g, 'calc');

const BODIES: Partial<Record<RouteId, object>> = {
  'events.append': { run_id: 'r1', kind: 'message', payload: { role: 'user', text: 'hi' } },
  'agents.alias': { alias: 'reckoner' },
  'agents.add': { url: 'http://127.0.0.1:9/card' },
  'installs.plan': { kind: 'command' },
  'installs.apply': { kind: 'command' },
  'installs.undo': { kind: 'command' },
  'invocations.start': { to: 'calc', prompt: '1+1' },
  'templates.check': { text: 'kind: Team' },
  'approvals.decide': { decision: 'deny' },
  'team-runs.start': { template: { name: 'pipeline' } },
};

/** A body that the route takes; undefined for routes without one. */
export const bodyOf = (route: RouteId): object | undefined =>
  ROUTES[route].method === 'POST' ? (BODIES[route] ?? {}) : undefined;

/** A request as it goes over the wire, with the given header lines, kept alive. */
export const wireRequest = (route: RouteId, headers: readonly string[], target = pathOf(route)): string => {
  const body = bodyOf(route);
  const text = body === undefined ? '' : JSON.stringify(body);
  const entity =
    body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${String(text.length)}`];
  return [`${ROUTES[route].method} ${target} HTTP/1.1`, ...headers, ...entity, '', text].join('\r\n');
};

/** The same without a body: a refusal leaves the connection open, so that many can follow each other. */
export const bareRequest = (route: RouteId, headers: readonly string[]): string =>
  [`${ROUTES[route].method} ${pathOf(route)} HTTP/1.1`, ...headers, '', ''].join('\r\n');

/** Status codes of the answers in what came back. */
export const statusesOf = (wire: string): number[] =>
  [...wire.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
