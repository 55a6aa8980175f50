// A server process of the benchmarks: our engine behind our app, or the barest thing that could stand in its place.
//   node tests/bench/serve-noop.ts '{"kind":"mesh","synchronous":"FULL"}'
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createApp } from '#api/app';
import { createLimitedServer } from '#api/listen-limits';
import { createStreams } from '#api/sse/streams';
import type { Engine } from '#engine/index';
import { caller, openNoopEngine } from './noop-engine.ts';

/** `mesh`: the daemon's API on an engine. `express`: an app with one GET and one JSON POST. `sse`: frames, no log. */
export interface ServeOrder {
  readonly kind: 'mesh' | 'express' | 'sse';
  readonly synchronous?: 'FULL' | 'NORMAL';
  readonly dataDir?: string;
}

/** Told by the parent: append `count` events, at once (with so many waiting at a time) or so many a second. */
export interface AppendOrder {
  readonly count: number;
  readonly perSecond: number | null;
}

/** What a benchmark's event says; `sent_ms` is wall time with fractions, for latency across processes. */
export const benchPayload = (): {
  readonly role: string;
  readonly text: string;
  readonly sent_ms: number;
} => ({
  role: 'agent',
  text: 'a line of ordinary length, as an agent says it while it works',
  sent_ms: performance.timeOrigin + performance.now(),
});

const AT_ONCE = 512;

const listen = async (server: Server): Promise<number> => {
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const appendAll = async (
  { count, perSecond }: AppendOrder,
  append: () => Promise<unknown>,
): Promise<void> => {
  if (perSecond !== null) {
    const start = performance.now();
    for (let n = 0; n < count; n += 1) {
      const dueMs = start + (n * 1_000) / perSecond - performance.now();
      if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
      void append();
    }
    return;
  }
  for (let left = count; left > 0; left -= AT_ONCE)
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, left) }, append));
};

const serveMesh = async (order: ServeOrder): Promise<{ port: number; append: () => Promise<unknown> }> => {
  const { engine } = await openNoopEngine(
    order.synchronous ?? 'FULL',
    order.dataDir === undefined ? {} : { dataDir: order.dataDir },
  );
  return { port: await listenMesh(engine), append: () => engine.events.append(caller, record()) };
};

const record = (): object => ({ run_id: 'bench', kind: 'message', payload: benchPayload() });

/** The API of an engine on a loopback port, as the daemon mounts it. */
export const listenMesh = async (engine: Engine): Promise<number> => {
  const server = createLimitedServer();
  const port = await listen(server);
  const hosts = [`127.0.0.1:${String(port)}`];
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error };
  server.on(
    'request',
    createApp(
      engine,
      { kind: 'tcp', hosts, origins: [] },
      { streams: createStreams(engine), consoleDir: null, protocols: null, log },
    ),
  );
  return port;
};

const serveExpress = async (): Promise<number> => {
  const app = express();
  app.disable('etag');
  app.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  app.post(
    '/api/events',
    express.json(),
    (request, response) => void response.status(201).json(request.body),
  );
  return listen(createServer(app as RequestListener));
};

/** Frames as ours, shared by all clients, so many in one write: what a stream costs without a log behind it. */
const serveFrames = async (): Promise<{ port: number; append: () => Promise<unknown> }> => {
  const clients = new Set<ServerResponse>();
  const port = await listen(
    createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: hello\ndata: {}\n\n');
      clients.add(response);
    }),
  );
  let seq = 0;
  let pending = '';
  const append = (): Promise<unknown> => {
    seq += 1;
    if (pending === '')
      setImmediate(() => {
        const bytes = Buffer.from(pending);
        pending = '';
        for (const client of clients) client.write(bytes);
      });
    pending += `id: ${String(seq)}\ndata: ${JSON.stringify({ ...record(), metadata: { source: 'client' }, seq })}\n\n`;
    return new Promise((resolve) => setImmediate(resolve));
  };
  return { port, append };
};

if (import.meta.main) {
  const order = JSON.parse(process.argv[2] ?? '') as ServeOrder;
  const served =
    order.kind === 'mesh'
      ? await serveMesh(order)
      : order.kind === 'sse'
        ? await serveFrames()
        : { port: await serveExpress(), append: () => Promise.resolve() };
  process.on('message', (message: AppendOrder) => {
    const cpu = process.cpuUsage();
    void appendAll(message, served.append).then(() => {
      const { user, system } = process.cpuUsage(cpu);
      process.send?.({ cpuMs: (user + system) / 1_000 });
    });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ port: served.port });
}
