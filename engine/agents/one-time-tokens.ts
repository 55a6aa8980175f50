// Credentials for one use: a kind that pairs trades them for one of its own, so they are held in memory and never written down.
import type { AgentEntry } from '#machines/nouns/agent';
import type { AgentAdapter } from './adapter.ts';
import { kindOf } from './agent-change.ts';
import { addressOf } from './naming.ts';

export interface OneTimeTokens {
  /** The entry as it may be written down; the token of a kind that pairs is taken out of it and held. */
  take(entry: AgentEntry): AgentEntry;
  /** The token that is held for the agent at this address, and for no other. */
  held(entry: AgentEntry): string | null;
  /** It has done its work. */
  spent(entry: AgentEntry): void;
}

/** None is held at first: after a restart whoever named the agent names it again, or it is paired already. */
export const createOneTimeTokens = (adapters: ReadonlyMap<string, AgentAdapter>): OneTimeTokens => {
  const tokens = new Map<string, string>();
  return {
    take(entry) {
      const { token, ...rest } = entry;
      if (token === undefined || adapters.get(kindOf(entry))?.pairs !== true) return entry;
      tokens.set(addressOf(rest), token);
      return rest;
    },
    held: (entry) => tokens.get(addressOf(entry)) ?? null,
    spent: (entry) => void tokens.delete(addressOf(entry)),
  };
};
