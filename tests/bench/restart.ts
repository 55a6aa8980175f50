// A thousand team runs in the middle, the process killed by SIGKILL, a new one on the same folder: start to all done.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fsyncMs } from './fsync-time.ts';
import { report } from './measure.ts';
import type { Life, Told } from './restart-mesh.ts';
import { DURABILITY, surroundings } from './surroundings.ts';

const STEPS = 4;
const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/compile', import.meta.url));

/** With a compile cache, as the daemon has one. */
const live = (life: Life): ChildProcess =>
  fork(join(import.meta.dirname, 'restart-mesh.ts'), [JSON.stringify(life)], {
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
  });

const told = async <K extends Told['is']>(
  child: ChildProcess,
  what: K,
): Promise<Extract<Told, { is: K }>> => {
  const [message] = (await once(child, 'message')) as [Told];
  if (message.is !== what) throw new Error(`told ${message.is}, not ${what}`);
  return message as Extract<Told, { is: K }>;
};

/** How many lines stand there again. */
const doubles = (lines: readonly string[]): number => lines.length - new Set(lines).size;

export const benchRestart = async (scale = 1): Promise<void> => {
  const runs = Math.round(1_000 * scale);
  for (const synchronous of ['FULL', 'NORMAL'] as const) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-restart-'));
    const ledger = join(folder, 'ledger');
    const common = { dataDir: join(folder, 'data'), ledger, synchronous };
    try {
      const first = live({
        ...common,
        start: runs,
        tellAtStep: Math.round((runs * STEPS) / 2),
        untilDone: false,
      });
      await told(first, 'at-step');
      const gone = once(first, 'exit');
      first.kill('SIGKILL');
      await gone;
      const stepsBefore = readFileSync(ledger, 'utf8').trim().split('\n').length;

      const start = performance.now();
      const second = live({ ...common, start: 0, tellAtStep: -1, untilDone: true });
      const { openedMs, doneMs, states } = await told(second, 'done');
      const wallMs = performance.now() - start;
      await once(second, 'exit');
      const keys = readFileSync(ledger, 'utf8').trim().split('\n');
      const completed = states['completed'] ?? 0;
      report('restart', {
        durability: DURABILITY[synchronous],
        runs_started: Object.values(states).reduce((a, b) => a + b, 0),
        runs_completed: completed,
        steps_before_kill: stepsBefore,
        steps_after: keys.length - stepsBefore,
        effects_lost: completed * STEPS - new Set(keys).size,
        effects_twice: doubles(keys),
        restart_to_done_ms: wallMs,
        process_to_open_ms: openedMs,
        open_to_done_ms: doneMs - openedMs,
        fsync_p50_ms: fsyncMs(),
        ...surroundings(),
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
};
