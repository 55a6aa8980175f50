// A mesh over Redis for tests: a real engine, workers in this process behind wires of their own, and agents that note all.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { settingsSchema } from '#machines/nouns/agent-settings';
import type { AgentEntry } from '#machines/nouns/agent';
import { FILES } from '#machines/nouns/data-folder';
import { failure } from '#machines/nouns/error';
import type { EventV1 } from '#machines/nouns/event';
import type { AgentAdapter, InvokeRequest, Outcome, Sink } from '../agents/adapter.ts';
import type { Engine } from '../engine.ts';
import { socketCaller } from '../identity/caller.ts';
import { createEngine } from '../index.ts';
import { nodePorts } from '../ports-node.ts';
import { ownMeshKey } from '../queue/mesh-key.ts';
import { readRedisUrl } from '../queue/redis/address.ts';
import { cuttableRedisWire, type RedisWire } from '../queue/redis/cuttable.testwire.ts';
import { RedisServer } from '../queue/redis/redis.testserver.ts';
import { createWorker, type Worker } from './worker.ts';

/** What agents did, wherever they were called from. */
export class World {
  /** Calls begun, by key. */
  readonly effects = new Map<string, number>();
  /** Who called whom how: `w1 invoke`, `here reattach`. */
  readonly log: string[] = [];
  readonly #held = new Map<string, PromiseWithResolvers<undefined>>();
  readonly #outcomes = new Map<string, PromiseWithResolvers<Outcome>>();
  /** Whether agents know their runs again. */
  remembers = true;

  /** Lets runs with this prompt end. */
  release(prompt: string): void {
    this.hold(prompt).resolve(undefined);
  }

  hold(prompt: string): PromiseWithResolvers<undefined> {
    const held = this.#held.get(prompt) ?? Promise.withResolvers<undefined>();
    this.#held.set(prompt, held);
    return held;
  }

  outcome(key: string): PromiseWithResolvers<Outcome> {
    const outcome = this.#outcomes.get(key) ?? Promise.withResolvers<Outcome>();
    this.#outcomes.set(key, outcome);
    return outcome;
  }

  knows(key: string): boolean {
    return this.#outcomes.has(key);
  }
}

const answerOf = async (
  world: World,
  who: string,
  { prompt, key, signal }: InvokeRequest,
  sink: Sink,
): Promise<Outcome> => {
  const cancelled = new Promise<Outcome>((resolve) => {
    signal.addEventListener('abort', () => {
      world.log.push(`${who} cancelled ${prompt}`);
      resolve({ status: 'cancelled', artifacts: [], cancelConfirmed: true });
    });
  });
  const work = async (): Promise<Outcome> => {
    if (prompt.startsWith('events')) {
      for (let n = 0; n < 20; n += 1) {
        await sink.event({ kind: 'tool', payload: { phase: 'start', name: `tool-${n}`, call_id: `c${n}` } });
        await sink.event({ kind: 'message', payload: { role: 'agent', text: `piece ${n} ` }, delta: true });
      }
      await sink.event({ kind: 'artifact', payload: { name: 'result', text: 'the artifact' } });
      if (prompt.includes('hold')) await world.hold(prompt).promise;
      await sink.event({ kind: 'status', payload: { state: 'working', text: 'nearly' } });
      return {
        status: 'completed',
        text: `did ${prompt}`,
        artifacts: [{ name: 'result', text: 'the artifact' }],
      };
    }
    if (prompt.startsWith('hold')) await world.hold(prompt).promise;
    if (prompt.startsWith('throw')) throw new Error('an adapter that throws');
    if (prompt.startsWith('fail'))
      return { status: 'failed', artifacts: [], error: failure('agent_failed', 'no') };
    if (prompt.startsWith('ask')) {
      const answer = await sink.approval({
        nativeId: `ask-${key}`,
        kind: 'permission',
        title: prompt,
        tool: 'shell',
        operation: { command: prompt },
        expiresAt: null,
        withdrawn: new AbortController().signal,
      });
      return { status: 'completed', text: answer.decision, artifacts: [] };
    }
    return { status: 'completed', text: `did ${prompt}`, artifacts: [] };
  };
  return Promise.race([work(), cancelled]);
};

