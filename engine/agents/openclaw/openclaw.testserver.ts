// Starts the fake gateway for tests, and makes adapters whose device lives in a folder of the test.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { nodePorts } from '../../ports-node.ts';
import type { AgentAdapter, Target } from '../adapter.ts';
import { createOpenclawAdapter } from './adapter.ts';
import type { GatewayOptions } from './openclaw.testagent.ts';

const GATEWAY = fileURLToPath(new URL('./openclaw.testagent.ts', import.meta.url));

export interface GatewayState {
  readonly connects: number;
  readonly open: number;
  readonly paired: number;
  readonly pending: readonly string[];
}

export interface TestGateway {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** Does something to it: approve, revoke, cut, forget, resolve. */
  control(deed: string, body?: object): Promise<void>;
  state(): Promise<GatewayState>;
  close(): Promise<void>;
}

/** Starts it in a process of its own. */
export const startGateway = async (folder: string, options: GatewayOptions): Promise<TestGateway> => {
  const child = spawn(process.execPath, [GATEWAY, folder, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { port } = JSON.parse(line) as { port: number };
  const url = `http://127.0.0.1:${String(port)}`;
  const ask = async (deed: string, body: object = {}): Promise<unknown> =>
    (await fetch(`${url}/test/${deed}`, { method: 'POST', body: JSON.stringify(body) })).json();
  return {
    url,
    port,
    child,
    control: async (deed, body) => {
      await ask(deed, body);
    },
    state: async () => (await ask('state')) as GatewayState,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
};

/** The adapter with real ports; its device lives in `dataDir`. */
export const openclawAt = (dataDir: string): AgentAdapter =>
  createOpenclawAdapter(nodePorts(pino({ level: 'silent' }), {}), dataDir);

/** The same for a process of its own, which finds the folder in its environment. */
export const createOpenclawOfTest = (): AgentAdapter => openclawAt(process.env['OPENCLAW_TEST_DATA'] ?? '');

export const targetAt = (url: string, more: Partial<Target> = {}): Target => ({
  name: 'claw',
  kind: 'openclaw',
  entry: { kind: 'openclaw', url },
  card: null,
  token: null,
  reach: { given: new URL(url).origin },
  ...more,
});
