// A mesh for tests: the real core over a real database, agents that follow a script and keep a ledger of their effects.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { pino } from 'pino';
import { settingsSchema } from '#machines/nouns/agent-settings';
import { FILES } from '#machines/nouns/data-folder';
import { type ErrorCode, failure, MeshError } from '#machines/nouns/error';
import type { Approval } from '#machines/nouns/approval';
import type { EventV1 } from '#machines/nouns/event';
import type { TeamRun } from '#machines/nouns/run';
import type {
  AgentAdapter,
  ApprovalAnswer,
  ApprovalAsk,
  InvokeRequest,
  Outcome,
  Sink,
} from './agents/adapter.ts';
import { type Audit, createAudit } from './audit/append.ts';
import { createCore, type Core } from './core.ts';
import { createEventLog, type EventLog } from './events/append.ts';
import { socketCaller } from './identity/caller.ts';
import type { AgentDirectory } from './invocations/directory.ts';
import type { Ports } from './ports.ts';
import { nodePorts } from './ports-node.ts';
import { openStore, type Store } from './store/open.ts';
import { createTemplates, type Templates } from './templates/load.ts';

/** What a scripted agent does with a call. */
export type Deed =
  | { readonly text: string }
  | { readonly data: unknown }
  | { readonly artifacts: Outcome['artifacts'] }
  | { readonly fail: ErrorCode; readonly message?: string }
  /** Works until it is stopped. */
  | { readonly hang: true }
  /** Asks a person, again by whoever follows it after a restart, and goes on by the answer. */
  | { readonly ask: Partial<ApprovalAsk>; readonly next: (answer: ApprovalAnswer) => Deed };

interface Question {
  readonly ask: ApprovalAsk;
  readonly tell: (answer: ApprovalAnswer) => void;
}

interface Gate {
  readonly reached: Promise<void>;
  open(): void;
}

/** Answers the output of an agent that has remembered its task over the crash of its caller. */
class ScriptedAgent {
  readonly ledger = new Map<string, number>();
  readonly #done = new Map<string, Promise<Outcome>>();
  /** Who listens to a call now, and what the call asks. */
  readonly #sinks = new Map<string, Sink>();
  readonly #questions = new Map<string, Question>();
  readonly #mesh: TestMesh;
  script: (call: InvokeRequest) => Deed = () => ({ text: 'ok' });
  remembers = true;
  readonly gates = new Map<string, { reach: () => void; opened: Promise<void> }>();

  constructor(mesh: TestMesh) {
    this.#mesh = mesh;
  }

  knows(key: string): Promise<Outcome> | undefined {
    return this.#done.get(key);
  }

  /** Somebody listens (again): it hears what is asked. */
  attach(key: string, sink: Sink): void {
    this.#sinks.set(key, sink);
    const question = this.#questions.get(key);
    if (question !== undefined) this.#put(key, sink, question);
  }

  /** Who listens to a run now. */
  listener(runId: string): Sink {
    const sink = this.#sinks.get(this.#mesh.core.invocations.get(runId).key);
    assert.ok(sink);
    return sink;
  }

  #put(key: string, sink: Sink, question: Question): void {
    sink.approval(question.ask).then(
      (answer) => {
        if (this.#questions.get(key) === question) this.#questions.delete(key);
        question.tell(answer);
      },
      () => undefined,
    );
  }

  /** The answer of a person, through whoever listens. */
  #ask({ key }: InvokeRequest, asked: Partial<ApprovalAsk>): Promise<ApprovalAnswer> {
    const ask = { ...this.#mesh.question(), ...asked };
    return new Promise((tell) => {
      const question = { ask, tell };
      this.#questions.set(key, question);
      const sink = this.#sinks.get(key);
      if (sink !== undefined) this.#put(key, sink, question);
    });
  }

  call(request: InvokeRequest): Promise<Outcome> {
    const known = this.#done.get(request.key);
    if (known !== undefined) return known;
    const work = this.#work(request);
    this.#done.set(request.key, work);
    return work;
  }

  async #work(request: InvokeRequest): Promise<Outcome> {
    const [, step = '', execution = ''] = request.key.split('/');
    const name = `${step}/${execution}`;
    this.ledger.set(request.key, (this.ledger.get(request.key) ?? 0) + 1);
    this.#mesh.order.push(`begin ${name}`);
    const gate = this.gates.get(step);
    if (gate !== undefined) {
      gate.reach();
      await gate.opened;
    }
    let deed = this.script(request);
    while ('ask' in deed) {
      const answer = await this.#ask(request, deed.ask);
      deed = answer.decision === 'withdrawn' && request.signal.aborted ? { hang: true } : deed.next(answer);
    }
    if ('hang' in deed) {
      await new Promise((resolve) => {
        if (request.signal.aborted) resolve(null);
        request.signal.addEventListener('abort', resolve);
      });
      this.#mesh.order.push(`stopped ${name}`);
      return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
    }
    this.#mesh.order.push(`end ${name}`);
    if ('fail' in deed) return { status: 'failed', artifacts: [], error: failure(deed.fail, deed.message) };
    if ('artifacts' in deed) return { status: 'completed', artifacts: deed.artifacts };
    return 'text' in deed
      ? { status: 'completed', text: deed.text, artifacts: [] }
      : { status: 'completed', artifacts: [{ name: 'result', data: deed.data }] };
  }
}

