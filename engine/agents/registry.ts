// Who is on the mesh: agents by exact name, with where we heard of them, how well they answer, and their credentials.
import type { Agent, AgentEntry, Provenance } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { Audit } from '../audit/append.ts';
import type { EventLog } from '../events/append.ts';
import type { Caller } from '../identity/caller.ts';
import type { Ports } from '../ports.ts';
import type { Store } from '../store/open.ts';
import type { Tx } from '../store/writer.ts';
import type { AgentAdapter, Probe, Target } from './adapter.ts';
import { kindOf, namedRow, newRow, probedRow, unnamedRow } from './agent-change.ts';
import type { AgentRow } from './agent-rows.ts';
import { createBook } from './book.ts';
import { createOneTimeTokens } from './one-time-tokens.ts';
import { createAliases, type Aliases } from './aliases.ts';
import { chooseBySkill, SKILL_PREFIX, theOneWithSkill } from './by-skill.ts';
import { partSecrets } from './credentials.ts';
import { createFoundAgents, type FoundAgents } from './found-agents.ts';
import { addressOf, cleanName, freeName, provisionalName } from './naming.ts';
import { wrongSetting } from './settings.ts';
import { targetOfRow } from './target.ts';
import { createTell } from './tell.ts';
import { accepted, identityHash, isPersonsWord, refusalOf } from './trust.ts';

type Source = Provenance['source'];

const SETTING_REMEDY = { remedy: 'Correct the setting, or leave it away.' };

export interface RegistryParts {
  readonly store: Store;
  readonly log: Pick<EventLog, 'append'>;
  readonly audit: Pick<Audit, 'append'>;
  readonly adapters: ReadonlyMap<string, AgentAdapter>;
  readonly ports: Pick<Ports, 'clock' | 'ids'>;
}

export interface Registry {
  /** By name. */
  list(): Agent[];
  /** Throws unknown_agent with `suggestions`; another spelling of a name is a suggestion, never a match. */
  get(name: string): Agent;
  /**
   * Adds an agent, or another source of one that is known by its address. A URL without a name is asked for its card
   * first. Throws invalid_card, auth, agent_unreachable (for a URL without a name), unsupported_agent_kind,
   * invalid_input for a setting that its kind does not take.
   */
  add(caller: Caller, entry: AgentEntry, source: Source, detail: string): Promise<Agent>;
  /** Throws unknown_agent. */
  remove(caller: Caller, name: string): Promise<void>;
  /**
   * Accepts the identity that was found last. `identity` is that of the person’s last look (Agent.identity): when it is
   * another one by now, agent_changed is thrown and nothing is accepted. Throws unknown_agent, card_signature_invalid.
   */
  trust(caller: Caller, name: string, identity?: string): Promise<Agent>;
  /** For probes: where the agent is, with its credential for its own origin, trusted or not. Throws unknown_agent. */
  known(name: string): Target;
  /** For work: the same, when it is trusted. Throws unknown_agent, agent_untrusted, agent_changed, card_signature_invalid. */
  target(name: string): Target;
  /**
   * For work that a person asks for: an exact name, an alias, or `skill:ID` where one agent alone offers it. Throws what
   * target and theOneWithSkill throw.
   */
  asked(word: string): Target;
  /** The agent of chooseBySkill, as a target for work; throws what it throws. */
  withSkill(skill: string, prefer: readonly string[]): Target;
  /** Throws unsupported_agent_kind. */
  adapter(kind: string): AgentAdapter;
  /**
   * Makes what one source names be what is known from it: inside a transaction. Agents that no source names any more go.
   * Answers the names of those that are new to the mesh, and why entries were not taken.
   */
  sync(
    tx: Tx,
    caller: Caller,
    source: Source,
    detail: string,
    entries: readonly AgentEntry[],
    runId: string,
  ): { readonly fresh: readonly string[]; readonly refused: readonly string[] };
  readonly aliases: Aliases;
  /** Agents that no person named. */
  readonly found: FoundAgents;
  /** Records a probe inside a transaction, with an event when the presence changes. Answers the agent’s name now. */
  record(tx: Tx, name: string, probe: Probe, runId: string): string | null;
}

