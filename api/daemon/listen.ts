// The two doors: a Unix socket for the owner of the data folder, and loopback TCP.
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { dirname } from 'node:path';
import { MeshError } from '#machines/nouns/error-codes';
import { createLimitedServer } from '../listen-limits.ts';
import { olderOnPort } from './older.ts';
import { holderOf } from './process-facts.ts';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const begin = (server: Server, listen: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });

/** A host as it stands in a URL: IPv6 in brackets (RFC 3986 3.2.2). */
const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host);

export interface TcpListener {
  /** Serves nothing until it gets a `request` listener, in the same turn that this is returned in. */
  readonly server: Server;
  readonly port: number;
  readonly url: string;
  /** Values of the Host header that mean this listener. */
  readonly hosts: readonly string[];
  /** Values of the Origin header of our own pages. */
  readonly origins: readonly string[];
}

/** Clients leave port 80 out (RFC 9110 4.2.1). */
const withPort = (name: string, port: number): string => (port === 80 ? name : `${name}:${String(port)}`);

/** One line that says who has the port, as far as can be seen. */
const explain = async (error: unknown, host: string, port: number): Promise<unknown> => {
  const where = `${inUrl(host)}:${String(port)}`;
  switch (codeOf(error)) {
    case 'EADDRINUSE': {
      const holder = holderOf(port);
      const older = await olderOnPort(`http://${where}`, holder?.pid ?? null);
      if (older !== null) return older;
      const who = holder === null ? 'another program' : `pid ${String(holder.pid)} (${holder.command})`;
      return new MeshError(
        'port_in_use',
        `Port ${String(port)} on ${host} is taken by ${who}`,
        holder === null ? {} : { pid: holder.pid },
      );
    }
    case 'EACCES':
      return new MeshError('bad_request', `--port ${String(port)} is reserved for root; take one above 1023`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAFNOSUPPORT':
      return new MeshError('bad_request', `--host ${host} is not an address of this machine`);
    default:
      return error;
  }
};

/**
 * Listens on loopback TCP; port 0 takes any free one.
 * @throws MeshError port_in_use, older_daemon, bad_request
 */
export const listenTcp = async (host: string, port: number): Promise<TcpListener> => {
  const server = createLimitedServer();
  try {
    await begin(server, () => server.listen({ host, port, exclusive: true }));
  } catch (error) {
    throw await explain(error, host, port);
  }
  const address = server.address();
  const actual = typeof address === 'object' && address !== null ? address.port : port;
  const hosts = [inUrl(host), 'localhost'].map((name) => withPort(name, actual));
  return {
    server,
    port: actual,
    url: `http://${withPort(inUrl(host), actual)}`,
    hosts,
    origins: hosts.map((name) => `http://${name}`),
  };
};

/** Whether the port can be had, so that a start that must fail does so before any work is taken up again. */
export const assertPortFree = async (host: string, port: number): Promise<void> => {
  if (port === 0) return;
  const { server } = await listenTcp(host, port);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

/**
 * Listens on the socket: 0600 in a 0700 folder. A file left behind by a daemon that was killed is removed first, which
 * is safe because the caller holds the lock of the data folder.
 * @throws MeshError storage_failed
 */
export const listenSocket = async (path: string, app: RequestListener): Promise<Server> => {
  const before = process.umask(0o077);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
    const server = createLimitedServer(app);
    process.umask(0o177);
    // listen() on a path binds before it returns, so the umask is over before anything else runs.
    const listening = begin(server, () => server.listen({ path }));
    process.umask(before);
    await listening;
    chmodSync(path, 0o600);
    return server;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new MeshError(
      'storage_failed',
      `The socket ${path} cannot be made: ${reason}`,
      {},
      { cause: error },
    );
  } finally {
    process.umask(before);
  }
};

/** Stops accepting at once; resolves when the last connection is gone. Idle connections are closed. */
export const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeIdleConnections();
  });
