// A whole engine in a temporary folder with agents that answer at once: what is left is the cost of the engine itself.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { AgentAdapter, Outcome } from '#engine/agents/adapter';
import { createEngine, type Engine, nodePorts, socketCaller } from '#engine/index';
import { settingsSchema } from '#machines/nouns/agent-settings';

/** How a call ends when nothing else is said. */
export const DONE: Outcome = { status: 'completed', artifacts: [{ name: 'result', data: { ok: true } }] };

/** Answers at once, unless a case says what a call and its recovery do. */
const noop = (work: Partial<Pick<AgentAdapter, 'invoke' | 'reattach'>>): AgentAdapter => ({
  kind: 'noop',
  summary: 'answers at once',
  settings: () => settingsSchema(),
  capabilities: () => ({
    stream: false,
    tools: false,
    reasoning: false,
    artifacts: true,
    cancel: 'run',
    approvals: false,
    resume: true,
    multiTurn: false,
    remote: false,
  }),
  probe: () =>
    Promise.resolve({
      ok: true,
      name: 'noop',
      description: '',
      version: null,
      protocol: null,
      skills: [],
      card: null,
      latencyMs: 0,
      problem: null,
    }),
  plan: () => Promise.resolve({ kind: 'noop', steps: [], obstacles: [], details: null }),
  install: () => Promise.resolve({ kind: 'noop', steps: [], details: null }),
  uninstall: () => Promise.resolve(),
  discover: () => (async function* () {})(),
  invoke: () => Promise.resolve(DONE),
  reattach: () => Promise.resolve({ status: 'never-received' }),
  ...work,
});

/** Four trivial steps in sequence: workload W1 of docs/performance.md. */
export const FOUR_STEPS = `apiVersion: agentmesh/v1
kind: Team
name: four-steps
roles:
  worker: { agent: noop }
steps:
${['a', 'b', 'c', 'd'].map((id) => `  - { id: ${id}, role: worker, prompt: "do it" }`).join('\n')}
`;

export const caller = socketCaller('bench');

/** What a case may want otherwise. */
export interface NoopEngineOptions {
  /** A folder of the case's own, which `close` leaves alone. */
  readonly dataDir?: string;
  readonly work?: Partial<Pick<AgentAdapter, 'invoke' | 'reattach'>>;
}

export interface NoopEngine {
  readonly engine: Engine;
  readonly dataDir: string;
  close(): Promise<void>;
}

/** Opens an engine; `close` removes its folder when it made it. */
export const openNoopEngine = async (
  synchronous: 'FULL' | 'NORMAL',
  { dataDir: given, work = {} }: NoopEngineOptions = {},
): Promise<NoopEngine> => {
  const dataDir = given ?? mkdtempSync(join(tmpdir(), 'bench-'));
  const engine = await createEngine(
    {
      dataDir,
      templateDirs: [],
      bootstrapFile: null,
      synchronous,
      concurrency: 64,
      version: 'bench',
    },
    nodePorts(pino({ level: 'silent' }), {}),
    new Map([['noop', noop(work)]]),
  );
  if (engine.agents.list().length === 0)
    await engine.agents.add(caller, { name: 'noop', kind: 'noop', command: ['noop'] }, 'url', 'bench');
  return {
    engine,
    dataDir,
    close: async () => {
      await engine.close({ drainMs: 1_000 });
      if (given === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