/** The scripted agents as an adapter, so that the core talks to them through the port alone. */
const scriptedAdapter = (mesh: TestMesh): AgentAdapter => ({
  kind: 'scripted',
  summary: 'agents of a test',
  settings: () => settingsSchema(),
  capabilities: () => ({
    stream: false,
    tools: false,
    reasoning: false,
    artifacts: true,
    cancel: 'run',
    approvals: true,
    resume: true,
    multiTurn: false,
    remote: false,
  }),
  probe: () =>
    Promise.resolve({
      ok: true,
      name: null,
      description: '',
      version: null,
      protocol: null,
      skills: [],
      card: null,
      latencyMs: 0,
      problem: null,
    }),
  plan: () => Promise.resolve({ kind: 'scripted', steps: [], obstacles: [], details: null }),
  install: () => Promise.resolve({ kind: 'scripted', steps: [], details: null }),
  uninstall: () => Promise.resolve(),
  discover: () => (async function* () {})(),
  invoke: async (request, sink: Sink) => {
    mesh.calls.push(request);
    await sink.handle({ key: request.key, program: `program-${request.key}` }, `task-${request.key}`);
    const agent = mesh.agent(request.target.name);
    agent.attach(request.key, sink);
    const outcome = agent.call(request);
    sink.sent();
    return outcome;
  },
  reattach: async (request, _handle, sink) => {
    await mesh.reattaching;
    const agent = mesh.agent(request.target.name);
    const known = agent.knows(request.key);
    if (!agent.remembers) return { status: 'unknown' };
    agent.attach(request.key, sink);
    return (await known) ?? { status: 'never-received' };
  },
});

export class TestMesh {
  readonly folder: string;
  readonly caller = socketCaller('test');
  readonly calls: InvokeRequest[] = [];
  readonly order: string[] = [];
  /** Agents that were made ones of a kind that knows nothing of calls before. */
  readonly changed = new Set<string>();
  /** Agents that are not on the mesh. */
  readonly gone = new Set(['nobody']);
  /** Agents are asked what became of a call once this has resolved. */
  reattaching: Promise<unknown> = Promise.resolve();
  /** What became durable together, as `event` or `state` of each event. */
  readonly commits: string[][] = [];
  readonly #agents = new Map<string, ScriptedAgent>();
  readonly #ports: Ports;
  #store: Store | null = null;
  #log: EventLog | null = null;
  #core: Core | null = null;
  #audit: Audit | null = null;
  #templates: Templates | null = null;

  readonly #concurrency: number;

  private constructor(folder: string, concurrency: number) {
    this.folder = folder;
    this.#concurrency = concurrency;
    this.#ports = nodePorts(pino({ level: 'silent' }), {});
  }

  static async open(concurrency = 64): Promise<TestMesh> {
    const mesh = new TestMesh(mkdtempSync(join(tmpdir(), 'mesh-')), concurrency);
    mkdirSync(join(mesh.folder, FILES.artifacts));
    await mesh.reopen();
    return mesh;
  }

