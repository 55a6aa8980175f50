// What a bootstrap file says: its agents, and what is wrong with it.
import { AgentEntrySchema, BootstrapSchema, type AgentEntry } from '#machines/nouns/agent';

export interface Bootstrap {
  readonly entries: readonly AgentEntry[];
  /** Entries that cannot be used, one line each; the others count. */
  readonly problems: readonly string[];
}

/** Reads the text of a bootstrap file. Null when it is not one at all; `problem` then says why. */
export const parseBootstrap = (text: string): Bootstrap | { readonly problem: string } => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `not valid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  const file = BootstrapSchema.safeParse(value);
  if (!file.success) return { problem: 'must be an object with a list `agents`' };
  const entries: AgentEntry[] = [];
  const problems: string[] = [];
  file.data.agents.forEach((each, at) => {
    const entry = AgentEntrySchema.safeParse(each);
    if (entry.success) {
      entries.push(entry.data);
      return;
    }
    const [issue] = entry.error.issues;
    const where = [`agents[${at}]`, ...(issue?.path ?? []).map(String)].join('.');
    problems.push(`${where}: ${issue?.message ?? 'cannot be read'}`);
  });
  return { entries, problems };
};
