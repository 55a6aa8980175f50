// Whom a worker can call: agents of its own file by name, and plain URLs that the daemon names. Never a command from elsewhere.
import type { AgentEntry } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import type { AgentAdapter, Target } from '../agents/adapter.ts';
import { kindOf } from '../agents/agent-change.ts';
import { partSecrets } from '../agents/credentials.ts';
import type { Call } from './messages.ts';

export interface WorkerTargetsParts {
  /** The worker, for errors. */
  readonly name: string;
  readonly serves: readonly string[];
  readonly adapters: ReadonlyMap<string, AgentAdapter>;
  /** Of its own file, as it is now. */
  readonly entries: () => readonly AgentEntry[];
}

/**
 * Finds the agent of a call.
 * @throws MeshError unsupported_agent_kind when this worker does not serve it, unknown_agent when it needs an entry
 */
export const createWorkerTargets =
  ({ name, serves, adapters, entries }: WorkerTargetsParts) =>
  (call: Call): { readonly target: Target; readonly adapter: AgentAdapter } => {
    const own = entries().find((entry) => entry.name === call.agent);
    const kind = own === undefined ? call.kind : kindOf(own);
    const adapter = adapters.get(kind);
    if (adapter === undefined || !(serves.includes(kind) || serves.includes(call.agent)))
      throw new MeshError(
        'unsupported_agent_kind',
        `the worker ${name} serves ${serves.join(', ')}, not ${kind}`,
      );
    if (own !== undefined) {
      const { entry, token, credential } = partSecrets(own);
      const target: Target = {
        name: call.agent,
        kind,
        entry,
        // The card that the daemon knows may be of another address; the adapter reads the one of this.
        card: null,
        token,
        ...(credential === null ? {} : { credential }),
        // Its own file is a person's word.
        ...(entry.url === undefined ? {} : { reach: { given: new URL(entry.url).origin } }),
      };
      return { adapter, target };
    }
    const { entry } = call;
    if (entry?.url === undefined)
      throw new MeshError(
        'unknown_agent',
        `the worker ${name} has no entry for ${call.agent}: name it in the file of its --agents`,
      );
    const { agent, card = null, reach } = call;
    const target: Target = {
      name: agent,
      kind,
      entry,
      card,
      token: null,
      ...(reach === null ? {} : { reach }),
    };
    return { adapter, target };
  };
