// Agents that something else than a person named: listed, bounded, never called before somebody trusts them, and forgotten
// when they stay away.
import type { AgentEntry, Provenance } from '#machines/nouns/agent';
import { LIMITS } from '#machines/nouns/limits';
import type { Audit } from '../audit/append.ts';
import type { Caller } from '../identity/caller.ts';
import type { Tx } from '../store/writer.ts';
import { kindOf, newRow } from './agent-change.ts';
import type { AgentRow } from './agent-rows.ts';
import type { Book } from './book.ts';
import { partSecrets } from './credentials.ts';
import { freeName, provisionalName } from './naming.ts';
import type { Tell } from './tell.ts';
import { isPersonsWord } from './trust.ts';

/** What a source found, and how. */
export interface Finding {
  readonly entry: AgentEntry;
  readonly provenance: Provenance['source'];
  readonly detail: string;
}

/** `new` is to be probed; `known` was here before; `refused` says why it was not taken. */
export type Taken =
  { readonly as: 'new' | 'known'; readonly name: string } | { readonly as: 'refused'; readonly why: string };

export interface FoundAgents {
  /** Takes a finding in, inside a transaction. What is known of an agent by others is not touched. */
  take(tx: Tx, caller: Caller, finding: Finding, runId: string): Taken;
  /** Whether an agent at that address is known. */
  isListed(entry: AgentEntry): boolean;
  /** Forgets those that nobody trusted and that neither answered nor were named since `before`, milliseconds. */
  forget(tx: Tx, caller: Caller, before: number): void;
  /** Gives a person's agent the name that a found one has taken: that one gets its place behind its name. */
  giveWay(tx: Tx, name: string, to: AgentEntry): void;
}

export interface FoundAgentsParts {
  readonly book: Book;
  readonly audit: Pick<Audit, 'append'>;
  readonly tell: Tell;
  readonly isKind: (kind: string) => boolean;
}

const hostOf = ({ url }: AgentEntry): string | null => (url === undefined ? null : new URL(url).hostname);

/** Found agents of a book. */
export const createFoundAgents = ({ book, audit, tell, isKind }: FoundAgentsParts): FoundAgents => {
  /** Nobody has said yes to it, and nobody but machines has named it. */
  const isOnlyFound = (row: AgentRow): boolean =>
    row.trust === 'seen' &&
    book.provenance().every(({ agent, source }) => agent !== row.name || !isPersonsWord(source));

  const whyTooMany = (entry: AgentEntry): string | null => {
    const found = book.all().filter(({ trust }) => trust === 'seen');
    if (found.length >= LIMITS.foundAgents)
      return `${String(LIMITS.foundAgents)} found agents wait for trust already`;
    const host = hostOf(entry);
    const there = host === null ? 0 : found.filter((row) => hostOf(row.entry) === host).length;
    return there >= LIMITS.foundAgentsPerHost
      ? `${String(there)} agents were found at ${host ?? ''} already`
      : null;
  };

  return {
    take(tx, caller, { entry, provenance: source, detail }, runId) {
      const { entry: plain } = partSecrets(entry);
      const seen = { source, detail, first_seen: tx.now, last_seen: tx.now };
      const known = book.at(plain);
      if (known !== undefined) {
        book.rows.putProvenance({ agent: known.name, ...seen });
        book.changed(tx);
        return { as: 'known', name: known.name };
      }
      const kind = kindOf(plain);
      const why = isKind(kind) ? whyTooMany(plain) : `no adapter for the kind ${kind}`;
      if (why !== null) return { as: 'refused', why };
      const name = freeName(provisionalName(plain), plain, (each) => book.isTaken(each));
      const row = newRow(name, plain, source, tx.now);
      book.rows.put(row);
      book.rows.putProvenance({ agent: name, ...seen });
      book.changed(tx);
      audit.append(tx, caller, 'agent.add', 'write', name, { entry: plain, source, detail });
      tell(tx, runId, 'agent_seen', row);
      return { as: 'new', name };
    },

    isListed: (entry) => book.at(entry) !== undefined,

    forget(tx, caller, before) {
      for (const row of book.all()) {
        if (!isOnlyFound(row)) continue;
        const named = book.provenance().filter(({ agent }) => agent === row.name);
        const last = Math.max(row.firstSeen, row.lastSeen ?? 0, ...named.map(({ last_seen: at }) => at));
        if (last >= before) continue;
        audit.append(tx, caller, 'agent.remove', 'write', row.name, {
          name: row.name,
          why: 'not seen any more',
        });
        book.rows.drop(row.name);
        book.changed(tx);
      }
    },

    giveWay(tx, name, to) {
      const holder = book.named(name);
      if (holder === undefined || !isOnlyFound(holder) || book.at(to)?.name === name) return;
      book.rename(
        tx,
        holder,
        freeName(name, holder.entry, (each) => book.isTaken(each)),
      );
    },
  };
};