/** Agents of the kind `far`, called by `who`. */
export const farAdapter = (world: World, who: string, resume = true): AgentAdapter => ({
  kind: 'far',
  summary: 'agents of a test',
  settings: () => settingsSchema(),
  capabilities: () => ({
    stream: true,
    tools: true,
    reasoning: true,
    artifacts: true,
    cancel: 'run',
    approvals: true,
    resume,
    multiTurn: false,
    remote: false,
  }),
  probe: (target) => {
    world.log.push(`${who} probe ${target.name}`);
    return Promise.resolve({
      ok: true,
      name: target.name,
      description: `seen by ${who}`,
      version: null,
      protocol: null,
      skills: [],
      card: null,
      latencyMs: 0,
      problem: null,
    });
  },
  plan: () => Promise.resolve({ kind: 'far', steps: [], obstacles: [], details: null }),
  install: () => Promise.resolve({ kind: 'far', steps: [], details: null }),
  uninstall: () => Promise.resolve(),
  discover: () => (async function* () {})(),
  invoke: async (request, sink) => {
    world.log.push(`${who} invoke ${request.prompt}`);
    const outcome = world.outcome(request.key);
    await sink.handle({ key: request.key }, `task-${request.runId}`);
    world.effects.set(request.key, (world.effects.get(request.key) ?? 0) + 1);
    sink.sent();
    const result = await answerOf(world, who, request, sink);
    outcome.resolve(result);
    return result;
  },
  reattach: async (request, handle) => {
    world.log.push(`${who} reattach ${request.prompt} ${handle === null ? 'blind' : 'by handle'}`);
    if (!world.remembers) return { status: 'unknown' };
    if (!world.knows(request.key)) return { status: 'never-received' };
    if (request.prompt.startsWith('hold')) await world.hold(request.prompt).promise;
    return world.outcome(request.key).promise;
  },
});

/** A worker behind a wire of its own: cut, it is as good as dead. */
export interface FarWorker {
  readonly worker: Worker;
  readonly wire: RedisWire;
}

export class FarMesh implements AsyncDisposable {
  readonly caller = socketCaller('test');
  readonly world = new World();
  readonly server: RedisServer;
  readonly folder = mkdtempSync(join(tmpdir(), 'far-'));
  readonly #ports = nodePorts(pino({ level: 'silent' }), {});
  readonly #workers: FarWorker[] = [];
  #engine: Engine | null = null;

  private constructor(server: RedisServer) {
    this.server = server;
  }

  static async open(): Promise<FarMesh> {
    const mesh = new FarMesh(await RedisServer.start());
    await mesh.start();
    return mesh;
  }

  get engine(): Engine {
    assert.ok(this.#engine);
    return this.#engine;
  }

  /** Agents `far` and `other` at addresses that every worker can reach. */
  async start(): Promise<void> {
    this.#engine = await createEngine(
      {
        dataDir: this.folder,
        templateDirs: [],
        bootstrapFile: null,
        synchronous: 'NORMAL',
        concurrency: 4,
        version: 'test',
        redis: { url: this.server.url, from: 'test' },
      },
      this.#ports,
      new Map([['far', farAdapter(this.world, 'here')]]),
    );
    await this.until('the queue', () => this.engine.health().queue.problem === null);
    if (this.engine.agents.list().length === 0)
      for (const name of ['far', 'other'])
        await this.add({ name, kind: 'far', url: `http://${name}.example/` });
  }

  add(entry: AgentEntry): Promise<unknown> {
    return this.engine.agents.add(this.caller, entry, 'url', 'test');
  }

  async stop(): Promise<void> {
    await this.engine.close({ drainMs: 0 });
    this.#engine = null;
  }

  /** A worker that the daemon has seen. */
  async work(
    name: string,
    options: { serves?: string[]; entries?: AgentEntry[]; resume?: boolean } = {},
  ): Promise<FarWorker> {
    const { serves = ['far'], entries = [], resume = true } = options;
    const wire = await cuttableRedisWire(this.server.path);
    const worker = createWorker({
      address: readRedisUrl(wire.url, 'url'),
      key: ownMeshKey(join(this.folder, FILES.meshKey), this.#ports),
      name,
      version: 'test',
      serves,
      adapters: new Map([['far', farAdapter(this.world, name, resume)]]),
      entries: () => entries,
      ports: this.#ports,
    });
    const far = { worker, wire };
    this.#workers.push(far);
    worker.begin();
    await this.until(name, () => this.engine.health().workers.some((each) => each.name === name));
    return far;
  }

  /** Starts a call and answers its run id. */
  async call(prompt: string, options: { to?: string; timeoutMs?: number } = {}): Promise<string> {
    const { run_id: id } = await this.engine.invocations.start(this.caller, {
      to: 'far',
      prompt,
      ...options,
    });
    return id;
  }

  async ended(runId: string) {
    await this.until('the end', () => this.engine.invocations.get(runId).ended_at !== null, 40_000);
    return this.engine.invocations.get(runId);
  }

  events(runId: string): EventV1[] {
    return this.engine.events
      .page({ run_id: runId }, 0, 1_000)
      .lines.map((line) => JSON.parse(line) as EventV1);
  }

  async until(what: string, holds: () => boolean, ms = 20_000): Promise<void> {
    const end = Date.now() + ms;
    while (!holds()) {
      assert.ok(Date.now() < end, `waited in vain for: ${what}; ${this.world.log.join(', ')}`);
      await sleep(5);
    }
  }

  /** Waits until the world has seen this. */
  async logged(line: string): Promise<void> {
    await this.until(line, () => this.world.log.includes(line), 40_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { worker } of this.#workers) await worker.close({ drainMs: 0 });
    for (const { wire } of this.#workers) await wire[Symbol.asyncDispose]();
    await this.#engine?.close({ drainMs: 0 });
    await this.server[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
