// What adapters for programs of this machine are tested with: a fixture for the contract, and runs that leave nothing behind.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { AgentEntry } from '#machines/nouns/agent';
import { groupAlive, processStart } from '../processes/process-group.ts';
import type { AgentAdapter, InvokeRequest, Outcome, Target } from './adapter.ts';
import { recorder, request, type AdapterFixture, type Person, type Recorder } from './adapter.testkit.ts';

export interface Ran {
  readonly outcome: Outcome;
  readonly sink: Recorder;
}

export interface ProgramBench {
  /** The ledger of the test agent: `<key>.effects` grows with each run, `<key>.working` holds the pid of one at work. */
  readonly folder: string;
  /** A target with the test agent; `entry` changes it. */
  targetOf(entry?: Partial<AgentEntry>): Target;
  /** The fixture for the contract; `broken` are further agents whose probe must fail. */
  fixture(broken?: AdapterFixture['broken']): AdapterFixture;
  /** Runs a prompt. When it is over, nothing of the agent may run any more, unless it is kept for the next run. */
  run(
    prompt: string,
    entry?: Partial<AgentEntry>,
    more?: {
      readonly person?: Person;
      readonly request?: Partial<InvokeRequest>;
      readonly onEvent?: () => void;
    },
  ): Promise<Ran>;
  /** Runs a prompt and aborts it at its first event. */
  cancel(prompt: string, entry?: Partial<AgentEntry>): Promise<Ran & { readonly tookMs: number }>;
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** A bench for one adapter. `agent` is the file of its test agent, `factory` the export of `module` that makes the adapter. */
export const programBench = (
  adapter: AgentAdapter,
  agent: string,
  {
    module,
    factory,
    keeps = false,
  }: {
    readonly module: string;
    readonly factory: string;
    /** Whether programs stay after a run that ended by the agent’s own word. */
    readonly keeps?: boolean;
  },
): ProgramBench => {
  const { kind } = adapter;
  const folder = mkdtempSync(join(tmpdir(), `agentmesh-${kind}-`));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const targetOf = (entry: Partial<AgentEntry> = {}): Target => ({
    name: 'agent',
    kind,
    entry: { name: 'agent', kind, command: [process.execPath, agent, folder], ...entry },
    card: null,
    token: null,
  });

  const run: ProgramBench['run'] = async (prompt, entry = {}, more = {}) => {
    const sink = recorder(more.onEvent, more.person, more.request?.signal ?? null);
    const outcome = await adapter.invoke(request(targetOf(entry), prompt, more.request), sink);
    const pid = sink.saved?.['pid'];
    const mayStay = keeps && outcome.status !== 'cancelled';
    if (pid !== undefined && !mayStay)
      assert.ok(typeof pid === 'number' && !groupAlive(pid), 'something of the agent still runs');
    return { outcome, sink };
  };

  return {
    folder,
    targetOf,
    run,

    async cancel(prompt, entry) {
      const abort = new AbortController();
      let at = 0;
      const onEvent = (): void => {
        at ||= Date.now();
        abort.abort();
      };
      const ran = await run(prompt, entry, { request: { signal: abort.signal }, onEvent });
      return { ...ran, tookMs: Date.now() - at };
    },

    fixture(broken = []) {
      const file = join(folder, 'not-executable');
      writeFileSync(file, 'x', { mode: 0o600 });
      const unreachable = 'agent_unreachable';
      return {
        adapter,
        module,
        factory,
        // A run that is killed leaves the folder that it was given: here it is given one that is removed.
        target: targetOf({ cwd: folder }),
        gone: targetOf({ command: ['agentmesh-no-such-program'] }),
        wrongCredential: null,
        broken: [
          { name: 'not executable', target: targetOf({ command: [file] }), code: unreachable },
          { name: 'a folder', target: targetOf({ command: [folder] }), code: unreachable },
          { name: 'no cwd', target: targetOf({ cwd: join(folder, 'no') }), code: unreachable },
          { name: 'another', target: targetOf({ command: ['true'] }), code: 'invalid_agent_response' },
          ...broken,
        ],
        streams: true,
        dedupes: false,
        effects: (key) => Promise.resolve(read(join(folder, `${key}.effects`)).length),
        isWorking: (key) => {
          const pid = Number(read(join(folder, `${key}.working`)));
          return Promise.resolve(pid > 0 && processStart(pid) !== null);
        },
        close: () => Promise.resolve(),
      };
    },
  };
};
