// A real daemon and real agents for tests that kill: starts, kills and restarts the daemon, and asks it through all of that.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readInfo, type DaemonInfo } from '#api/daemon/info';
import { isAlive } from '#api/daemon/process-facts';
import { type Ask, type CallRoute, type Client, createClient, MeshError } from '#api/contract/client';
import type { RouteAnswer } from '#api/contract/shapes';
import { FILES } from '#machines/nouns/data-folder';
import { Mesh, until, type Run } from './processes/mesh.ts';
import { type Effect, type SampleAgent, startSampleAgent } from './sample-agents.ts';

/** Never resolved: requests go to wherever the daemon is at that moment. */
const NOWHERE = 'http://mesh.invalid';
/** What is asked may take this long through all kills, before it counts as never answered. */
const PATIENCE_MS = 120_000;
/** In the environment of programs that are agents; the daemon's own variables do not reach them. */
const PROGRAM_MARK = 'MESH_UNDER_FIRE';

export interface FireOptions {
  /** Sample agents to start, besides `noter`, which is a program that notes its key in a file. */
  readonly agents: readonly string[];
  /** How long a phase of an agent's work takes. */
  readonly delayMs: number;
  /** Programs as agents: name -> argv. */
  readonly programs?: Readonly<Record<string, readonly string[]>>;
}

export class MeshUnderFire implements AsyncDisposable {
  readonly client: Client;
  readonly agents: readonly SampleAgent[];
  readonly #mesh: Mesh;
  #run: Run | null = null;

  private constructor(mesh: Mesh, agents: readonly SampleAgent[]) {
    this.#mesh = mesh;
    this.agents = agents;
    this.client = createClient({ baseUrl: NOWHERE, fetch: (input, init) => this.#fetch(input, init) });
  }

  /** Starts the agents and writes them down for the daemon, which is not started yet. */
  static async open({ agents, delayMs, programs = {} }: FireOptions): Promise<MeshUnderFire> {
    const mesh = new Mesh();
    const started: SampleAgent[] = [];
    try {
      const folder = join(mesh.dataDir, 'ledgers');
      await Promise.all(
        agents.map(async (name) => started.push(await startSampleAgent(name, folder, delayMs))),
      );
      const fire = new MeshUnderFire(mesh, started);
      const script = `printf '%s\\n' "$AGENTMESH_IDEMPOTENCY_KEY" >> '${fire.#notes}'; cat > /dev/null; echo noted`;
      const env = { [PROGRAM_MARK]: mesh.dataDir };
      const all = { noter: ['/bin/sh', '-c', script], ...programs };
      const entries = [
        ...started.map(({ name, url }) => ({ name, url })),
        ...Object.entries(all).map(([name, command]) => ({ name, command, env })),
      ];
      writeFileSync(join(mesh.dataDir, FILES.bootstrap), JSON.stringify({ agents: entries }), {
        mode: 0o600,
      });
      return fire;
    } catch (error) {
      await Promise.all(started.map((agent) => agent.stop()));
      await mesh[Symbol.asyncDispose]();
      throw error;
    }
  }

  get dataDir(): string {
    return this.#mesh.dataDir;
  }

  get #notes(): string {
    return join(this.dataDir, 'notes.txt');
  }

  /** The daemon that answers now, or null. */
  info(): DaemonInfo | null {
    const info = readInfo(this.dataDir);
    return info !== null && isAlive(info.worker_pid) ? info : null;
  }

  /** Starts a supervisor; does not wait for its worker. */
  start(env: NodeJS.ProcessEnv = {}): Run {
    const run = this.#mesh.run(['start'], { AGENTMESH_LOG_LEVEL: 'warn', ...env });
    this.#run = run;
    return run;
  }

  /** Waits until the worker of the daemon started last is ready. */
  ready(): Promise<DaemonInfo> {
    const run = this.#run;
    if (run === null) throw new Error('no daemon was started');
    return until(`a ready worker; the daemon said: ${run.stderr()}`, () => {
      if (run.child.exitCode !== null) throw new Error(`the daemon ended: ${run.stderr()}`);
      const info = this.info();
      return info !== null && info.worker_pid === this.workerPid() ? info : null;
    });
  }

  /** The worker, ready or not; null between two of them. */
  workerPid(): number | null {
    const pid = String(this.#run?.pid);
    try {
      const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
      return child === undefined || child === '' ? null : Number(child);
    } catch {
      return null;
    }
  }

  /** kill -9 of the worker, in whatever it does. False when there was none just then. */
  killWorker(): boolean {
    const pid = this.workerPid();
    if (pid === null) return false;
    process.kill(pid, 'SIGKILL');
    return true;
  }

  /** kill -9 of supervisor and worker; resolves when nothing is left of them. */
  async killAll(): Promise<void> {
    const worker = this.workerPid();
    this.#run?.child.kill('SIGKILL');
    if (worker !== null && isAlive(worker)) process.kill(worker, 'SIGKILL');
    await this.#run?.ended;
    await this.#mesh.empty();
  }

  /** Ends the daemon as a user would; throws when it does not end well. */
  async stop(): Promise<void> {
    const run = this.#run;
    if (run === null) return;
    run.child.kill('SIGTERM');
    const { code, signal } = await run.ended;
    if (code !== 0) throw new Error(`the daemon ended with ${String(code ?? signal)}: ${run.stderr()}`);
    await this.#mesh.empty();
    this.#run = null;
  }

  /** Asks until somebody answers, through restarts. What the daemon refuses is thrown. */
  async ask<R extends CallRoute>(route: R, ask: Ask<R> = {}): Promise<RouteAnswer<R>> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.client.call(route, ask);
      } catch (error) {
        const passes = error instanceof MeshError && ['daemon_unreachable', 'stopping'].includes(error.code);
        if (!passes || performance.now() > deadline) throw error;
        await sleep(25);
      }
    }
  }

  /** Every effect that the agents have written down, `noter` included. */
  async effects(): Promise<Effect[]> {
    const counts = new Map<string, number>();
    for (const key of this.#readNotes()) counts.set(key, (counts.get(key) ?? 0) + 1);
    const noted = [...counts].map(([key, times]) => ({ agent: 'noter', key, effect: 'note', times }));
    return [...(await Promise.all(this.agents.map((agent) => agent.effects()))).flat(), ...noted];
  }

  #readNotes(): string[] {
    try {
      return readFileSync(this.#notes, 'utf8').split('\n').slice(0, -1);
    } catch {
      return [];
    }
  }

  /** Living processes of the daemon and of programs that it has started. */
  processesLeft(): number[] {
    const programs = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${PROGRAM_MARK}=${this.dataDir}\0`);
        } catch {
          return false;
        }
      })
      .map(Number)
      .filter(isAlive);
    return [...this.#mesh.processes(), ...programs];
  }

  async #fetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
    const info = this.info();
    if (info === null || typeof input !== 'string') throw new TypeError('no daemon just now');
    return fetch(input.replace(NOWHERE, info.url), init);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.stop()));
    for (const pid of this.processesLeft()) process.kill(pid, 'SIGKILL');
    await until('no process left', () => this.processesLeft().length === 0);
    await this.#mesh[Symbol.asyncDispose]();
  }
}
