// The chain of runs behind a team run: checked for loops at its start, and kept in its row with what came with the request.
import { MeshError } from '#machines/nouns/error';
import { type AskedBy, type AskedFacts, type AskedRecord, AskedRecordSchema } from '#machines/nouns/origin';
import type { Asked } from '../engine.ts';
import type { FindAsker } from '../invocations/origin.ts';
import type { TeamRunRow } from './rows.ts';

/** What a new run of `team` keeps of its asker. Throws unknown_run, origin_too_deep and origin_loop. */
export const askedRecord = (asked: Asked, team: string, findAsker: FindAsker): AskedRecord => {
  const { agent, chain } = findAsker(asked.origin);
  const same = chain.find((link) => link.team === team);
  if (same !== undefined)
    throw new MeshError(
      'origin_loop',
      `team ${team} is at work further up the chain, in run ${same.run_id}`,
      { chain },
    );
  return {
    via: asked.via,
    agent,
    chain: [...chain],
    context_id: asked.contextId ?? null,
    message_id: asked.messageId ?? null,
    ...(asked.message === undefined ? {} : { message: asked.message }),
  };
};

/** The asker without what it sent. */
export const withoutMessage = ({ message: _message, ...asker }: AskedRecord): AskedBy => asker;

/** What a stored run keeps of its asker; null when a person started it. */
export const askedRecordOf = (row: Pick<TeamRunRow, 'asked_by'>): AskedRecord | null =>
  row.asked_by === null ? null : AskedRecordSchema.parse(JSON.parse(row.asked_by));

/** The asker of a stored run; null when a person started it. */
export const askedByOf = (row: Pick<TeamRunRow, 'asked_by'>): AskedBy | null => {
  const asked = askedRecordOf(row);
  return asked === null ? null : withoutMessage(asked);
};

/** What agents of a stored run are told of the request; null where there is nothing to tell besides the chain. */
export const askedFactsOf = (row: Pick<TeamRunRow, 'asked_by'>): AskedFacts | null => {
  const asked = askedRecordOf(row);
  if (asked?.message === undefined) return null;
  const { via, context_id, message_id, message } = asked;
  const { parts, metadata, request_metadata, reference_task_ids } = message;
  return {
    via,
    context_id,
    message_id,
    parts: parts.filter((part) => !('used' in part)),
    metadata,
    request_metadata,
    reference_task_ids,
  };
};
