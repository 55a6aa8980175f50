// OpenClaw by its gateway: WebSocket protocol 4, as a device of our own. Loaded when the first agent of it is asked.
import { Readable } from 'node:stream';
import { settingsSchema } from '#machines/nouns/agent-settings';
import type { Ports } from '../../ports.ts';
import type { AgentAdapter, Capabilities } from '../adapter.ts';
import type { Identity } from './identity.ts';
import type { InstallParts } from './install.ts';
import type { RunParts } from './run.ts';

type Parts = RunParts & InstallParts & { readonly identity: Identity };

const CAPABILITIES: Capabilities = {
  stream: true,
  tools: true,
  reasoning: true,
  artifacts: false,
  cancel: 'run',
  approvals: true,
  resume: true,
  multiTurn: false,
  remote: true,
};

/** `agent` is the agent of the gateway, main when nothing is said. */
const SETTINGS = settingsSchema();

/** The adapter for OpenClaw; keys and tokens of our device lie in `dataDir`. */
export const createOpenclawAdapter = (
  ports: Pick<Ports, 'clock' | 'net' | 'disk' | 'random' | 'log' | 'ids'>,
  dataDir: string,
): AgentAdapter => {
  let made: Promise<Parts> | null = null;
  const parts = (): Promise<Parts> =>
    (made ??= (async () => {
      const [{ createIdentity }, { Links }] = await Promise.all([
        import('./identity.ts'),
        import('./link.ts'),
      ]);
      const identity = createIdentity(ports, dataDir);
      return { ports, identity, links: new Links(ports, identity) };
    })());

  return {
    kind: 'openclaw',
    summary: 'agents of an OpenClaw gateway: stream, tools, reasoning, approvals, cancel, resume',
    // The gateway’s own token gives everything: it is traded for one of our device, with fewer rights.
    pairs: true,
    capabilities: () => CAPABILITIES,
    settings: () => SETTINGS,
    probe: async (target, { signal }) => (await import('./probe.ts')).probe(await parts(), target, signal),
    plan: async (options) => (await import('./install.ts')).plan(await parts(), options),
    install: async (plan, session) => (await import('./install.ts')).install(await parts(), plan, session),
    uninstall: async (receipt, session) =>
      (await import('./install.ts')).uninstall(await parts(), receipt, session),
    // Gateways on the network are found by engine/discovery, which hands their addresses over.
    discover: () => Readable.from([]),
    invoke: async (request, sink) => (await import('./run.ts')).invoke(await parts(), request, sink),
    reattach: async (request, handle, sink) =>
      (await import('./run.ts')).reattach(await parts(), request, handle, sink),
    close: async () => {
      if (made !== null) (await made).links.close();
    },
  };
};
