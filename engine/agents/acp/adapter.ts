// Programs that speak the Agent Client Protocol over stdio (agentclientprotocol.com, version 1): OpenCode, Gemini CLI and others.
//
// settings: `mode` (a session mode of the agent), `authenticate` (the id of one of its login methods), `idle_seconds` (how
// long its program waits for the next run), and any option that the agent offers for a session, by its id, such as `model`.
import { join } from 'node:path';
import { numberSetting, settingsSchema, textSetting } from '#machines/nouns/agent-settings';
import { FILES } from '#machines/nouns/data-folder';
import { LIMITS } from '#machines/nouns/limits';
import type { Ports } from '../../ports.ts';
import { endLeftBehind } from '../../processes/left-behind.ts';
import type { AgentAdapter, Capabilities } from '../adapter.ts';
import { findPrograms } from './launch.ts';
import type { createAcpProbe } from './probe.ts';
import type { AcpPrograms } from './run.ts';

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
  {
    mode: textSetting,
    authenticate: textSetting,
    idle_seconds: numberSetting(0, LIMITS.keptProgramMsMax / 1_000),
  },
  { pattern: /^/, words: 'any option that the agent offers' },
);

/**
 * The adapter for ACP agents. The SDK is loaded when the first of them is met. In `dataDir` stands which programs are kept.
 */
export const createAcpAdapter = (
  ports: Pick<Ports, 'clock' | 'disk' | 'ids' | 'log'>,
  dataDir: string,
): AgentAdapter => {
  const { clock } = ports;
  let look: ReturnType<typeof createAcpProbe> | null = null;
  let made: Promise<AcpPrograms> | null = null;
  const programs = (): Promise<AcpPrograms> =>
    (made ??= import('./run.ts').then(({ createAcpPrograms }) => createAcpPrograms(ports, dataDir)));
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

    invoke: async (request, sink) => (await import('./run.ts')).invoke(await programs(), request, sink),
    reattach: (request, handle) => endLeftBehind(clock, handle, request.key),
    begin: async () => {
      if (ports.disk.list(join(dataDir, FILES.programs)).length > 0) (await programs()).begin();
    },
    agentsChanged: (entryOf) => {
      void made?.then((kept) => {
        kept.agentsChanged(entryOf);
      });
    },
    close: async () => {
      if (made !== null) await (await made).close();
    },
  };
};