  get core(): Core {
    assert.ok(this.#core);
    return this.#core;
  }

  get audit(): Audit {
    assert.ok(this.#audit);
    return this.#audit;
  }

  agent(name: string): ScriptedAgent {
    const agent = this.#agents.get(name) ?? new ScriptedAgent(this);
    this.#agents.set(name, agent);
    return agent;
  }

  script(name: string, script: (call: InvokeRequest) => Deed): void {
    this.agent(name).script = script;
  }

  /** The agent cannot say after a restart what became of a task. */
  forgetful(name: string): void {
    this.agent(name).remembers = false;
  }

  /** Holds an agent in a step until it is opened. */
  gate(name: string, step: string): Gate {
    const reached = Promise.withResolvers<undefined>();
    const opened = Promise.withResolvers<undefined>();
    this.agent(name).gates.set(step, {
      reach: () => {
        reached.resolve(undefined);
      },
      opened: opened.promise,
    });
    return {
      reached: reached.promise,
      open: () => {
        opened.resolve(undefined);
      },
    };
  }

  async reopen(): Promise<void> {
    const store = await openStore(join(this.folder, FILES.database), { synchronous: 'FULL' }, this.#ports);
    const log = createEventLog(store, this.#ports);
    log.subscribe((rows) => {
      this.commits.push(rows.map(({ event: { payload } }) => String(payload['event'] ?? payload['state'])));
    });
    const templates = createTemplates({
      dirs: [{ dir: join(this.folder, FILES.templates), origin: 'test' }],
    });
    const adapter = scriptedAdapter(this);
    const target = (name: string) => ({
      name,
      kind: this.changed.has(name) ? 'changed' : 'scripted',
      entry: { name },
      card: null,
      token: null,
    });
    const changed: AgentAdapter = {
      ...adapter,
      kind: 'changed',
      reattach: () => Promise.resolve({ status: 'never-received' }),
    };
    const named = (name: string) => {
      if (this.gone.has(name)) throw new MeshError('unknown_agent');
      return target(name);
    };
    const agents: AgentDirectory = {
      target: named,
      asked: named,
      withSkill: (skill) => target(skill),
      adapter: (kind) => (kind === 'changed' ? changed : adapter),
    };
    this.#store = store;
    this.#log = log;
    this.#templates = templates;
    this.#audit = createAudit(store);
    this.#core = createCore({
      dataDir: this.folder,
      store,
      log,
      templates,
      agents,
      audit: this.#audit,
      ports: this.#ports,
      concurrency: this.#concurrency,
    });
    await this.#core.begin();
  }

  /** The process is gone from one moment to the next, as far as the database can tell: nothing more is written. */
  async crash(): Promise<void> {
    assert.ok(this.#store && this.#templates);
    this.core.runs.close();
    this.core.approvals.close();
    this.core.invocations.letGo();
    void this.core.queue.close();
    this.#store.close();
    await this.#templates.close();
  }

  async dispose(): Promise<void> {
    await this.core.drain(0);
    try {
      await this.crash();
    } catch {
      // It was closed by the test.
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  async start(text: string, inputs: Record<string, unknown> = {}, idempotencyKey?: string): Promise<string> {
    const run = await this.core.runs.api.start(this.caller, {
      template: { text, origin: 'test' },
      inputs,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    return run.team_run_id;
  }

  run(id: string): TeamRun {
    return this.core.runs.api.get(id);
  }

  async until(holds: () => boolean): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (!holds()) {
      assert.ok(Date.now() < deadline, 'it did not come true in 10 s');
      await sleep(5);
    }
  }

  async ended(id: string): Promise<TeamRun> {
    await this.until(() => this.run(id).ended_at !== null);
    return this.run(id);
  }

  events(teamRunId: string): EventV1[] {
    assert.ok(this.#log);
    return [...this.#log.readTeamRun(teamRunId)].map(({ event }) => event);
  }

  head(): number {
    return this.#log?.head() ?? -1;
  }

  effects(key: string): number {
    return this.agent('worker').ledger.get(key) ?? 0;
  }

  jobsLeft(): number {
    return (this.#store?.db.prepare('SELECT count(*) AS n FROM jobs').get() as { n: number }).n;
  }

  snapshot(id: string): string {
    return (
      this.#store?.db.prepare('SELECT snapshot FROM team_runs WHERE id = ?').get(id) as { snapshot: string }
    ).snapshot;
  }

  /** What an agent asks when its script does not say otherwise. */
  question(): ApprovalAsk {
    return {
      nativeId: 'q1',
      kind: 'permission',
      title: 'run a command',
      tool: 'exec',
      operation: { command: 'make' },
      expiresAt: null,
      withdrawn: new AbortController().signal,
    };
  }

  /** Everything that agents asked, newest first. */
  approvals(): Approval[] {
    return this.core.approvals.api.list({ limit: 1_000 });
  }

  /** The approval that waits, once there is one. */
  async asked(): Promise<Approval> {
    const pending = (): Approval | undefined =>
      this.core.approvals.api.list({ status: 'pending', limit: 1 }).at(0);
    await this.until(() => pending() !== undefined);
    const approval = pending();
    assert.ok(approval);
    return approval;
  }

  /** Changes a column while the mesh is down, of one run or of all; answers what stood there first. */
  tamper(what: 'machine_hash' | 'timer' | 'approval' | 'parsed', value: string | number, id = '%'): string {
    const [table, key, column] = {
      machine_hash: ['team_runs', 'id', 'machine_hash'],
      timer: ['timers', 'team_run_id', 'due_at'],
      approval: ['approvals', 'id', 'due_at'],
      parsed: ['templates', 'hash', 'parsed'],
    }[what];
    const db = new SqliteDatabase(join(this.folder, FILES.database));
    const { old } = db.prepare(`SELECT ${column} AS old FROM ${table} WHERE ${key} LIKE ?`).get(id) as {
      old: string;
    };
    db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${key} LIKE ?`).run(value, id);
    db.close();
    return old;
  }
}
