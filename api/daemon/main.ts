// The daemon put together: config, lock, engine, doors, and the way down again. The only place that sees everything.
import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { TAILSCALED_SOCKETS, type Engine, type EngineConfig, type Log, type Ports } from '#engine/index';
import { LIMITS } from '#machines/nouns/limits';
import { createApp } from '../app.ts';
import { createProtocols } from '../protocols.ts';
import { FILES, socketPath } from '../contract/address.ts';
import { createStreams } from '../sse/streams.ts';
import type { DaemonConfig } from './config.ts';
import { closeFiles } from './data-folder.ts';
import { removeInfo, livingSupervisor, writeInfo, writePid, type DaemonInfo } from './info.ts';
import { assertPortFree, closeServer, listenSocket, listenTcp } from './listen.ts';
import { daemonRunning, type Lock } from './lock.ts';
import { refuseOlderOnFolder } from './older.ts';
import { processIdentity } from './process-facts.ts';

/** What the daemon runs. */
export interface Parts {
  readonly createEngine: (config: EngineConfig, ports: Ports) => Engine | Promise<Engine>;
  readonly ports: Ports;
}

export interface Surroundings {
  readonly version: string;
  readonly builtInTemplates: string;
  /** Where the built console is, or will be. */
  readonly consoleDir: string;
  readonly runtimeDir: string | undefined;
  /** Who takes the signals: its pid goes into the PID file. */
  readonly supervisorPid: number;
  readonly log: Log;
  /** Of the data folder; released when the daemon is down, or did not come up. */
  readonly lock: Lock;
}

export interface Daemon {
  readonly info: DaemonInfo;
  /** Resolves when everything is closed and the folder is free. Hurried: no time for what is in hand. */
  stop(options: { readonly hurry: boolean }): Promise<void>;
  /** Takes its files along, for a process that ends now: the system closes and frees the rest. */
  abandon(): void;
}

/** Waits in the way down that are not the engine's drain, in milliseconds: answers being sent, then a hard end. */
const LAST_ANSWERS_MS = 500;

const within = (ms: number, work: Promise<unknown>): Promise<unknown> => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => {
    resolve(undefined);
  }, ms);
  return Promise.race([work, promise]).finally(() => {
    clearTimeout(timer);
  });
};

/**
 * Brings a daemon up on a prepared and locked data folder.
 * @param signal ends a start in progress: what was begun is taken back
 * @throws MeshError daemon_running (a supervisor between two workers), older_daemon, port_in_use, storage_failed, data_newer, bad_request
 */
export const startDaemon = async (
  config: DaemonConfig,
  parts: Parts,
  around: Surroundings,
  signal: AbortSignal,
): Promise<Daemon> => {
  const { dataDir } = config;
  /** What takes each step back, last first. */
  const undo: (() => unknown)[] = [
    () => {
      around.lock.release();
    },
  ];
  const complain = (error: unknown): void => {
    around.log.error({ err: error }, 'something could not be closed');
  };
  const takeBack = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop())
      try {
        await step();
      } catch (error) {
        complain(error);
      }
  };
  let hurried = false;
  try {
    const supervisor = livingSupervisor(dataDir);
    if (supervisor !== null && supervisor.pid !== around.supervisorPid)
      throw daemonRunning(dataDir, ' (it is starting its worker again)');
    await refuseOlderOnFolder(dataDir, config.port);
    await assertPortFree(config.host, config.port);
    signal.throwIfAborted();
    writePid(parts.ports.disk, dataDir, around.supervisorPid);
    undo.push(() => {
      removeInfo(dataDir);
    });

    // No agent, card or announcement makes the daemon call itself.
    parts.ports.net.keepOff(config.port);
    const engine = await parts.createEngine(
      {
        dataDir,
        templateDirs: [
          { dir: join(dataDir, FILES.templates), origin: 'data folder' },
          { dir: around.builtInTemplates, origin: 'built-in' },
        ],
        bootstrapFile: config.bootstrap,
        discovery: {
          sources: config.discovery,
          announce: config.announce,
          mdns: { port: config.mdnsPort, interfaces: config.mdnsInterfaces },
          tailscaled: config.tailscaled === null ? TAILSCALED_SOCKETS : [config.tailscaled],
        },
        synchronous: config.synchronous,
        concurrency: LIMITS.invocationConcurrency,
        redis: config.redis,
        version: around.version,
      },
      parts.ports,
    );
    closeFiles(dataDir);
    undo.push(() => engine.close({ drainMs: hurried ? 0 : LIMITS.drainMs }));
    signal.throwIfAborted();

    const streams = createStreams(engine);
    const servers: Server[] = [];
    undo.push(() => {
      streams.close();
      for (const server of servers) server.close().closeAllConnections();
    });
    const tcp = await listenTcp(config.host, config.port);
    servers.push(tcp.server);
    parts.ports.net.keepOff(tcp.port);
    const { hosts, origins } = tcp;
    const protocols = createProtocols({ baseUrl: tcp.url, defaultTeam: config.a2aTeam, log: around.log });
    undo.push(() => {
      protocols.close();
    });
    const apps = { streams, consoleDir: around.consoleDir, protocols, log: around.log };
    tcp.server.on('request', createApp(engine, { kind: 'tcp', hosts, origins }, apps));
    engine.discovery.listening({ host: config.host, port: Number(new URL(tcp.url).port) });
    const path = socketPath(dataDir, around.runtimeDir);
    if (path === null) around.log.warn({ dataDir }, 'no socket: its path would be too long; TCP only');
    else servers.push(await listenSocket(path, createApp(engine, { kind: 'socket' }, apps)));
    const info: DaemonInfo = {
      pid: around.supervisorPid,
      worker_pid: process.pid,
      process: processIdentity(around.supervisorPid),
      url: tcp.url,
      socket: path,
      version: around.version,
      log_id: engine.events.logId,
      started_at: new Date(parts.ports.clock.now()).toISOString(),
    };
    writeInfo(parts.ports.disk, dataDir, info);
    signal.throwIfAborted();

    const down = async (): Promise<void> => {
      streams.close();
      protocols.close();
      const closed = Promise.all(servers.map(closeServer));
      await engine.close({ drainMs: hurried ? 0 : LIMITS.drainMs }).catch(complain);
      for (const server of servers) server.closeIdleConnections();
      await within(hurried ? 0 : LAST_ANSWERS_MS, closed);
      await takeBack();
    };
    let stopping: Promise<void> | null = null;
    return {
      info,
      stop({ hurry }) {
        hurried ||= hurry;
        // A second, hurried call shortens the drain of the first.
        if (stopping !== null && hurry) engine.close({ drainMs: 0 }).catch(complain);
        stopping ??= down();
        return stopping;
      },
      abandon() {
        removeInfo(dataDir);
        if (path !== null) rmSync(path, { force: true });
      },
    };
  } catch (error) {
    hurried = true;
    await takeBack();
    throw error;
  }
};
