// Starts serve-noop.ts as a process of its own, so that the server and its clients do not share a thread.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppendOrder, ServeOrder } from './serve-noop.ts';

export interface ServerProcess {
  readonly port: number;
  /** Resolves when all of them are durable, with the CPU milliseconds that the server used meanwhile. */
  append(order: AppendOrder): Promise<number>;
  close(): Promise<void>;
}

const messageOf = async <T>(child: ChildProcess): Promise<T> => {
  const [message] = (await once(child, 'message')) as [T];
  return message;
};

export const startServer = async (order: ServeOrder): Promise<ServerProcess> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-server-'));
  const child = fork(join(import.meta.dirname, 'serve-noop.ts'), [JSON.stringify({ dataDir, ...order })]);
  const { port } = await messageOf<{ port: number }>(child);
  return {
    port,
    append: async (append) => {
      const done = messageOf<{ cpuMs: number }>(child);
      child.send(append);
      return (await done).cpuMs;
    },
    close: async () => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
