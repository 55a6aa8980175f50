// A real OpenClaw on loopback, in a folder of its own, with the scripted model; its gateway runs, or does not.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { laneProgram } from './lane-program.ts';
import { startModelServer } from './model-server.ts';

/** A cold start on a busy machine. */
const READY_MS = 180_000;

export interface LaneGateway {
  readonly configFile: string;
  /** What the shell of its user knows. */
  readonly env: Readonly<Record<string, string>>;
  /** Requests that its model answers now. */
  readonly modelBusy: () => number;
  close(): Promise<void>;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

/** JSON5 with a comment, as people write it: an uninstall must bring each byte of it back. */
const configText = (port: number, workspace: string, model: string): string => `// written by hand
{
  gateway: { mode: 'local', port: ${String(port)}, bind: 'loopback', auth: { mode: 'token', token: 'lane-token-0123456789abcdef0123456789abcdef' } },
  tools: { exec: { host: 'gateway', security: 'allowlist', ask: 'always' } },
  agents: { defaults: { workspace: '${workspace}', model: { primary: 'fake/fake-1' } } },
  models: { mode: 'merge', providers: { fake: { baseUrl: '${model}/v1', apiKey: 'none', api: 'openai-completions',
    models: [{ id: 'fake-1', name: 'Fake 1', reasoning: true, input: ['text'], cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }, contextWindow: 128000, maxTokens: 4096 }] } } },
  update: { checkOnStart: false },
}
`;

/** Sets it up; starts its gateway, and waits until that is ready, unless `runs` is false. */
export const openLaneGateway = async (runs = true): Promise<LaneGateway> => {
  const program = await laneProgram('openclaw');
  const model = await startModelServer();
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-openclaw-'));
  const workspace = join(folder, 'workspace');
  mkdirSync(workspace);
  const configFile = join(folder, 'openclaw.json');
  const port = await freePort();
  writeFileSync(configFile, configText(port, workspace, model.url), { mode: 0o600 });
  const env = {
    PATH: [dirname(process.execPath), dirname(program), process.env['PATH'] ?? ''].join(delimiter),
    HOME: folder,
    OPENCLAW_STATE_DIR: folder,
    OPENCLAW_CONFIG_PATH: configFile,
    OPENCLAW_DISABLE_BONJOUR: '1',
    OPENCLAW_NO_RESPAWN: '1',
    OPENCLAW_EXEC_SHELL_SNAPSHOT: '0',
  };
  const tidy = async (): Promise<void> => {
    await model.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  if (!runs) return { configFile, env, modelBusy: model.open, close: tidy };
  const child = spawn(program, ['gateway', 'run', '--port', String(port), '--bind', 'loopback'], {
    env: { ...env, DO_NOT_TRACK: '1' },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await tidy();
  };
  for (const until = Date.now() + READY_MS; ;) {
    const text = await fetch(`http://127.0.0.1:${String(port)}/readyz`).then(
      (response) => response.text(),
      () => '',
    );
    if (text.includes('"ready":true')) return { configFile, env, modelBusy: model.open, close };
    if (Date.now() > until || child.exitCode !== null) {
      await close();
      throw new Error('the gateway did not become ready');
    }
    await sleep(300);
  }
};
