// Opens both doors of a fake engine on real sockets, for tests that speak HTTP to them.
import { mkdtempSync, rmSync } from 'node:fs';
import {
  request,
  type IncomingMessage,
  type RequestOptions,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import type { Log } from '#engine/index';
import { createApp } from './app.ts';
import { createFakeEngine, type FakeEngine } from './fake-engine.testsuite.ts';
import { createLimitedServer } from './listen-limits.ts';
import { createStreams, type Streams } from './sse/streams.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly json: () => Record<string, unknown>;
}

export interface Doors {
  readonly engine: FakeEngine;
  readonly streams: Streams;
  readonly port: number;
  readonly baseUrl: string;
  readonly socket: string;
  /** Answers of the TCP door, for looking at how much they hold. */
  readonly responses: ServerResponse[];
  /** What the app has logged as a fault inside. */
  readonly faults: unknown[];
  /** A request by node:http over TCP, or over the socket with `socketPath`. */
  ask(options: RequestOptions & { readonly body?: string | Buffer }): Promise<Answer>;
  /** Sends bytes as they are over TCP; resolves with all that comes back until the peer closes. */
  raw(bytes: string): Promise<string>;
  /** Cuts every connection of the TCP door, as a lost network does. */
  cut(): void;
  close(): Promise<void>;
}

export const openDoors = async ({
  consoleDir = null,
  streamLimit,
  keepAliveMs,
}: {
  readonly consoleDir?: string | null;
  readonly streamLimit?: number;
  readonly keepAliveMs?: number;
} = {}): Promise<Doors> => {
  const engine = createFakeEngine();
  const folder = mkdtempSync(join(tmpdir(), 'doors-'));
  const socket = join(folder, 'a.sock');
  const faults: unknown[] = [];
  const quiet = (): void => undefined;
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (fault: unknown) => void faults.push(fault),
  };
  const streams = createStreams(engine, {
    ...(streamLimit === undefined ? {} : { limit: streamLimit }),
    ...(keepAliveMs === undefined ? {} : { keepAliveMs }),
  });
  const parts = { streams, consoleDir, protocols: null, log };
  const tcp = createLimitedServer();
  tcp.listen({ host: '127.0.0.1', port: 0 });
  await once(tcp, 'listening');
  const address = tcp.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const hosts = [`127.0.0.1:${String(port)}`, `localhost:${String(port)}`];
  tcp.on(
    'request',
    createApp(engine, { kind: 'tcp', hosts, origins: hosts.map((host) => `http://${host}`) }, parts),
  );
  const responses: ServerResponse[] = [];
  tcp.prependListener('request', (_request: unknown, response: ServerResponse) => responses.push(response));
  const local = createLimitedServer(createApp(engine, { kind: 'socket' }, parts));
  local.listen({ path: socket });
  await once(local, 'listening');

  const shut = (server: Server): Promise<unknown> => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    return closed;
  };

  return {
    engine,
    streams,
    port,
    baseUrl: `http://127.0.0.1:${String(port)}`,
    socket,
    responses,
    faults,
    ask: ({ body, ...options }) =>
      new Promise((resolve, reject) => {
        const at = options.socketPath === undefined ? { host: '127.0.0.1', port } : {};
        const sent = request({ ...at, agent: false, ...options }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              json: () => JSON.parse(text) as Record<string, unknown>,
            });
          });
        });
        sent.on('error', reject);
        sent.end(body);
      }),
    raw: (bytes) =>
      new Promise((resolve, reject) => {
        const peer = connect(port, '127.0.0.1', () => peer.write(bytes, 'latin1'));
        let text = '';
        peer.setEncoding('latin1');
        peer.on('data', (chunk: string) => (text += chunk));
        peer.on('close', () => {
          resolve(text);
        });
        peer.on('error', reject);
      }),
    cut: () => {
      tcp.closeAllConnections();
    },
    close: async () => {
      streams.close();
      await Promise.all([shut(tcp), shut(local)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
