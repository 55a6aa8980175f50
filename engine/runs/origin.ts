// The chain of runs behind a team run: checked for loops at its start, and kept in its row.
import { MeshError } from '#machines/nouns/error';
import type { AskedBy } from '#machines/nouns/origin';
import type { Asked } from '../engine.ts';
import type { FindAsker } from '../invocations/origin.ts';
import type { TeamRunRow } from './rows.ts';

/** What a new run of `team` keeps of its asker. Throws unknown_run, origin_too_deep and origin_loop. */
export const askedBy = (asked: Asked, team: string, findAsker: FindAsker): AskedBy => {
  const { agent, chain } = findAsker(asked.origin);
  const same = chain.find((link) => link.team === team);
  if (same !== undefined)
    throw new MeshError(
      'origin_loop',
      `team ${team} is at work further up the chain, in run ${same.run_id}`,
      { chain },
    );
  return { via: asked.via, agent, chain: [...chain], context_id: asked.contextId ?? null };
};

/** The asker of a stored run; null when a person started it. */
export const askedByOf = (row: Pick<TeamRunRow, 'asked_by'>): AskedBy | null =>
  row.asked_by === null ? null : (JSON.parse(row.asked_by) as AskedBy);
