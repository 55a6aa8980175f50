// A whole engine in a temporary folder with agents that answer at once: what is left is the cost of the engine itself.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { AgentAdapter } from '#engine/agents/adapter';
import { createEngine, type Engine, nodePorts, socketCaller } from '#engine/index';

const noop: AgentAdapter = {
  kind: 'noop',
  summary: 'answers at once',
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
  invoke: () => Promise.resolve({ status: 'completed', artifacts: [{ name: 'result', data: { ok: true } }] }),
  reattach: () => Promise.resolve({ status: 'never-received' }),
};

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

/** Opens an engine; `close` removes its folder. */
export const openNoopEngine = async (
  synchronous: 'FULL' | 'NORMAL',
): Promise<{ readonly engine: Engine; readonly dataDir: string; close(): Promise<void> }> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-'));
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
    new Map([['noop', noop]]),
  );
  await engine.agents.add(caller, { name: 'noop', kind: 'noop', command: ['noop'] }, 'url', 'bench');
  return {
    engine,
    dataDir,
    close: async () => {
      await engine.close({ drainMs: 1_000 });
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};
