// Claude Code, by its stream-json lines both ways: more than its ACP adapter tells, and nothing else to install.
//
// command: the program, and arguments of one’s own before ours (`["claude"]`, `["claude", "--add-dir", "/srv"]`).
// settings: see settings.ts. Login is Claude Code’s own: `claude auth`, or ANTHROPIC_API_KEY in `env`.
import type { Ports } from '../../ports.ts';
import { endLeftBehind } from '../../processes/left-behind.ts';
import { createProgramProbe, readVersion } from '../../processes/inquiry.ts';
import { findOnPath } from '../../processes/program.ts';
import type { AgentAdapter, Capabilities } from '../adapter.ts';
import { SETTINGS } from './settings.ts';

const CAPABILITIES: Capabilities = {
  stream: true,
  tools: true,
  reasoning: true,
  // What Claude Code makes are files of the working folder; its stream names none as an artifact.
  artifacts: false,
  cancel: 'run',
  approvals: true,
  // `--resume` goes on with a conversation, not with a turn that was running.
  resume: false,
  multiTurn: false,
  remote: false,
};

/** The adapter for Claude Code. */
export const createClaudeAdapter = ({ clock }: Pick<Ports, 'clock'>): AgentAdapter => {
  const look = createProgramProbe(
    clock,
    ({ command = [] }) => [...command, '--version'],
    (program, signal) => readVersion(clock, program, signal, 'Claude Code', 'Claude Code'),
  );
  return {
    kind: 'claude',
    summary: 'Claude Code by its stream-json lines, with approvals',
    capabilities: () => CAPABILITIES,
    settings: () => SETTINGS,
    probe: ({ entry }, { signal }) => look(entry, signal),

    // The program is there or not: nothing of ours is put anywhere.
    plan: () => Promise.resolve({ kind: 'claude', steps: [], obstacles: [], details: null }),
    install: () => Promise.resolve({ kind: 'claude', steps: [], details: null }),
    uninstall: () => Promise.resolve(),
    discover: () => findOnPath('claude', 'claude', 'Claude Code'),

    invoke: async (request, sink) => (await import('./run.ts')).invoke(clock, request, sink),
    reattach: (request, handle) => endLeftBehind(clock, handle, request.key),
  };
};
