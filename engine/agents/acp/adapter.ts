// Programs that speak the Agent Client Protocol over stdio (agentclientprotocol.com, version 1): OpenCode, Gemini CLI and others.
//
// settings: `mode` (a session mode of the agent), `authenticate` (the id of one of its login methods), and any option
// that the agent offers for a session, by its id, such as `model`.
import { settingsSchema, textSetting } from '#machines/nouns/agent-settings';
import type { Ports } from '../../ports.ts';
import { endLeftBehind } from '../../processes/left-behind.ts';
import type { AgentAdapter, Capabilities } from '../adapter.ts';
import { findPrograms } from './launch.ts';
import type { createAcpProbe } from './probe.ts';

const CAPABILITIES: Capabilities = {
  stream: true,
  tools: true,
  reasoning: true,
  // What an agent embeds in its messages: resources, images. Files that it writes are its own business.
  artifacts: true,
  cancel: 'run',
  approvals: true,
  // session/load brings back a conversation, not a turn that was running.
  resume: false,
  multiTurn: false,
  remote: false,
};

/** Which options there are only the agent knows: it is asked when a session begins, and refuses what it has not. */
const SETTINGS = settingsSchema(
  { mode: textSetting, authenticate: textSetting },
  { pattern: /^/, words: 'any option that the agent offers' },
);

/** The adapter for ACP agents. The SDK is loaded when the first of them is met. */
export const createAcpAdapter = ({ clock }: Pick<Ports, 'clock'>): AgentAdapter => {
  let look: ReturnType<typeof createAcpProbe> | null = null;
  return {
    kind: 'acp',
    summary: 'programs that speak the Agent Client Protocol: OpenCode, Gemini CLI, Qwen Code and others',
    capabilities: () => CAPABILITIES,
    settings: () => SETTINGS,

    async probe({ entry }, { signal }) {
      look ??= (await import('./probe.ts')).createAcpProbe(clock);
      return look(entry, signal);
    },

    // The program is there or not: nothing of ours is put anywhere.
    plan: () => Promise.resolve({ kind: 'acp', steps: [], obstacles: [], details: null }),
    install: () => Promise.resolve({ kind: 'acp', steps: [], details: null }),
    uninstall: () => Promise.resolve(),
    discover: ({ signal }) => findPrograms(signal),

    invoke: async (request, sink) => (await import('./run.ts')).invoke(clock, request, sink),
    reattach: (request, handle) => endLeftBehind(clock, handle, request.key),
  };
};
