// A wire between the browser and the daemon that can be cut: a proxy that hands on every request until it is told not to.
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Wire {
  readonly url: string;
  /** Breaks every connection, in the middle of whatever it carries, and takes no new one. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Headers of one that names the daemon by the address of the other: its guards look at both. */
const renamed = (
  headers: Record<string, unknown>,
  from: string,
  to: string,
): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string | string[]][] => {
      if (typeof value === 'string') return [[name, value.replaceAll(from, to)]];
      return Array.isArray(value) ? [[name, value.map(String)]] : [];
    }),
  );

/** Puts a wire before a daemon at `http://127.0.0.1:<port>`. */
export const cuttableWire = async (daemon: string): Promise<Wire> => {
  const target = new URL(daemon);
  const sockets = new Set<Socket>();
  let whole = true;
  let own = '';
  const server: Server = createServer((incoming, outgoing) => {
    const onward = request(
      {
        host: target.hostname,
        port: target.port,
        method: incoming.method,
        path: incoming.url,
        headers: renamed(incoming.headers, own, target.host),
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  server.on('connection', (socket) => {
    if (!whole) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  own = `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const cut = (): void => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://${own}`,
    cut,
    mend: () => {
      whole = true;
    },
    close: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
