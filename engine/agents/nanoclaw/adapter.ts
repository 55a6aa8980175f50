// NanoClaw: agent groups of an installation on this machine, by its admin socket, routed lines and the mailboxes of its
// sessions. What talks to it is loaded when the first agent is asked: a daemon that starts answers sooner without it.
import { settingsSchema, textSetting } from '#machines/nouns/agent-settings';
import type { Ports } from '../../ports.ts';
import type { AgentAdapter, Capabilities } from '../adapter.ts';

const CAPABILITIES: Capabilities = {
  // Whole messages, no pieces of them.
  stream: false,
  tools: true,
  reasoning: false,
  artifacts: true,
  // Later than 2.1.0 the runner ends a turn for a command; before that nothing does, and the outcome says so.
  cancel: 'run',
  approvals: false,
  resume: true,
  multiTurn: false,
  remote: false,
};

/** Both say the agent group: by its folder, id or name. */
const SETTINGS = settingsSchema({ group: textSetting });

/** The adapter for NanoClaw. */
export const createNanoclawAdapter = ({ clock, ids }: Pick<Ports, 'clock' | 'ids'>): AgentAdapter => {
  const closing = new AbortController();
  return {
    kind: 'nanoclaw',
    summary: 'agent groups of a NanoClaw installation on this machine, over its own sockets',
    capabilities: () => CAPABILITIES,
    settings: () => SETTINGS,

    probe: async (target, { signal }) => (await import('./probe.ts')).probe(clock, target, signal),

    plan: async (options) => (await import('./plan.ts')).plan(clock, options),
    install: async (plan, session) => (await import('./install.ts')).install({ clock, ids }, plan, session),
    uninstall: async (receipt, session) => (await import('./install.ts')).uninstall(clock, receipt, session),

    async *discover({ signal }) {
      yield* (await import('./discover.ts')).discover(clock, signal);
    },

    invoke: async (request, sink) =>
      (await import('./run.ts')).invoke({ clock, closing: closing.signal }, request, sink),
    reattach: async (request, handle, sink) =>
      (await import('./run.ts')).reattach(clock, request, handle, sink),
    close: () => {
      closing.abort();
      return Promise.resolve();
    },
  };
};
