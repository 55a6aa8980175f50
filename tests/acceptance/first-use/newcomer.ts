// Somebody new: a home of their own, an OpenClaw and a NanoClaw of their own, and the commands of the README.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startGateway, type TestGateway } from '../../../engine/agents/openclaw/openclaw.testserver.ts';
import { FakeHost } from '../../../engine/agents/nanoclaw/nanoclaw.testhost.ts';
import { unusedPort } from './ports.ts';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAM = join(ROOT, 'engine', 'agents', 'openclaw', 'openclaw.testprogram.ts');
const TOKEN = 'the-token-of-the-gateway';

export interface Finished {
  readonly words: readonly string[];
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** PATH without what npm puts before it: a newcomer has the Node of the system. */
const systemPath = (): string =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((entry) => !entry.endsWith('node_modules/.bin'))
    .join(delimiter);

export class Newcomer {
  readonly folder: string;
  readonly home: string;
  /** Changes what every later command sees. */
  readonly env: Record<string, string>;
  /** Every command so far, in order. */
  readonly commands: Finished[] = [];
  /** The checkout that the commands come from. */
  checkout = ROOT;
  /** Where NanoClaw is installed. */
  readonly nanoclawDir: string;
  #openclawPort = 0;
  #gateway: TestGateway | null = null;
  readonly #hosts: FakeHost[] = [];
  readonly #undo: (() => void | Promise<void>)[] = [];

  private constructor(homeName: string, port: number) {
    this.folder = mkdtempSync(join(tmpdir(), 'first-use-'));
    this.home = join(this.folder, homeName);
    this.nanoclawDir = join(this.home, 'nanoclaw');
    const bin = join(this.folder, 'bin');
    mkdirSync(bin);
    mkdirSync(this.home, { recursive: true });
    this.env = {
      PATH: [bin, systemPath()].join(delimiter),
      HOME: this.home,
      LANG: 'C.UTF-8',
      TERM: 'xterm-256color',
      TMPDIR: tmpdir(),
      AGENTMESH_PORT: String(port),
    };
  }

  static async open(homeName = 'home'): Promise<Newcomer> {
    return new Newcomer(homeName, await unusedPort());
  }

  /** Something to be undone when the hour is over. */
  onLeaving(undo: () => void | Promise<void>): void {
    this.#undo.push(undo);
  }

  /** Puts OpenClaw on the PATH, with its configuration; its gateway is started by `startOpenclaw`. */
  async installOpenclaw(options: { readonly token?: string; readonly version?: string } = {}): Promise<void> {
    const program = join(this.folder, 'bin', 'openclaw');
    writeFileSync(
      program,
      `#!/bin/sh\nOPENCLAW_TEST_VERSION='${options.version ?? '2026.9.6'}' exec '${process.execPath}' '${PROGRAM}' "$@"\n`,
    );
    chmodSync(program, 0o755);
    this.writeOpenclawConfig(await unusedPort(), options.token ?? TOKEN);
  }

  /** OpenClaw's configuration, as people write it. */
  writeOpenclawConfig(port: number, token = TOKEN): void {
    const state = join(this.home, '.openclaw');
    mkdirSync(state, { recursive: true });
    this.#openclawPort = port;
    writeFileSync(
      join(state, 'openclaw.json'),
      `// OpenClaw\n{ gateway: { mode: 'local', port: ${String(port)}, auth: { mode: 'token', token: '${token}' } }, }\n`,
      { mode: 0o600 },
    );
  }

  async startOpenclaw(): Promise<void> {
    const folder = join(this.folder, 'gateway');
    mkdirSync(folder, { recursive: true });
    this.#gateway = await startGateway(folder, { token: TOKEN, agents: ['main'], port: this.#openclawPort });
  }

  /** The token in OpenClaw's configuration becomes the right one. */
  correctOpenclawToken(): void {
    this.writeOpenclawConfig(this.#openclawPort);
  }

  async startNanoclaw(dir = this.nanoclawDir): Promise<void> {
    mkdirSync(dir, { recursive: true });
    this.#hosts.push(await FakeHost.start(dir));
  }

  /** Leaves the folder of an installation whose host does not run. */
  async leaveNanoclawDown(): Promise<void> {
    await this.startNanoclaw();
    await this.#hosts.pop()?.stop();
  }

  /** One command, as typed: `agentmesh …`. */
  cli(...words: readonly string[]): Promise<Finished> {
    return this.run(['node', join(this.checkout, 'cli', 'bin', 'agentmesh.js')], words);
  }

  /** Any program with the newcomer's environment. */
  async run(program: readonly string[], words: readonly string[], cwd = this.home): Promise<Finished> {
    const [file = '', ...first] = program;
    const began = performance.now();
    const child = spawn(file, [...first, ...words], {
      cwd,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject).on('close', resolve);
    });
    const finished = { words, code, stdout, stderr, ms: performance.now() - began };
    this.commands.push(finished);
    return finished;
  }

  /** Ends everything and removes the folder. */
  async leave(): Promise<void> {
    await this.cli('down');
    for (const undo of this.#undo.reverse()) await undo();
    await this.#gateway?.close();
    for (const host of this.#hosts) await host.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
