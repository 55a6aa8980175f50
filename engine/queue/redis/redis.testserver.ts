// A redis-server of a test's own: on a Unix socket in a folder of its own, killed and started again at will.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 10_000;

/**
 * Whether tests with Redis run. Without a redis-server on PATH they cannot, and say so; in CI that is a failure.
 * @throws Error in CI
 */
export const hasRedisServer = (): boolean => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    const why = 'redis-server is not on PATH: apt-get install redis-server';
    if ((process.env['CI'] ?? '') !== '') throw new Error(why);
    process.stderr.write(`the tests with Redis do not run: ${why}\n`);
    return false;
  }
};

export interface RedisServerOptions {
  /** Asked of every client. */
  readonly password?: string;
  /** Keeps what it holds over a kill (appendonly, synced always). */
  readonly keeps?: boolean;
}

export class RedisServer implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'redis-'));
  readonly #options: RedisServerOptions;
  #child: ChildProcess | null = null;

  private constructor(options: RedisServerOptions) {
    this.#options = options;
  }

  /** A server that is not started yet. */
  static prepare(options: RedisServerOptions = {}): RedisServer {
    return new RedisServer(options);
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(options);
    await server.start();
    return server;
  }

  get path(): string {
    return join(this.#folder, 'redis.sock');
  }

  get url(): string {
    return `unix:${this.path}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it (again); resolves when it answers. */
  async start(): Promise<void> {
    const { password, keeps = false } = this.#options;
    const child = spawn(
      'redis-server',
      [
        ...['--port', '0', '--unixsocket', this.path, '--dir', this.#folder, '--save', ''],
        ...(keeps ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []),
        ...(password === undefined ? [] : ['--requirepass', password]),
      ],
      { stdio: 'ignore' },
    );
    this.#child = child;
    for (const end = Date.now() + PATIENCE_MS; !(await this.#listens());) {
      if (child.exitCode !== null || Date.now() > end) throw new Error('redis-server did not start');
      await sleep(10);
    }
  }

  /** kill -9; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    rmSync(this.path, { force: true });
  }

  /** One command, with its answer as the protocol has it (RESP). For what a test does behind everybody's back. */
  async command(...words: readonly string[]): Promise<string> {
    const { password } = this.#options;
    const lines = [...(password === undefined ? [] : [['AUTH', password]]), words];
    const socket = createConnection(this.path);
    let said = '';
    socket.setEncoding('utf8').on('data', (text: string) => (said += text));
    for (const line of [...lines, ['QUIT']])
      socket.write(
        `*${line.length}\r\n${line.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`,
      );
    await once(socket, 'close');
    const answers = said.split('\r\n');
    return answers.slice(password === undefined ? 0 : 1, -2).join('\n');
  }

  async #listens(): Promise<boolean> {
    const socket = createConnection(this.path);
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
