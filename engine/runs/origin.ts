// The chain of runs behind a team run: checked for loops at its start, and kept in its row with what came with the request.
import { MeshError } from '#machines/nouns/error';
import type { MeshFile } from '#machines/nouns/file';
import {
  type AskedBy,
  AskedBySchema,
  type AskedFacts,
  type AskedMessage,
  type AskedRecord,
  AskedRecordSchema,
} from '#machines/nouns/origin';
import type { Asked } from '../engine.ts';
import type { Artifacts } from '../invocations/artifacts.ts';
import type { FindAsker } from '../invocations/origin.ts';
import type { TeamRunRow } from './rows.ts';

/** What a new run of `team` keeps of its asker. Throws unknown_run, origin_too_deep and origin_loop. */
export const askedRecord = (
  asked: Asked,
  team: string,
  findAsker: FindAsker,
  artifacts: Pick<Artifacts, 'keepFiles'>,
): AskedRecord => {
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
    ...(asked.message === undefined ? {} : { message: keptMessage(asked.message, artifacts) }),
  };
};

/** The asker without what it sent. */
export const withoutMessage = ({ message: _message, ...asker }: AskedRecord): AskedBy => asker;

/** What a stored run keeps of its asker; null when a person started it. */
export const askedRecordOf = (row: Pick<TeamRunRow, 'asked_by'>): AskedRecord | null =>
  row.asked_by === null ? null : AskedRecordSchema.parse(JSON.parse(row.asked_by));

/** The asker of a stored run; null when a person started it. */
export const askedByOf = (row: Pick<TeamRunRow, 'asked_by'>): AskedBy | null =>
  // Lists show many: what came with the request is left out unread.
  row.asked_by === null ? null : AskedBySchema.parse(JSON.parse(row.asked_by));

const withFiles = (message: AskedMessage, files: readonly MeshFile[]): AskedMessage => {
  const left = [...files];
  return {
    ...message,
    parts: message.parts.map((part) => ('file' in part ? { file: left.shift() ?? part.file } : part)),
  };
};

const filesOf = ({ parts }: AskedMessage): MeshFile[] =>
  parts.flatMap((part) => ('file' in part ? [part.file] : []));

/** A request as it is kept: large files lie beside the log. */
const keptMessage = (message: AskedMessage, artifacts: Pick<Artifacts, 'keepFiles'>): AskedMessage =>
  withFiles(message, artifacts.keepFiles(filesOf(message)));

/** A request as it came, with the bytes of its files. Throws not_found. */
export const wholeMessage = (message: AskedMessage, artifacts: Pick<Artifacts, 'whole'>): AskedMessage =>
  withFiles(
    message,
    filesOf(message).map((file) => artifacts.whole(file)),
  );

/** What agents of a stored run are told of the request; null where there is nothing to tell besides the chain. */
export const askedFactsOf = (
  row: Pick<TeamRunRow, 'asked_by'>,
  artifacts: Pick<Artifacts, 'whole'>,
): AskedFacts | null => {
  const asked = askedRecordOf(row);
  if (asked?.message === undefined) return null;
  const { via, context_id, message_id, message } = asked;
  const { parts, metadata, request_metadata, reference_task_ids } = wholeMessage(message, artifacts);
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
