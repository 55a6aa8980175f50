// Agents as rows: the statements of the registry, and what a row is to others. Secrets stay in their columns.
import type {
  Agent,
  AgentEntry,
  CardSignature,
  Presence,
  Provenance,
  Skill,
  Trust,
  TrustChange,
} from '#machines/nouns/agent';
import { SavedPresenceSchema, type SavedPresence } from '#machines/presence/presence';
import type { Store } from '../store/open.ts';
import type { Schema } from '../store/schema.ts';
import { param, statement, writtenStatement } from '../store/statement.ts';
import type { Credential, Identity } from './adapter.ts';
import { endpointOf } from './naming.ts';
import { identityHash, refusalOf, type TrustState } from './trust.ts';

export interface AgentRow extends TrustState {
  readonly name: string;
  readonly kind: string;
  /** Without its secrets. */
  readonly entry: AgentEntry;
  readonly token: string | null;
  readonly credential: Credential | null;
  /** The origin that both belong to. */
  readonly tokenOrigin: string | null;
  readonly description: string;
  readonly version: string | null;
  readonly protocol: string | null;
  readonly skills: readonly Skill[];
  readonly presence: SavedPresence;
  readonly latencyMs: number | null;
  readonly problem: string | null;
  readonly card: unknown;
  readonly firstSeen: number;
  readonly lastSeen: number | null;
}

export interface ProvenanceRow {
  readonly agent: string;
  readonly source: string;
  readonly detail: string;
  readonly first_seen: number;
  readonly last_seen: number;
}

export type AliasRow = Readonly<Schema['agent_aliases']>;

type StoredAgent = Readonly<Schema['agents']>;

const stored = (row: AgentRow): StoredAgent => ({
  name: row.name,
  kind: row.kind,
  entry: JSON.stringify(row.entry),
  token: row.token,
  token_origin: row.tokenOrigin,
  description: row.description,
  version: row.version,
  protocol: row.protocol,
  skills: JSON.stringify(row.skills),
  presence: row.presence.presence,
  presence_snapshot: JSON.stringify(row.presence),
  latency_ms: row.latencyMs,
  problem: row.problem,
  card: row.card === null ? null : JSON.stringify(row.card),
  first_seen: row.firstSeen,
  last_seen: row.lastSeen,
  trust: row.trust,
  pinned: row.pinned === null ? null : JSON.stringify(row.pinned),
  found: row.found === null ? null : JSON.stringify(row.found),
  changes: JSON.stringify(row.changes),
  card_signature: row.cardSignature,
  credential: row.credential === null ? null : JSON.stringify(row.credential),
});

const identityOf = (text: string | null): Identity | null =>
  text === null ? null : (JSON.parse(text) as Identity);

const restored = (row: StoredAgent): AgentRow => ({
  name: row.name,
  kind: row.kind,
  entry: JSON.parse(row.entry) as AgentEntry,
  token: row.token,
  credential: row.credential === null ? null : (JSON.parse(row.credential) as Credential),
  tokenOrigin: row.token_origin,
  description: row.description,
  version: row.version,
  protocol: row.protocol,
  skills: JSON.parse(row.skills) as Skill[],
  presence: SavedPresenceSchema.parse(JSON.parse(row.presence_snapshot)),
  latencyMs: row.latency_ms,
  problem: row.problem,
  card: row.card === null ? null : (JSON.parse(row.card) as unknown),
  firstSeen: row.first_seen,
  lastSeen: row.last_seen,
  trust: row.trust as Trust,
  pinned: identityOf(row.pinned),
  found: identityOf(row.found),
  changes: JSON.parse(row.changes) as TrustChange[],
  cardSignature: row.card_signature as CardSignature | null,
});

export interface AgentRows {
  all(): AgentRow[];
  /** Writes a row whole, over the one of that name if there is one. */
  put(row: AgentRow): void;
  /** Live calls to an agent are calls to it under its new name: a restart must find it. */
  renameCalls(from: string, to: string): void;
  /** Removes an agent with its provenance. */
  drop(name: string): void;
  provenance(): ProvenanceRow[];
  putProvenance(row: ProvenanceRow): void;
  dropProvenance(agent: string, source: string, detail: string): void;
  aliases(): AliasRow[];
  putAlias(row: AliasRow): void;
  dropAlias(alias: string): void;
}

