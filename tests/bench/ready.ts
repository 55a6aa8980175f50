// From starting the daemon to its first answer on /healthz, next to a process that does nothing but import express.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FILES } from '#machines/nouns/data-folder';
import { percentile, report } from './measure.ts';
import { DURABILITY, surroundings } from './surroundings.ts';

const AGENTMESHD = fileURLToPath(new URL('../../cli/bin/agentmeshd.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LOOK_MS = 2;

const answers = async (info: string): Promise<boolean> => {
  if (!existsSync(info)) return false;
  const { url } = JSON.parse(readFileSync(info, 'utf8')) as { readonly url: string };
  return (await fetch(`${url}/healthz`).catch(() => null))?.ok ?? false;
};

/** Milliseconds from spawning `agentmeshd start` to a 200; the daemon is stopped again. */
const startMs = async (dataDir: string): Promise<number> => {
  const start = performance.now();
  const child = spawn(
    process.execPath,
    [AGENTMESHD, 'start', '--port', '0', '--discovery', 'off', '--data-dir', dataDir],
    {
      stdio: 'ignore',
    },
  );
  const exited = once(child, 'exit');
  const info = join(dataDir, FILES.info);
  while (!(await answers(info))) {
    if (child.exitCode !== null) throw new Error(`the daemon ended with ${String(child.exitCode)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const ms = performance.now() - start;
  child.kill('SIGTERM');
  await exited;
  return ms;
};

const nodeMs = async (code: string): Promise<number> => {
  const start = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT, stdio: 'ignore' });
  await once(child, 'exit');
  return performance.now() - start;
};

export const benchReady = async (scale = 1): Promise<void> => {
  const times = Math.max(3, Math.round(10 * scale));
  const folder = mkdtempSync(join(tmpdir(), 'bench-ready-'));
  const [fresh, again, bare, empty]: [number[], number[], number[], number[]] = [[], [], [], []];
  try {
    const kept = join(folder, 'kept');
    await startMs(kept);
    await nodeMs("import 'express'");
    for (let i = 0; i < times; i += 1) {
      fresh.push(await startMs(join(folder, `fresh-${String(i)}`)));
      bare.push(await nodeMs("import 'express'"));
      again.push(await startMs(kept));
      empty.push(await nodeMs('0'));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  report('ready', {
    durability: DURABILITY.FULL,
    times,
    new_folder_p50_ms: percentile(fresh, 50),
    known_folder_p50_ms: percentile(again, 50),
    known_folder_p95_ms: percentile(again, 95),
    import_express_p50_ms: percentile(bare, 50),
    node_e0_p50_ms: percentile(empty, 50),
    ratio_to_import_express: percentile(again, 50) / percentile(bare, 50),
    ...surroundings(),
  });
};
