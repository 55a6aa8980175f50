// For tests: a real HTTP server that answers by the route table, and the real CLI as a process that talks to it.
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ROUTES, type RouteId } from '#api/contract/routes';
import type { EventV1 } from '#machines/nouns/event';
import { readAll } from '../command-line/read-all.ts';

const BIN = fileURLToPath(new URL('../bin/agentmesh.js', import.meta.url));
const LOG_ID = 'log-1';

export interface Asked {
  readonly route: RouteId;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: IncomingMessage['headers'];
}

export interface Answer {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Answers = Partial<Record<RouteId, (asked: Asked) => Answer>>;

export interface FakeDaemon {
  readonly url: string;
  /** Every request so far. */
  readonly asked: readonly Asked[];
  /** Events that the stream hands out, then holds the connection open. */
  events: readonly EventV1[];
  close(): Promise<void>;
}

const PATTERNS = Object.entries(ROUTES).map(([route, { method, path }]) => ({
  route: route as RouteId,
  method,
  pattern: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
}));

const stream = (response: ServerResponse, events: readonly EventV1[], query: URLSearchParams): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const after = Number(query.get('after_seq') ?? events.length);
  const head = events.at(-1)?.seq ?? 0;
  response.write(`event: hello\ndata: ${JSON.stringify({ log_id: LOG_ID, head })}\n\n`);
  for (const event of events.filter(({ seq }) => seq > after))
    response.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
};

/** Starts it on a free port. A route without an answer is 404 unknown_run. */
export const fakeDaemon = async (answers: Answers): Promise<FakeDaemon> => {
  const asked: Asked[] = [];
  const daemon: { events: readonly EventV1[] } = { events: [] };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const found = PATTERNS.find(
      ({ method, pattern }) => method === request.method && pattern.test(url.pathname),
    );
    const text = await readAll(request);
    if (found === undefined) {
      response.writeHead(404).end();
      return;
    }
    const params = Object.fromEntries(
      Object.entries(found.pattern.exec(url.pathname)?.groups ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ]),
    );
    const one: Asked = {
      route: found.route,
      params,
      query: url.searchParams,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
      headers: request.headers,
    };
    asked.push(one);
    if (found.route === 'events.stream') {
      stream(response, daemon.events, url.searchParams);
      return;
    }
    const { status, body, headers } = answers[found.route]?.(one) ?? {
      status: 404,
      body: {
        code: 'unknown_run',
        title: '',
        status: 404,
        detail: 'No run of this id is known',
        remedy: '',
        type: '',
      },
    };
    response.writeHead(status ?? ROUTES[found.route].status, {
      'content-type': 'application/json',
      'x-log-id': LOG_ID,
      ...headers,
    });
    response.end(body === undefined ? '' : JSON.stringify(body));
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return Object.assign(daemon, {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
};

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** The launcher of another checkout. */
  readonly bin?: string;
}

/** Runs `agentmesh <args>` to its end, in an environment without any settings of whoever runs the test. */
export const agentmesh = async (
  args: readonly string[],
  { env = {}, cwd, stdin = '', bin = BIN }: RunOptions = {},
): Promise<Outcome> => {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], AGENTMESH_DISCOVERY: 'off', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const [stdout, stderr] = [readAll(child.stdout), readAll(child.stderr)];
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout: await stdout, stderr: await stderr };
};
