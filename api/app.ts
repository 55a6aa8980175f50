// The app of one door, made from the route table: guards in their order, the handler, the answer.
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Engine, Log } from '#engine/index';
import { MeshError } from '#machines/nouns/error';
import { consoleFiles, isConsolePath } from './console-files.ts';
import { protocolAt, PROTOCOLS } from './contract/protocols.ts';
import { ROUTES, type RouteId } from './contract/routes.ts';
import { authenticate } from './guard/authenticate.ts';
import { authorize } from './guard/authorize.ts';
import { readJsonBody, refuseBody } from './guard/body.ts';
import { doorNames, routesOf, type Door } from './guard/door.ts';
import { checkRequestLine, singleHeader } from './guard/header.ts';
import { setSecurityHeaders } from './guard/headers.ts';
import { checkHost } from './guard/host.ts';
import { checkOrigin } from './guard/origin.ts';
import { sendProblem } from './guard/problem.ts';
import { readQuery } from './guard/query.ts';
import { validate } from './guard/validate.ts';
import type { Protocols } from './protocols.ts';
import { JsonText, OpenStream } from './routes/answer.ts';
import type { Ask, Handler } from './routes/handler.ts';
import { HANDLERS } from './routes/handlers.ts';
import type { Streams } from './sse/streams.ts';

/** What the doors of one daemon share. */
export interface AppParts {
  /** createStreams(engine): the same one for every door of an engine. */
  readonly streams: Streams;
  /** Where the built console is; null serves none. Only TCP doors serve it. */
  readonly consoleDir: string | null;
  /** The protocols of others; null serves none. Only TCP doors serve them. */
  readonly protocols: Protocols | null;
  readonly log: Log;
}

/** An HTTP method with a path as the table writes it. */
interface Mounted {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
}

/** Whether a path fits the path of a route, whatever the method. */
const pathFits = (pattern: string, path: string): boolean => {
  const expected = pattern.split('/');
  const parts = path.split('/');
  return (
    parts.length === expected.length &&
    expected.every((part, i) => (part.startsWith(':') ? parts[i] !== '' : part === parts[i]))
  );
};

const allowed = (mounted: readonly Mounted[], protocols: Protocols | null, path: string): string[] => {
  const protocol = protocols === null ? null : protocolAt(path);
  const methods =
    protocol === null
      ? mounted.filter((route) => pathFits(route.path, path)).map(({ method }) => method)
      : [...PROTOCOLS[protocol].methods];
  const all: string[] = methods.includes('GET') ? [...methods, 'HEAD'] : methods;
  return all.length === 0 ? [] : [...new Set([...all, 'OPTIONS'])].sort();
};

const readIdempotencyKey = (request: Request, route: RouteId): string | undefined => {
  const key = singleHeader(request, 'idempotency-key');
  if (key === undefined) return undefined;
  if (!('idempotent' in ROUTES[route]))
    throw new MeshError('bad_request', 'This route takes no Idempotency-Key');
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new MeshError('bad_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters');
  return key;
};

const readLastEventId = (request: Request): number | undefined => {
  const id = singleHeader(request, 'last-event-id');
  // An EventSource that has seen no id yet sends none, or an empty one.
  if (id === undefined || id === '') return undefined;
  if (!/^\d{1,15}$/.test(id)) throw new MeshError('bad_request', 'Last-Event-ID must be a seq');
  return Number(id);
};

const answer = (request: Request, response: Response, status: number, value: unknown): void => {
  if (value instanceof OpenStream) {
    value.attach(request, response);
    return;
  }
  response.status(status);
  if (value === undefined) {
    response.end();
    return;
  }
  const text = value instanceof JsonText ? value.text : JSON.stringify(value);
  if (value instanceof JsonText)
    for (const [name, header] of Object.entries(value.headers)) response.setHeader(name, header);
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(request.method === 'HEAD' ? undefined : text);
};

/** Serves one route: reads, authenticates, authorizes, validates, hands over, answers. Throws what becomes a problem. */
const serve = async <R extends RouteId>(
  route: R,
  { engine, door, parts }: { engine: Engine; door: Door; parts: AppParts },
  request: Request,
  response: Response,
): Promise<void> => {
  const entry = ROUTES[route];
  let body: unknown;
  if (entry.method === 'POST') body = await readJsonBody(request);
  else refuseBody(request);
  const caller = authenticate(door, request);
  authorize(caller, entry);
  const values = validate(route, { params: request.params, query: readQuery(request.url), body });
  const ask: Ask<R> = {
    ...values,
    engine,
    caller,
    streams: parts.streams,
    idempotencyKey: readIdempotencyKey(request, route),
    lastEventId: readLastEventId(request),
  };
  const handler: Handler<R> = HANDLERS[route];
  answer(request, response, entry.status, await handler(ask));
};

/** The Express app of a door. The caller gives it a server (createLimitedServer) and makes that listen. */
export const createApp = (engine: Engine, door: Door, parts: AppParts): Express => {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.disable('trust proxy');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', false);
  const names = doorNames(door);
  const routes = routesOf(door);
  const mounted: Mounted[] = routes.map((route) => ROUTES[route]);
  const protocols = door.kind === 'tcp' ? parts.protocols : null;
  const servesConsole = door.kind === 'tcp' && parts.consoleDir !== null;

  app.use((request: Request, response: Response, next: NextFunction) => {
    setSecurityHeaders(response, 'api');
    checkRequestLine(request);
    checkHost(names, request);
    const methods = allowed(mounted, protocols, request.path);
    checkOrigin(names, request, servesConsole && methods.length === 0 && isConsolePath(request.path));
    if (methods.length === 0 || (methods.includes(request.method) && request.method !== 'OPTIONS')) {
      next();
      return;
    }
    response.setHeader('allow', methods.join(', '));
    if (request.method !== 'OPTIONS')
      throw new MeshError('method_not_allowed', `${request.path} takes ${methods.join(', ')}`);
    response.status(204).end();
  });

  for (const route of routes) {
    const { method, path } = ROUTES[route];
    const handle = (request: Request, response: Response): Promise<void> =>
      serve(route, { engine, door, parts }, request, response);
    if (method === 'GET') app.get(path, handle);
    else if (method === 'POST') app.post(path, handle);
    else app.delete(path, handle);
  }

  if (protocols !== null) app.use(protocols.at(door, engine));

  if (door.kind === 'tcp' && parts.consoleDir !== null) app.use(consoleFiles(parts.consoleDir));

  app.use((request: Request) => {
    throw new MeshError('not_found', `There is nothing at ${request.path.slice(0, 200)}`);
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    if (!response.headersSent) setSecurityHeaders(response, 'api');
    sendProblem(error, request, response, parts.log);
  });
  return app;
};
