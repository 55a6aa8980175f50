// What tests of the daemon's processes share: real processes on temporary folders, and proof that nothing stays behind.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readInfo, type DaemonInfo } from '#api/daemon/info';
import { isAlive } from '#api/daemon/process-facts';

const CLI = join(import.meta.dirname, '..', '..', '..', 'cli', 'agentmeshd.ts');
const POLL_MS = 10;
/** Far above what anything here takes, so that a hang becomes a failure. */
const PATIENCE_MS = 30_000;

/** Stands in the environment of every process of a mesh, so that none can hide. */
const MARK = 'AGENTMESH_TEST_MARK';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One run of `agentmeshd`. */
export interface Run {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
}

/** Waits until `look` gives something; throws with `what` when that takes too long. */
export const until = async <T>(
  what: string,
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
): Promise<T> => {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

/** One data folder with everything that is started on it. */
export class Mesh {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'agentmesh-'));
  readonly #mark = `${String(process.pid)}-${this.dataDir}`;

  /** Starts `agentmeshd ...args` on this folder. */
  run(args: readonly string[], env: NodeJS.ProcessEnv = {}, user: { uid?: number; gid?: number } = {}): Run {
    const child = spawn(process.execPath, [CLI, ...args], {
      ...user,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        XDG_RUNTIME_DIR: this.dataDir,
        AGENTMESH_DATA_DIR: this.dataDir,
        AGENTMESH_PORT: '0',
        AGENTMESH_DISCOVERY: 'off',
        [MARK]: this.#mark,
        ...env,
      },
    });
    if (child.pid === undefined) throw new Error('agentmeshd cannot be started');
    const text = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (text.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text.stderr += chunk.toString()));
    const ended = new Promise<Ended>((resolve) => {
      child.on('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
    return { child, pid: child.pid, ended, stdout: () => text.stdout, stderr: () => text.stderr };
  }

  /** Runs a command to its end. */
  async command(
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
    user: { uid?: number; gid?: number } = {},
  ): Promise<Ended & { readonly stdout: string; readonly stderr: string }> {
    const run = this.run(args, env, user);
    const ended = await run.ended;
    return { ...ended, stdout: run.stdout(), stderr: run.stderr() };
  }

  /** Starts a daemon in the foreground and waits until it is ready. */
  async up(
    env: NodeJS.ProcessEnv = {},
    args: readonly string[] = [],
  ): Promise<Run & { readonly info: DaemonInfo }> {
    const run = this.run(['start', ...args], env);
    return { ...run, info: await this.ready(run) };
  }

  /** The info of the daemon that `run` supervises, once its worker is ready (another one than `before`). */
  async ready(run: Run, before?: DaemonInfo): Promise<DaemonInfo> {
    return until(`a ready daemon; it said: ${run.stderr()}`, () => {
      if (run.child.exitCode !== null) throw new Error(`agentmeshd ended: ${run.stderr()}`);
      const info = readInfo(this.dataDir);
      return info?.pid === run.pid && info.worker_pid !== before?.worker_pid ? info : null;
    });
  }

  /** Living processes that were started for this folder, however indirectly. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${MARK}=${this.#mark}\0`);
        } catch {
          return false;
        }
      })
      .map(Number)
      .filter(isAlive);
  }

  /** Resolves when no process of this folder lives any more. */
  async empty(): Promise<void> {
    await until(`no process left on ${this.dataDir}`, () => this.processes().length === 0);
  }

  /** Ends what is left and removes the folder: for the end of a test, also one that failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.processes()) process.kill(pid, 'SIGKILL');
    await this.empty();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
