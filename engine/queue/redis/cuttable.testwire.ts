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
  /**
   * Carries nothing more, and tells nobody: Redis goes on to hold these connections for alive, whoever leaves them.
   * @param which only those that have carried this word; all when it is left out
   */
  freeze(which?: string): void;
  /** As new, for new connections. */
  mend(): void;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** What the client has sent. */
  said: string;
  isFrozen: boolean;
}

/** Puts a wire before the server at a Unix socket. */
export const cuttableRedisWire = async (path: string): Promise<RedisWire> => {
  const folder = mkdtempSync(join(tmpdir(), 'wire-'));
  const own = join(folder, 'wire.sock');
  const pairs = new Set<Pair>();
  let isWhole = true;
  const server = createServer((near) => {
    if (!isWhole) {
      near.destroy();
      return;
    }
    const pair: Pair = { near, far: createConnection(path), said: '', isFrozen: false };
    pairs.add(pair);
    near.on('data', (data) => {
      pair.said = `${pair.said}${data.toString('latin1')}`.slice(-100_000);
    });
    for (const [one, other] of [
      [near, pair.far],
      [pair.far, near],
    ] as const) {
      one.on('data', (data) => {
        if (!pair.isFrozen) other.write(data);
      });
      one.on('error', () => undefined);
      one.on('close', () => {
        if (pair.isFrozen && one === near) return;
        pairs.delete(pair);
        other.destroy();
      });
    }
  });
  server.listen(own);
  await once(server, 'listening');
  const end = ({ near, far }: Pair): void => {
    near.destroy();
    far.destroy();
  };
  return {
    url: `unix:${own}`,
    cut: () => {
      isWhole = false;
      for (const pair of pairs) if (!pair.isFrozen) end(pair);
    },
    freeze: (which = '') => {
      for (const pair of pairs) pair.isFrozen ||= pair.said.includes(which);
    },
    mend: () => {
      isWhole = true;
    },
    [Symbol.asyncDispose]: async () => {
      isWhole = false;
      for (const pair of pairs) end(pair);
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
