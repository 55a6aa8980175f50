// A wire to a redis-server that can be cut, and that can go dead without a word; for tests.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RedisWire extends AsyncDisposable {
  readonly url: string;
  /** Breaks every connection, in the middle of whatever it carries, and takes no new one. */
  cut(): void;
  /** Carries nothing more, and tells nobody. */
  freeze(): void;
  /** As new, for new connections. */
  mend(): void;
}

/** Puts a wire before the server at a Unix socket. */
export const cuttableRedisWire = async (path: string): Promise<RedisWire> => {
  const folder = mkdtempSync(join(tmpdir(), 'wire-'));
  const own = join(folder, 'wire.sock');
  const sockets = new Set<Socket>();
  let isWhole = true;
  const server = createServer((near) => {
    if (!isWhole) {
      near.destroy();
      return;
    }
    const far = createConnection(path);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(own);
  await once(server, 'listening');
  const cut = (): void => {
    isWhole = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `unix:${own}`,
    cut,
    freeze: () => {
      for (const socket of sockets) socket.unpipe();
    },
    mend: () => {
      isWhole = true;
    },
    [Symbol.asyncDispose]: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
