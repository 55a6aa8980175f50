// `npm run bench:cli`: what a command costs on a warm daemon, next to `node -e 0` of the same Node. One JSON line a command.
// Each is held against its limit: 1.6 times `node -e 0`, and what a bare request takes over that where it asks the daemon.
// `-- status trace` measures those only; `--times 10` measures less often than fifty times.
import { spawn, spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { openCliMesh } from './cli-mesh.ts';
import { percentile, report } from './measure.ts';
import { surroundings } from './surroundings.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string', default: '50' } },
});
const times = Number(values.times);

/** Wall milliseconds of one process, start to exit; throws when it does not end with 0. */
const wallMs = (program: string, argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> =>
  new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program, argv, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', reject);
    child.on('exit', (code) => {
      const ms = performance.now() - start;
      if (code === 0) resolve(ms);
      else reject(new Error(`${argv.join(' ')} ended with ${String(code)}: ${said}`));
    });
  });

/** How often the start of Node a command may take for itself. */
const STARTS = 1.6;
/** Commands that ask the daemon nothing. */
const ASKS_NOTHING = new Set(['version']);

const mean = (samples: readonly number[]): number => samples.reduce((a, b) => a + b, 0) / samples.length;

/** Another Node on the path, older than ours: the launcher hands over to ours then. */
const olderNode = (): string | null =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => `${folder}/node`)
    .find((node) => {
      const { stdout } = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' });
      return typeof stdout === 'string' && /^(?:1\d|2[0-3])\./.test(stdout);
    }) ?? null;

const mesh = await openCliMesh();
/** The least that a command could do: ask the daemon over its socket and print the answer. */
const BARE_REQUEST = `require('node:http').get({ socketPath: ${JSON.stringify(mesh.socket)}, path: '/healthz', agent: false }, (r) => r.pipe(process.stdout))`;
try {
  const names = positionals.length > 0 ? positionals : Object.keys(mesh.commands);
  const measure = async (name: string, node: string, label: string): Promise<void> => {
    const words = mesh.commands[name];
    if (words === undefined)
      throw new Error(`no command ${name}; there are ${Object.keys(mesh.commands).join(', ')}`);
    const bare: number[] = [];
    const asking: number[] = [];
    const ours: number[] = [];
    // Once unmeasured: the compile cache is written by the first run of a program.
    for (let i = -1; i < times; i += 1) {
      const bareMs = await wallMs(process.execPath, ['-e', '0'], mesh.env);
      const askingMs = await wallMs(process.execPath, ['-e', BARE_REQUEST], mesh.env);
      const oursMs = await wallMs(node, [mesh.bin, ...words], mesh.env);
      if (i < 0) continue;
      bare.push(bareMs);
      asking.push(askingMs);
      ours.push(oursMs);
    }
    const limit = (of: (samples: readonly number[]) => number): number =>
      STARTS * of(bare) + (ASKS_NOTHING.has(name) ? 0 : of(asking) - of(bare));
    const median = (samples: readonly number[]): number => percentile(samples, 50);
    const least = (samples: readonly number[]): number => Math.min(...samples);
    report(label, {
      command: `agentmesh ${words.join(' ')}`,
      times,
      mean_ms: mean(ours),
      p50_ms: median(ours),
      p95_ms: percentile(ours, 95),
      min_ms: least(ours),
      node_e0_p50_ms: median(bare),
      node_e0_min_ms: least(bare),
      bare_request_p50_ms: median(asking),
      bare_request_min_ms: least(asking),
      limit_p50_ms: limit(median),
      of_limit_p50: median(ours) / limit(median),
      of_limit_min: least(ours) / limit(least),
      ratio_to_bare_request_p50: median(ours) / median(asking),
      ratio_p50: median(ours) / median(bare),
      ratio_mean: mean(ours) / mean(bare),
      ...surroundings(),
    });
  };
  for (const name of names) await measure(name, process.execPath, `cli ${name}`);
  const older = positionals.length > 0 ? null : olderNode();
  if (older !== null) await measure('status', older, 'cli status, handed over by an older Node');
} finally {
  await mesh.close();
}
