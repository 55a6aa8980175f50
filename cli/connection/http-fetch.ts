// fetch over node:http, for sockets and TCP alike. The global fetch cannot take a socket and costs 25 ms to load.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { doorName, type Door } from './locate.ts';

// `import` of node:http touches every export and thereby loads undici; this loads node:http alone.
const { request } = process.getBuiltinModule('node:http');
const { connect } = process.getBuiltinModule('node:net');

/** Codes of a door behind which nothing listens: the next door may be tried, nothing was sent. */
const CLOSED = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK', 'EACCES', 'ENOTDIR']);

/** The parts of a Response that the client of the API uses, over one answer of node:http. */
class HttpAnswer {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly #message: IncomingMessage;
  #body: ReadableStream<Uint8Array> | undefined;

  constructor(message: IncomingMessage) {
    this.#message = message;
    this.status = message.statusCode ?? 0;
    this.ok = this.status >= 200 && this.status < 300;
    this.headers = {
      get: (name) => {
        const value = message.headers[name.toLowerCase()];
        return value === undefined ? null : Array.isArray(value) ? value.join(', ') : value;
      },
    };
  }

  get body(): ReadableStream<Uint8Array> {
    const { Readable } = process.getBuiltinModule('node:stream');
    this.#body ??= Readable.toWeb(this.#message) as ReadableStream<Uint8Array>;
    return this.#body;
  }

  // By its events: the loop over a stream takes a millisecond longer the first time.
  text(): Promise<string> {
    const message = this.#message;
    return new Promise((resolve, reject) => {
      const endedEarly = (): void => {
        reject(new Error('the answer ended early'));
      };
      if (message.destroyed) {
        endedEarly();
        return;
      }
      let text = '';
      message.setEncoding('utf8');
      message.on('data', (chunk: string) => (text += chunk));
      message.on('error', reject);
      message.on('close', endedEarly);
      message.on('end', () => {
        if (message.complete) resolve(text);
        else endedEarly();
      });
    });
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text());
  }
}

/** A connection through a door. With one of its own a request needs no Agent, which takes longer to load than all of this. */
const connection = (door: Door): Socket => {
  if (door.kind === 'socket') return connect(door.path);
  const { hostname, port } = new URL(door.url);
  return connect(port === '' ? 80 : Number(port), hostname.replace(/^\[|\]$/g, ''));
};

const hostHeader = (door: Door): string => (door.kind === 'socket' ? 'localhost' : new URL(door.url).host);

const ask = (door: Door, path: string, init: RequestInit): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const headers: Record<string, string> = {
      ...(init.headers as Readonly<Record<string, string>> | undefined),
      host: hostHeader(door),
      'user-agent': 'agentmesh-cli',
    };
    const body = typeof init.body === 'string' ? init.body : undefined;
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
    const sent = request(
      {
        method: init.method ?? 'GET',
        path,
        headers,
        createConnection: () => connection(door),
        ...(init.signal ? { signal: init.signal } : {}),
      },
      (message) => {
        resolve(new HttpAnswer(message));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });

/**
 * A fetch that goes through the first door behind which something listens. The doors are looked up at each request:
 * a daemon that was restarted may have another address. Only what api/contract/client.ts needs of fetch is offered.
 */
export const fetchThrough = (doors: () => readonly Door[]): typeof fetch => {
  const fetchOne = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const { pathname, search } = new URL(
      typeof input === 'string' ? input : input instanceof URL ? input.href : input.url,
    );
    const tried: string[] = [];
    let closed: unknown = new Error('no daemon is known');
    for (const door of doors()) {
      try {
        return (await ask(door, `${pathname}${search}`, init)) as unknown as Response;
      } catch (error) {
        if (!CLOSED.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
        closed = error;
        tried.push(doorName(door));
      }
    }
    throw new Error(tried.length === 0 ? 'no daemon is known' : `nothing listens at ${tried.join(' or ')}`, {
      cause: closed,
    });
  };
  return fetchOne;
};
