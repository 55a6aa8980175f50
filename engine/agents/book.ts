// The agents of the registry in memory: rows are read often and change seldom. Writing is for use inside a transaction.
import type { Agent, AgentEntry } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import type { Store } from '../store/open.ts';
import type { Tx } from '../store/writer.ts';
import { nearest } from '../templates/nearest.ts';
import { createAgentRows, toAgent, type AgentRow, type AgentRows, type ProvenanceRow } from './agent-rows.ts';
import { addressOf } from './naming.ts';

export interface Book {
  readonly rows: AgentRows;
  /** Everything there is, by name. */
  all(): AgentRow[];
  /** The row of exactly this name. */
  named(name: string): AgentRow | undefined;
  /** The row of exactly this name or alias. Throws unknown_agent with `suggestions`; another spelling never matches. */
  find(name: string): AgentRow;
  at(entry: AgentEntry): AgentRow | undefined;
  /** Whether it is the name or an alias of somebody. */
  isTaken(name: string): boolean;
  /** The row that has this alias. */
  aliased(alias: string): AgentRow | undefined;
  provenance(): readonly ProvenanceRow[];
  /** What others see of a row. */
  agentOf(row: AgentRow): Agent;
  /** To be called after each write: what is in memory is read again, also when the work is rolled back. */
  changed(tx: Tx): void;
  /** The same agent under another name. */
  rename(tx: Tx, row: AgentRow, name: string): AgentRow;
}

/** The book of a store. `onChange` is called after each commit that changed it. */
export const createBook = (store: Pick<Store, 'db'>, onChange: () => void = () => undefined): Book => {
  const rows = createAgentRows(store);
  let kept: {
    readonly byName: Map<string, AgentRow>;
    readonly provenance: ProvenanceRow[];
    readonly aliases: Map<string, string>;
  } | null = null;

  const read = (): NonNullable<typeof kept> =>
    (kept ??= {
      byName: new Map(rows.all().map((row) => [row.name, row])),
      provenance: rows.provenance(),
      aliases: new Map(rows.aliases().map(({ alias, agent }) => [alias, agent])),
    });

  const changed = (tx: Tx): void => {
    kept = null;
    tx.after(onChange);
    tx.undone(() => {
      kept = null;
    });
  };

  const aliasesOf = (name: string): string[] =>
    [...read().aliases].flatMap(([alias, agent]) => (agent === name ? [alias] : []));

  return {
    rows,
    changed,
    all: () => [...read().byName.values()],
    named: (name) => read().byName.get(name),
    isTaken: (name) => read().byName.has(name) || read().aliases.has(name),
    aliased: (alias) => read().byName.get(read().aliases.get(alias) ?? ''),
    provenance: () => read().provenance,
    agentOf: (row) =>
      toAgent(
        row,
        read().provenance.filter(({ agent }) => agent === row.name),
        aliasesOf(row.name),
      ),

    find(name) {
      const { byName, aliases } = read();
      const row = byName.get(name) ?? byName.get(aliases.get(name) ?? '');
      if (row !== undefined) return row;
      const suggestions = nearest(name, [...byName.keys(), ...aliases.keys()]);
      const hint = suggestions.length === 0 ? '' : `; did you mean ${suggestions.join(', ')}?`;
      throw new MeshError('unknown_agent', `No agent named ${name} is known${hint}`, { suggestions });
    },

    at(entry) {
      const address = addressOf(entry);
      return [...read().byName.values()].find((row) => addressOf(row.entry) === address);
    },

    rename(tx, row, name) {
      const known = read().provenance.filter(({ agent }) => agent === row.name);
      const aliases = aliasesOf(row.name);
      const renamed = { ...row, name };
      rows.drop(row.name);
      rows.put(renamed);
      rows.renameCalls(row.name, name);
      for (const each of known) rows.putProvenance({ ...each, agent: name });
      for (const alias of aliases) rows.putAlias({ alias, agent: name });
      changed(tx);
      return renamed;
    },
  };
};
