// Sample agents in processes of their own, with ledgers that no kill of the daemon reaches.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..', '..');

/** What an agent says that it did. */
export interface Effect {
  readonly agent: string;
  readonly key: string;
  readonly effect: string;
  readonly times: number;
}

export interface SampleAgent {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  effects(): Promise<Effect[]>;
  /** Ends it and waits. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const fileOf = (name: string): string =>
  name === 'worker'
    ? join(import.meta.dirname, 'flaky-agent.ts')
    : join(ROOT, 'cli', 'demo', 'agents', name, 'main.ts');

/** An agent that is asked to end takes its scratch folder along; one that does not listen is killed. */
const END_MS = 3_000;

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await gone;
  clearTimeout(timer);
};

/**
 * Starts an agent of cli/demo/agents, or `worker`, the flaky one of the tests, and waits until it listens.
 * `folder` holds its ledger; each phase of its work takes `delayMs`.
 */
export const startSampleAgent = async (
  name: string,
  folder: string,
  delayMs: number,
): Promise<SampleAgent> => {
  const args = [fileOf(name), '--port', '0', '--ledger', join(folder, name), '--delay-ms', String(delayMs)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it was ready`))),
  ])) as [string];
  const { url, pid } = JSON.parse(line) as { readonly url: string; readonly pid: number };
  return {
    name,
    url,
    pid,
    effects: async () => {
      const page = (await (await fetch(`${url}/ledger`)).json()) as {
        readonly effects: Omit<Effect, 'agent'>[];
      };
      return page.effects.map((effect) => ({ agent: name, ...effect }));
    },
    stop: (signal = 'SIGTERM') => end(child, signal),
  };
};
