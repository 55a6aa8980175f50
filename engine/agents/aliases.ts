// Other names for agents, given by people: they resolve like the name itself, and are nobody else's.
import type { Agent } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import type { Audit } from '../audit/append.ts';
import type { Caller } from '../identity/caller.ts';
import type { Writer } from '../store/writer.ts';
import type { Book } from './book.ts';
import { SKILL_PREFIX } from './by-skill.ts';

export interface Aliases {
  /** Idempotent. Throws unknown_agent; ambiguous_agent when the alias is the name or an alias of another one. */
  add(caller: Caller, name: string, alias: string): Promise<Agent>;
  /** Throws unknown_agent when `alias` is none of the agent's. */
  remove(caller: Caller, name: string, alias: string): Promise<Agent>;
}

/** The aliases of a book. */
export const createAliases = (book: Book, writer: Writer, audit: Pick<Audit, 'append'>): Aliases => ({
  add: (caller, name, alias) =>
    writer.submit((tx) => {
      const row = book.find(name);
      const holder = book.named(alias) ?? book.aliased(alias);
      if (alias.startsWith(SKILL_PREFIX))
        throw new MeshError('bad_request', `${alias} asks for a skill; an alias begins with another word`);
      if (holder !== undefined && (holder.name !== row.name || book.named(alias) !== undefined))
        throw new MeshError('ambiguous_agent', `${alias} is already what ${holder.name} is called`, {
          suggestions: [holder.name],
        });
      audit.append(tx, caller, 'agent.alias', 'write', row.name, { name: row.name, alias });
      if (holder === undefined) {
        book.rows.putAlias({ alias, agent: row.name });
        book.changed(tx);
      }
      return book.agentOf(row);
    }),

  remove: (caller, name, alias) =>
    writer.submit((tx) => {
      const row = book.find(name);
      if (book.aliased(alias)?.name !== row.name)
        throw new MeshError('unknown_agent', `${row.name} has no alias ${alias}`, { suggestions: [] });
      audit.append(tx, caller, 'agent.unalias', 'write', row.name, { name: row.name, alias });
      book.rows.dropAlias(alias);
      book.changed(tx);
      return book.agentOf(row);
    }),
});
