// From an agent's row to what its adapter gets: the only place where secrets leave their columns.
import type { Target } from './adapter.ts';
import type { AgentRow, ProvenanceRow } from './agent-rows.ts';
import { reachOf } from './trust.ts';

/** The target of an agent. Its secrets go along when the address still has the origin that they were given for. */
export const targetOfRow = (row: AgentRow, provenance: readonly ProvenanceRow[]): Target => {
  const { name, kind, entry, card, token, credential, tokenOrigin } = row;
  const isOwn = entry.url !== undefined && new URL(entry.url).origin === tokenOrigin;
  const sources = provenance.flatMap(({ agent, source }) => (agent === name ? [source] : []));
  const reach = reachOf(entry.url, row, sources);
  return {
    name,
    kind,
    entry,
    card,
    token: isOwn ? token : null,
    ...(isOwn && credential !== null ? { credential } : {}),
    ...(reach === null ? {} : { reach }),
  };
};
