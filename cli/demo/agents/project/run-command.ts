// Runs a command of a project in a process group of its own, with limits; nothing of it outlives the run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';

export interface CommandResult {
  /** Null when it was ended by its limit. */
  readonly code: number | null;
  readonly timedOut: boolean;
  /** stdout and stderr as they came, the last `OUTPUT_CHARS` of them. */
  readonly output: string;
  readonly durationMs: number;
}

export interface RunOptions {
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly limitMs: number;
  readonly env?: Readonly<Record<string, string>>;
}

const OUTPUT_CHARS = 256 * 1024;
/** Variables that programs of a project may need; tokens and switches of the agent’s own process stay here. */
const PASSED_ON = ['HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'SystemRoot'] as const;

const environment = (cwd: string, extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const own = Object.fromEntries(
    PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  const path = [join(cwd, 'node_modules', '.bin'), dirname(process.execPath), process.env['PATH'] ?? ''];
  return { ...own, PATH: path.join(delimiter), CI: '1', NO_COLOR: '1', FORCE_COLOR: '0', ...extra };
};

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
};

/**
 * Runs `command` with /bin/sh. A CPU limit goes with it, so that an endless loop ends even if this process dies first.
 * Rejects with the abort reason when `signal` aborts; a command that fails is a result.
 */
export const runCommand = async (command: string, options: RunOptions): Promise<CommandResult> => {
  const { cwd, signal, limitMs } = options;
  signal.throwIfAborted();
  const began = performance.now();
  const cpuSeconds = Math.ceil(limitMs / 1000) + 1;
  const child = spawn('/bin/sh', ['-c', `ulimit -t ${cpuSeconds}; ${command}`], {
    cwd,
    env: environment(cwd, options.env ?? {}),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let timedOut = false;
  const end = (): void => {
    if (child.pid !== undefined) killGroup(child.pid);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, limitMs);
  signal.addEventListener('abort', end);
  const take = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_CHARS);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    signal.throwIfAborted();
    return { code: timedOut ? null : code, timedOut, output, durationMs: performance.now() - began };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', end);
    end();
  }
};
