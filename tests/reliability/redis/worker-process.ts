// A worker as a user starts it, for tests: a process of its own, on a folder of its own, killed at will.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FILES } from '#machines/nouns/data-folder';
import { until } from '../processes/mesh.ts';

const CLI = join(import.meta.dirname, '..', '..', '..', 'cli', 'agentmeshd.ts');
const END_MS = 12_000;

export class WorkerProcess implements AsyncDisposable {
  readonly name: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'worker-'));
  readonly #url: string;
  #child: ChildProcess | null = null;
  #said = { out: '', err: '' };

  constructor(name: string, url: string) {
    this.name = name;
    this.#url = url;
  }

  /** Starts it (again); does not wait. The daemon has made its key. */
  start(dataDir: string): void {
    copyFileSync(join(dataDir, FILES.meshKey), join(this.#folder, FILES.meshKey));
    const args = ['worker', '--serves', 'a2a', '--name', this.name, '-o', 'json'];
    const env = { ...process.env, AGENTMESH_REDIS_URL: this.#url, AGENTMESH_DATA_DIR: this.#folder };
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#said.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#said.err += text));
    this.#child = child;
  }

  /** Waits until it takes calls. */
  async ready(): Promise<void> {
    await until(`the worker ${this.name}; it said: ${this.#said.err}`, () => {
      const { exitCode } = this.#child ?? {};
      if (typeof exitCode === 'number') throw new Error(`the worker ${this.name} ended: ${this.#said.err}`);
      return this.#said.out.includes('\n');
    });
  }

  /** How often it took a call. */
  taken(): number {
    return this.#said.err.split('a call is taken').length - 1;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
    await gone;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
