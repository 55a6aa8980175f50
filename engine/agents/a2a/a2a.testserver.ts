// Starts what the a2a tests talk to: the counterpart in its own process, broken front doors, and a line that can be cut.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Target } from '../adapter.ts';

const AGENT = fileURLToPath(new URL('./a2a.testagent.ts', import.meta.url));

/** The counterpart that speaks the odd dialect of 0.3. */
export const DIALECT_AGENT = fileURLToPath(new URL('./dialect.testagent.ts', import.meta.url));

export interface TestAgent {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  close(): Promise<void>;
}

/** Starts the contract’s counterpart; `options` are those of its file. */
export const startAgent = async (
  folder: string,
  options: Record<string, unknown> = {},
  program = AGENT,
): Promise<TestAgent> => {
  const child = spawn(process.execPath, [program, folder, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { port } = JSON.parse(line) as { port: number };
  return {
    url: `http://127.0.0.1:${String(port)}`,
    port,
    child,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
};

const listen = async (server: Server | TcpServer): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

export interface TestServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A plain server in this process. */
export const startServer = async (listener: RequestListener): Promise<TestServer> => {
  const server = createServer(listener);
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${String(port)}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

export interface Line extends TestServer {
  /** Cuts every connection that is open now. */
  cut(): void;
  /** Refuses new connections, or takes them again. */
  refuse(isRefusing: boolean): void;
}

/** A line to `port` that can be cut, as a cable is. The Host header stays that of the line. */
export const startLine = async (port: number): Promise<Line> => {
  const open = new Set<Socket>();
  let isRefusing = false;
  const server = createTcpServer((near) => {
    if (isRefusing) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  const own = await listen(server);
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${String(own)}`,
    cut,
    refuse(value) {
      isRefusing = value;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

/** A target at a URL that a person gave. */
export const targetAt = (url: string, more: Partial<Target> = {}): Target => ({
  name: 'agent',
  kind: 'a2a',
  entry: { url },
  card: null,
  token: null,
  reach: { given: new URL(url).origin },
  ...more,
});

/** A port on which nothing listens. */
export const deadUrl = async (): Promise<string> => {
  const server = await startServer(() => undefined);
  await server.close();
  return server.url;
};
