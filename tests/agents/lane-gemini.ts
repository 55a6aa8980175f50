// A real Gemini A2A server on loopback, in a folder of its own, with the scripted model.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { laneProgram } from './lane-program.ts';
import { startModelServer, type ModelServer } from './model-server.ts';

/** A cold start on a busy machine. */
const READY_MS = 120_000;

export interface LaneGemini {
  readonly url: string;
  /** Where it works. */
  readonly work: string;
  readonly model: ModelServer;
  close(): Promise<void>;
}

/** Starts it on a free port and waits until it says where it listens. */
export const openLaneGemini = async (): Promise<LaneGemini> => {
  const program = await laneProgram('gemini');
  const model = await startModelServer();
  const folder = mkdtempSync(join(tmpdir(), 'agentmesh-gemini-'));
  const work = join(folder, 'work');
  mkdirSync(work);
  // By its file: behind the link that npm makes it takes itself for a library, and does nothing.
  const child = spawn(process.execPath, [realpathSync(program)], {
    cwd: work,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      GEMINI_API_KEY: 'none',
      GOOGLE_GEMINI_BASE_URL: model.url,
      CODER_AGENT_WORKSPACE_PATH: work,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  const close = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    await model.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const lines = createInterface({ input: child.stdout });
  const { promise, resolve } = Promise.withResolvers<string>();
  lines.on('line', (line) => {
    const [, port] = /Agent Server started on http:\/\/localhost:(\d+)/.exec(line) ?? [];
    if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
  });
  const late = sleep(READY_MS, null, { ref: false });
  const url = await Promise.race([promise, late, ended.then(() => null)]);
  if (url !== null) return { url, work, model, close };
  await close();
  throw new Error('Gemini’s server did not become ready');
};
