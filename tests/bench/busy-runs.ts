// Many runs at once on a real daemon, each fed at a steady rate: their agents are programs that repeat what a pipe says.
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, createClient } from '#api/contract/client';
import { agentmesh } from '#cli/testing/fake-daemon';

/** The prompt is the name of a pipe; a run that gets its turn after the end has nothing to say. */
const REPEATER = 'read -r pipe; if [ -e "$pipe.over" ]; then echo late; else exec cat "$pipe"; fi';
/** Between saying that it is over and closing the pipes: a program that did not see the first has opened the second. */
const OVER_MS = 500;
/** Lines are written this often, several at once where the rate is higher. */
const TICK_MS = 20;

export interface BusyRuns {
  readonly url: string;
  readonly client: Client;
  readonly runIds: readonly string[];
  /** Feeds every run for so long; answers how many lines the pipes took. */
  feed(seconds: number, perSecond: number): Promise<number>;
  /** Closes the pipes; resolves when every run has ended. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const line = (n: number): string =>
  `${JSON.stringify({ kind: 'tool', payload: { name: 'read', phase: 'end', output: `line ${String(n)}` } })}\n`;

/** Starts a daemon and `count` runs on it. */
export const startBusyRuns = async (count: number): Promise<BusyRuns> => {
  const folder = mkdtempSync(join(tmpdir(), 'busy-runs-'));
  const dataDir = join(folder, 'data');
  const ask = (...argv: readonly string[]) =>
    agentmesh(argv, { env: { AGENTMESH_DATA_DIR: dataDir }, cwd: folder });
  mkdirSync(dataDir, { mode: 0o700 });
  const agents = [{ name: 'repeater', command: ['/bin/sh', '-c', REPEATER] }];
  writeFileSync(join(dataDir, 'bootstrap.json'), JSON.stringify({ agents }));
  const up = await ask('up', '--port', '0');
  if (up.code !== 0) throw new Error(up.stderr);
  const { url } = JSON.parse(readFileSync(join(dataDir, 'agentmeshd.json'), 'utf8')) as { url: string };
  const client = createClient({ baseUrl: url });
  const pipes = Array.from({ length: count }, (_, n) => join(folder, `pipe-${String(n)}`));
  execFileSync('/bin/sh', ['-c', 'mkfifo "$@"', 'sh', ...pipes]);
  const open = new Map(pipes.map((pipe) => [pipe, openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK)]));
  const runIds = await Promise.all(
    pipes.map(async (prompt) => {
      const body = { to: 'repeater', prompt };
      return (await client.call('invocations.start', { body })).run_id;
    }),
  );
  const end = (): void => {
    for (const file of open.values()) closeSync(file);
    open.clear();
  };
  return {
    url,
    client,
    runIds,
    feed: async (seconds, perSecond) => {
      let taken = 0;
      const began = performance.now();
      for (let due = 0, said = 0; due < seconds * perSecond;) {
        due = Math.min(seconds, (performance.now() - began) / 1_000) * perSecond;
        for (; said < due; said += 1)
          for (const file of open.values())
            try {
              writeSync(file, line(said));
              taken += 1;
            } catch (error) {
              // The pipe is full: its run waits for its turn, or the daemon is behind.
              if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
            }
        await sleep(TICK_MS);
      }
      return taken;
    },
    finish: async () => {
      for (const pipe of pipes) writeFileSync(`${pipe}.over`, '');
      await sleep(OVER_MS);
      end();
      for (;;) {
        const calls = await client.call('invocations.list', { query: { limit: 500 } });
        if (calls.every(({ ended_at }) => ended_at !== null)) return;
        await sleep(100);
      }
    },
    close: async () => {
      end();
      await ask('down');
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