/** The registry of a store. */
export const createRegistry = (parts: RegistryParts): Registry => {
  const { store, log, audit, adapters, ports } = parts;
  const book = createBook(store, () => {
    for (const each of adapters.values()) each.agentsChanged?.((name) => book.named(name)?.entry ?? null);
  });
  const { rows } = book;
  const isTaken = (name: string): boolean => book.isTaken(name);
  const changed = (tx: Tx): void => {
    book.changed(tx);
  };
  const tell = createTell(log);
  const found = createFoundAgents({ book, audit, tell, isKind: (kind) => adapters.has(kind) });

  const oneTime = createOneTimeTokens(adapters);
  const targetOf = (row: AgentRow): Target => {
    const target = targetOfRow(row, book.provenance());
    return { ...target, token: target.token ?? oneTime.held(row.entry) };
  };

  const target = (name: string): Target => {
    const row = book.find(name);
    const refusal = refusalOf(row.name, row);
    if (refusal !== null) throw refusal;
    return targetOf(row);
  };

  const adapter = (kind: string): AgentAdapter => {
    const found = adapters.get(kind);
    if (found !== undefined) return found;
    throw new MeshError(
      'unsupported_agent_kind',
      `${kind}: known kinds are ${[...adapters.keys()].join(', ')}`,
    );
  };

  /** Takes an entry in; answers its row and whether the agent is new. `called` is what its card calls it, when known. */
  const see = (
    tx: Tx,
    named: AgentEntry,
    source: Source,
    detail: string,
    called: string | null = null,
  ): { row: AgentRow; isNew: boolean } => {
    adapter(kindOf(named));
    const given = oneTime.take(named);
    if (given.name !== undefined && isPersonsWord(source)) found.giveWay(tx, given.name, given);
    let known = book.at(given);
    const isNew = known === undefined;
    const hasOthers = book
      .provenance()
      .some((each) => each.agent === known?.name && !(each.source === source && each.detail === detail));
    if (
      known !== undefined &&
      given.name !== undefined &&
      known.name !== given.name &&
      !isTaken(given.name)
    ) {
      known = book.rename(tx, known, given.name);
    }
    const row =
      known === undefined
        ? newRow(
            freeName(given.name ?? called ?? provisionalName(given), given, isTaken),
            given,
            source,
            tx.now,
          )
        : namedRow(known, given, source, hasOthers);
    rows.put(row);
    rows.putProvenance({ agent: row.name, source, detail, first_seen: tx.now, last_seen: tx.now });
    changed(tx);
    return { row, isNew };
  };

  const record: Registry['record'] = (tx, name, probe, runId) => {
    const known = book.named(name);
    if (known === undefined) return null;
    let row = probedRow(known, probe, tx.now);
    if (probe.isCredentialSpent === true) oneTime.spent(known.entry);
    // Who was only an address until now takes the name of its card.
    const own =
      probe.ok && known.entry.name === undefined && known.lastSeen === null
        ? cleanName(probe.name ?? '')
        : null;
    const wanted =
      own === null ? row.name : freeName(own, row.entry, (each) => each !== row.name && isTaken(each));
    if (wanted !== row.name) row = book.rename(tx, row, wanted);
    else {
      rows.put(row);
      changed(tx);
    }
    const { presence } = row.presence;
    if (presence !== known.presence.presence) tell(tx, runId, `agent_${presence}`, row);
    if (row.trust === 'changed' && JSON.stringify(row.changes) !== JSON.stringify(known.changes)) {
      tell(tx, runId, 'agent_changed', row);
    }
    return row.name;
  };

  return {
    list: () => book.all().map((row) => book.agentOf(row)),
    get: (name) => book.agentOf(book.find(name)),
    known: (name) => targetOf(book.find(name)),
    target,
    asked: (word) =>
      word.startsWith(SKILL_PREFIX) && book.named(word) === undefined
        ? targetOf(theOneWithSkill(book.all(), word.slice(SKILL_PREFIX.length)))
        : target(word),
    aliases: createAliases(book, store.writer, audit),
    adapter,
    record,
    found,

    withSkill: (skill, prefer) => targetOf(chooseBySkill(book.all(), skill, prefer)),

    async add(caller, entry, source, detail) {
      const { entry: rest } = partSecrets(entry);
      const wrong = wrongSetting(adapter(kindOf(entry)), entry);
      if (wrong !== null) throw new MeshError('invalid_input', wrong.message, SETTING_REMEDY);
      const target = targetOf(newRow(provisionalName(entry), entry, source, ports.clock.now()));
      const signal = AbortSignal.timeout(LIMITS.cardTimeoutMs);
      const probe = await adapter(target.kind).probe(target, { signal });
      if (probe.problem !== null) {
        const { code, message } = probe.problem;
        if (code === 'invalid_card' || code === 'address_refused') throw new MeshError(code, message);
        // A URL that does not answer has no name to be known by.
        if (entry.name === undefined) {
          throw new MeshError(code === 'auth' ? 'auth' : 'agent_unreachable', message);
        }
      }
      const runId = ports.ids.uuidv7();
      return store.writer.submit((tx) => {
        const { row, isNew } = see(tx, entry, source, detail, cleanName(probe.name ?? ''));
        audit.append(tx, caller, 'agent.add', 'write', row.name, { entry: rest, source, detail });
        if (isNew) tell(tx, runId, 'agent_seen', row);
        return book.agentOf(book.find(record(tx, row.name, probe, runId) ?? row.name));
      });
    },

    remove: (caller, name) =>
      store.writer.submit((tx) => {
        const { name: own } = book.find(name);
        audit.append(tx, caller, 'agent.remove', 'write', own, { name: own });
        rows.drop(own);
        changed(tx);
      }),

    trust: (caller, name, identity) => {
      const runId = ports.ids.uuidv7();
      return store.writer.submit((tx) => {
        const known = book.find(name);
        const row: AgentRow = { ...known, ...accepted(known) };
        const now = identityHash(known.found);
        if (identity !== undefined && identity !== now)
          throw new MeshError('agent_changed', `${name} has changed again since you looked at it`);
        const refusal = refusalOf(name, row);
        if (refusal !== null) throw refusal;
        audit.append(tx, caller, 'agent.trust', 'authority', known.name, { name: known.name, identity: now });
        rows.put(row);
        changed(tx);
        if (known.trust !== 'trusted') tell(tx, runId, 'agent_trusted', known);
        return book.agentOf(book.find(name));
      });
    },

    sync(tx, caller, source, detail, entries, runId) {
      const named = new Set(entries.map(addressOf));
      const before = book.provenance().filter((each) => each.source === source && each.detail === detail);
      for (const { agent } of before) {
        const row = book.named(agent);
        if (row === undefined || named.has(addressOf(row.entry))) continue;
        rows.dropProvenance(agent, source, detail);
        changed(tx);
        const others = book.provenance().filter((each) => each.agent === agent);
        const [found] = others;
        if (found !== undefined) {
          if (others.some((each) => isPersonsWord(each.source))) continue;
          rows.put(unnamedRow(row, found.source as Source));
          changed(tx);
          continue;
        }
        audit.append(tx, caller, 'agent.remove', 'write', agent, { source, detail });
        rows.drop(agent);
        changed(tx);
      }
      const fresh: string[] = [];
      const refused: string[] = [];
      for (const entry of entries) {
        const known = adapters.get(kindOf(entry));
        const why =
          known === undefined
            ? `no adapter for the kind ${kindOf(entry)}`
            : (wrongSetting(known, entry)?.message ?? null);
        if (why !== null) {
          refused.push(`${provisionalName(entry)}: ${why}`);
          continue;
        }
        const { row, isNew } = see(tx, entry, source, detail);
        if (!isNew) continue;
        const { entry: shown } = partSecrets(entry);
        audit.append(tx, caller, 'agent.add', 'write', row.name, { entry: shown, source, detail });
        tell(tx, runId, 'agent_seen', row);
        fresh.push(row.name);
      }
      return { fresh, refused };
    },
  };
};
