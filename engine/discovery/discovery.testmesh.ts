// A mesh that only discovers: a real database and queue in a folder, and doors of agents that open and shut.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentAdapter } from '../agents/adapter.ts';
import { createAdapters } from '../agents/adapters.ts';
import { createRegistry, type Registry } from '../agents/registry.ts';
import { createAudit, type Audit } from '../audit/append.ts';
import { createEventLog, type EventLog } from '../events/append.ts';
import { testPorts } from '../events/arbitraries.ts';
import { createOutbox, type Outbox } from '../queue/outbox.ts';
import type { JobQueue } from '../queue/queue.ts';
import { createSqliteQueue } from '../queue/sqlite.ts';
import { openStore, type Store } from '../store/open.ts';
import { createDiscovery, type Discovery } from './discovery.ts';
import type { Source } from './source.ts';

export interface MeshOptions {
  readonly reprobeMs?: number;
  readonly bootstrapFile?: string;
  readonly sources?: readonly Source[];
  readonly adapters?: ReadonlyMap<string, AgentAdapter>;
}

export interface DiscoveryMesh {
  readonly store: Store;
  readonly log: EventLog;
  readonly audit: Audit;
  readonly registry: Registry;
  readonly queue: JobQueue;
  readonly outbox: Outbox;
  readonly discovery: Discovery;
  /** `name presence` of each agent. */
  known(): string[];
  /** `name agent_state` of each event about agents, in order. */
  states(): string[];
  close(): Promise<void>;
}

/** Opens or opens again the mesh of a folder. */
export const openMesh = async (folder: string, more: MeshOptions = {}): Promise<DiscoveryMesh> => {
  const ports = testPorts();
  const store = await openStore(join(folder, 'a.db'), { synchronous: 'NORMAL' }, ports);
  const audit = createAudit(store);
  const log = createEventLog(store, ports);
  const adapters = more.adapters ?? createAdapters(ports, folder);
  const registry = createRegistry({ store, log, audit, adapters, ports });
  const queue = createSqliteQueue({ clock: ports.clock, onError: () => undefined });
  const outbox = createOutbox(store, queue, () => undefined);
  const discovery = createDiscovery({
    dataDir: folder,
    bootstrapFile: more.bootstrapFile ?? null,
    reprobeMs: more.reprobeMs ?? 0,
    store,
    log,
    audit,
    registry,
    outbox,
    queue,
    sources: more.sources ?? [],
    ports,
  });
  await discovery.begin();
  await outbox.offerLeft();
  return {
    store,
    log,
    audit,
    registry,
    queue,
    outbox,
    discovery,
    known: () => registry.list().map(({ name, presence }) => `${name} ${presence}`),
    states: () =>
      log
        .page({ kind: 'status' }, 0, 1_000)
        .lines.map((line) => JSON.parse(line) as { payload: { state: string; agent?: string } })
        .filter(({ payload }) => payload.state.startsWith('agent_'))
        .map(({ payload }) => `${payload.agent ?? ''} ${payload.state}`),
    async close() {
      await discovery.close();
      await queue.close();
      store.close();
    },
  };
};

/** An agent’s front door that can be shut and opened again at its port. */
export interface Door {
  readonly url: string;
  readonly port: number;
  /** How often its card was asked for. */
  asked(): number;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Opens a door; `skills` are those of its card. */
export const openDoor = async (name: string, delayMs = 0, skills: readonly string[] = []): Promise<Door> => {
  let server: Server | null = null;
  let port = 0;
  let asked = 0;
  const door: Door = {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    get port() {
      return port;
    },
    asked: () => asked,
    async start() {
      server = createServer((_, response) => {
        asked += 1;
        setTimeout(() => {
          response.setHeader('content-type', 'application/json');
          response.end(
            JSON.stringify({
              name,
              version: '2.0',
              capabilities: {},
              skills: skills.map((id) => ({ id, name: id, description: '', tags: [] })),
              supportedInterfaces: [
                { url: `${door.url}/a2a`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
              ],
            }),
          );
        }, delayMs);
      });
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      port = typeof address === 'object' && address !== null ? address.port : 0;
    },
    async stop() {
      const open = server;
      server = null;
      if (open === null) return;
      open.closeAllConnections();
      await new Promise((resolve) => open.close(resolve));
    },
  };
  await door.start();
  return door;
};

/** Waits until something holds; fails with `what` when it takes too long. */
export const until = async (what: string, holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 200 && !holds(); tries += 1) await sleep(50);
  assert.ok(holds(), what);
};
