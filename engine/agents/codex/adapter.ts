// Codex, by the lines of `codex exec --json`.
//
// command: the program, and arguments of one’s own before ours (`["codex"]`).
// settings: see settings.ts. `exec` asks nobody: what may be written is decided by the sandbox before the run.
import type { Ports } from '../../ports.ts';
import { createProgramProbe, readVersion } from '../../processes/inquiry.ts';
import { endLeftBehind } from '../../processes/left-behind.ts';
import { findOnPath } from '../../processes/program.ts';
import type { AgentAdapter, Capabilities } from '../adapter.ts';
import { SETTINGS } from './settings.ts';

const CAPABILITIES: Capabilities = {
  // Messages come whole.
  stream: false,
  tools: true,
  reasoning: true,
  // Codex changes files of the working folder; they are told as tool calls.
  artifacts: false,
  // There is no word for it: a cancel ends its processes.
  cancel: 'process',
  approvals: false,
  // `codex exec resume` goes on with a conversation, not with a turn that was running.
  resume: false,
  multiTurn: false,
  remote: false,
};

/** The adapter for Codex. */
export const createCodexAdapter = ({ clock }: Pick<Ports, 'clock'>): AgentAdapter => {
  const look = createProgramProbe(
    clock,
    ({ command = [] }) => [...command, '--version'],
    (program, signal) => readVersion(clock, program, signal, 'Codex', 'codex'),
  );
  return {
    kind: 'codex',
    summary: 'Codex by `codex exec --json`, in a sandbox',
    capabilities: () => CAPABILITIES,
    settings: () => SETTINGS,
    probe: ({ entry }, { signal }) => look(entry, signal),

    // The program is there or not: nothing of ours is put anywhere.
    plan: () => Promise.resolve({ kind: 'codex', steps: [], obstacles: [], details: null }),
    install: () => Promise.resolve({ kind: 'codex', steps: [], details: null }),
    uninstall: () => Promise.resolve(),
    discover: () => findOnPath('codex', 'codex', 'Codex'),

    invoke: async (request, sink) => (await import('./run.ts')).invoke(clock, request, sink),
    reattach: (request, handle) => endLeftBehind(clock, handle, request.key),
  };
};
