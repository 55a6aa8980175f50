// Any program as an agent: the prompt on stdin, the answer on stdout, its log on stderr, the exit code as result.
import { Readable } from 'node:stream';
import { settingsSchema } from '#machines/nouns/agent-settings';
import type { Ports } from '../../ports.ts';
import { endLeftBehind } from '../../processes/left-behind.ts';
import { findProgram } from '../../processes/program.ts';
import type { AgentAdapter, Capabilities, Probe } from '../adapter.ts';
import { runProgram } from './run.ts';

const CAPABILITIES: Capabilities = {
  stream: true,
  tools: true,
  reasoning: true,
  artifacts: true,
  cancel: 'process',
  approvals: false,
  resume: false,
  multiTurn: false,
  remote: false,
};

/** What a program needs stands in its command line. */
const SETTINGS = settingsSchema();

/** The adapter for plain commands. */
export const createCommandAdapter = ({ clock }: Pick<Ports, 'clock'>): AgentAdapter => ({
  kind: 'command',
  summary: 'any program: prompt on stdin, answer on stdout, exit code as result',
  capabilities: () => CAPABILITIES,
  settings: () => SETTINGS,

  probe(target): Promise<Probe> {
    const begun = clock.now();
    const program = findProgram(target.entry);
    const isFound = 'file' in program;
    return Promise.resolve({
      ok: isFound,
      name: null,
      description: target.entry.description ?? '',
      version: null,
      protocol: null,
      skills: [],
      card: null,
      latencyMs: clock.now() - begun,
      problem: isFound ? null : program,
    });
  },

  // A program is there or not: nothing of ours is put anywhere.
  plan: () => Promise.resolve({ kind: 'command', steps: [], obstacles: [], details: null }),
  install: () => Promise.resolve({ kind: 'command', steps: [], details: null }),
  uninstall: () => Promise.resolve(),
  // Programs are named by people; none is an agent just for being there.
  discover: () => Readable.from([]),

  invoke: (request, sink) => runProgram(clock, request, sink),

  reattach: (request, handle) => endLeftBehind(clock, handle, request.key),
});