/** The statements, prepared once. Writing is for use inside a transaction. */
export const createAgentRows = ({ db }: Pick<Store, 'db'>): AgentRows => {
  const values = {
    name: param<string>('name'),
    kind: param<string>('kind'),
    entry: param<string>('entry'),
    token: param<string | null>('token'),
    token_origin: param<string | null>('token_origin'),
    description: param<string>('description'),
    version: param<string | null>('version'),
    protocol: param<string | null>('protocol'),
    skills: param<string>('skills'),
    presence: param<string>('presence'),
    presence_snapshot: param<string>('presence_snapshot'),
    latency_ms: param<number | null>('latency_ms'),
    problem: param<string | null>('problem'),
    card: param<string | null>('card'),
    first_seen: param<number>('first_seen'),
    last_seen: param<number | null>('last_seen'),
    trust: param<string>('trust'),
    pinned: param<string | null>('pinned'),
    found: param<string | null>('found'),
    changes: param<string>('changes'),
    card_signature: param<string | null>('card_signature'),
    credential: param<string | null>('credential'),
  };
  const { name: _name, ...changes } = values;
  const all = writtenStatement<Record<string, never>, StoredAgent>(
    db,
    'select * from agents order by name',
    [],
  );
  const put = statement<Readonly<StoredAgent>>()(db, (k) =>
    k
      .insertInto('agents')
      .values(values)
      .onConflict((conflict) => conflict.column('name').doUpdateSet(changes)),
  );
  const drop = statement<{ name: string }>()(db, (k) =>
    k.deleteFrom('agents').where('name', '=', param<string>('name')),
  );
  const renameCalls = statement<{ from: string; to: string }>()(db, (k) =>
    k
      .updateTable('invocations')
      .set({ agent: param<string>('to') })
      .where('agent', '=', param<string>('from'))
      .where('ended_at', 'is', null),
  );
  const provenance = writtenStatement<Record<string, never>, ProvenanceRow>(
    db,
    'select * from agent_provenance order by first_seen, source, detail',
    [],
  );
  const putProvenance = statement<{
    agent: string;
    source: string;
    detail: string;
    first_seen: number;
    last_seen: number;
  }>()(db, (k) =>
    k
      .insertInto('agent_provenance')
      .values({
        agent: param('agent'),
        source: param('source'),
        detail: param('detail'),
        first_seen: param('first_seen'),
        last_seen: param('last_seen'),
      })
      .onConflict((conflict) =>
        conflict
          .columns(['agent', 'source', 'detail'])
          .doUpdateSet({ last_seen: param<number>('last_seen') }),
      ),
  );
  const dropProvenance = statement<{ agent: string; source: string; detail: string }>()(db, (k) =>
    k
      .deleteFrom('agent_provenance')
      .where('agent', '=', param<string>('agent'))
      .where('source', '=', param<string>('source'))
      .where('detail', '=', param<string>('detail')),
  );
  const aliases = writtenStatement<Record<string, never>, AliasRow>(
    db,
    'select * from agent_aliases order by alias',
    [],
  );
  const putAlias = statement<AliasRow>()(db, (k) =>
    k.insertInto('agent_aliases').values({ alias: param('alias'), agent: param('agent') }),
  );
  const dropAlias = statement<{ alias: string }>()(db, (k) =>
    k.deleteFrom('agent_aliases').where('alias', '=', param<string>('alias')),
  );
  return {
    all: () => all.all({}).map((row) => restored(row)),
    put: (row) => void put.run(stored(row)),
    renameCalls: (from, to) => void renameCalls.run({ from, to }),
    drop: (name) => void drop.run({ name }),
    provenance: () => provenance.all({}),
    putProvenance: (row) => void putProvenance.run({ ...row }),
    dropProvenance: (agent, source, detail) => void dropProvenance.run({ agent, source, detail }),
    aliases: () => aliases.all({}),
    putAlias: (row) => void putAlias.run({ ...row }),
    dropAlias: (alias) => void dropAlias.run({ alias }),
  };
};

const timestamp = (ms: number): string => new Date(ms).toISOString();

/** An agent that only waits for a person’s yes has no problem; one that is not who it was has. */
const alarmOf = (row: AgentRow): string | null => {
  const refusal = refusalOf(row.name, row);
  return refusal === null || refusal.code === 'agent_untrusted' ? null : refusal.detail;
};

/** What others see of an agent: everything but the credential. */
export const toAgent = (
  row: AgentRow,
  provenance: readonly ProvenanceRow[],
  aliases: readonly string[],
): Agent => ({
  name: row.name,
  aliases: [...aliases],
  kind: row.kind,
  endpoint: endpointOf(row.entry),
  description: row.description,
  version: row.version,
  protocol: row.protocol,
  skills: [...row.skills],
  presence: row.presence.presence satisfies Presence,
  latency_ms: row.latencyMs,
  first_seen: timestamp(row.firstSeen),
  last_seen: row.lastSeen === null ? null : timestamp(row.lastSeen),
  problem: alarmOf(row) ?? row.problem,
  has_credential: row.token !== null || row.credential !== null,
  trust: row.trust,
  trust_changes: [...row.changes],
  identity: identityHash(row.found),
  card_signature: row.cardSignature,
  provenance: provenance.map(({ source, detail, first_seen, last_seen }) => ({
    source: source as Provenance['source'],
    detail,
    first_seen: timestamp(first_seen),
    last_seen: timestamp(last_seen),
  })),
  card: row.card,
});
