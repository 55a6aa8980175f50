// OpenClaw by its gateway (a URL): WebSocket protocol 4, as a device of our own. Or by its program alone (a command), where
// no gateway runs. What talks to it is loaded when the first agent of it is asked.
//
// settings: `agent`, and for a command `via` (gateway, local, or auto: without a gateway when none listens).
import type { AgentEntry } from '#machines/nouns/agent';
import { choiceSetting, settingsSchema } from '#machines/nouns/agent-settings';
import type { Ports } from '../../ports.ts';
import type { AgentAdapter, Capabilities } from '../adapter.ts';
import { createProgramProbe, readVersion } from '../../processes/inquiry.ts';
import type { CliParts } from './cli-run.ts';
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

/** The program alone tells its answer at the end, and asks nobody. */
const BY_PROGRAM: Capabilities = {
  stream: false,
  tools: false,
  reasoning: false,
  artifacts: false,
  cancel: 'process',
  approvals: false,
  resume: false,
  multiTurn: false,
  remote: false,
};

/** `agent` is the agent of OpenClaw, main when nothing is said. */
const SETTINGS = settingsSchema();
const PROGRAM_SETTINGS = settingsSchema({ via: choiceSetting(['auto', 'gateway', 'local']) });

const hasProgram = ({ command }: AgentEntry): boolean => command !== undefined;

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

  let byProgram: Promise<CliParts> | null = null;
  const cliParts = (): Promise<CliParts> =>
    (byProgram ??= import('./cli-turns.ts').then(({ Turns }) => ({
      clock: ports.clock,
      turns: new Turns(),
    })));
  const lookAtProgram = createProgramProbe(
    ports.clock,
    ({ command = [] }) => [...command, '--version'],
    (program, signal) => readVersion(ports.clock, program, signal, 'OpenClaw', 'OpenClaw'),
  );

  return {
    kind: 'openclaw',
    summary:
      'agents of an OpenClaw gateway: stream, tools, reasoning, approvals, cancel, resume; or its program alone',
    // The gateway’s own token gives everything: it is traded for one of our device, with fewer rights.
    pairs: true,
    capabilities: (entry) => (entry !== undefined && hasProgram(entry) ? BY_PROGRAM : CAPABILITIES),
    settings: (entry) => (hasProgram(entry) ? PROGRAM_SETTINGS : SETTINGS),
    probe: async (target, { signal }) =>
      hasProgram(target.entry)
        ? lookAtProgram(target.entry, signal)
        : (await import('./probe.ts')).probe(await parts(), target, signal),
    plan: async (options) => (await import('./plan.ts')).plan(await parts(), options),
    install: async (plan, session) => (await import('./install.ts')).install(await parts(), plan, session),
    uninstall: async (receipt, session) =>
      (await import('./install.ts')).uninstall(await parts(), receipt, session),
    // Gateways on the network are found by engine/discovery, which hands their addresses over.
    async *discover() {
      yield* (await import('./discover.ts')).discover(ports);
    },
    invoke: async (request, sink) =>
      hasProgram(request.target.entry)
        ? (await import('./cli-run.ts')).invokeByCli(await cliParts(), request, sink)
        : (await import('./run.ts')).invoke(await parts(), request, sink),
    reattach: async (request, handle, sink) =>
      hasProgram(request.target.entry)
        ? (await import('./cli-run.ts')).reattachByCli(await cliParts(), request, handle)
        : (await import('./run.ts')).reattach(await parts(), request, handle, sink),
    close: async () => {
      if (made !== null) (await made).links.close();
    },
  };
};
