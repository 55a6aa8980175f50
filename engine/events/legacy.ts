// Records of the earlier format, promoted to EventV1. They are read for ever and never written.
import { EVENT_KINDS, type EventDraft, type EventKind } from '#machines/nouns/event';
import { type JsonRecord, idOf, invalid, isRecord, runIdOf } from './record-shape.ts';
import { formatTimestamp, fromEpochSeconds, parseTimestamp } from './timestamp.ts';

/** Legacy is a record with `event_type` whose `kind` is absent or null: where both speak, `kind` wins. */
export const isLegacy = (record: JsonRecord): boolean =>
  Object.hasOwn(record, 'event_type') && (record['kind'] === undefined || record['kind'] === null);

/** A kind of the closed set, by the words that writers have used for it (`text` was a message); null for other words. */
export const kindOf = (word: unknown): EventKind | null =>
  word === 'text' ? 'message' : (EVENT_KINDS.find((kind) => kind === word) ?? null);

/** The time of an old record: RFC 3339 text, or epoch seconds. Throws invalid_event. */
export const oldTimestamp = (record: JsonRecord): string => {
  const ts = record['ts'];
  const ms =
    typeof ts === 'number' ? fromEpochSeconds(ts) : typeof ts === 'string' ? parseTimestamp(ts) : null;
  if (ms === null)
    throw invalid('ts', 'neither an RFC 3339 time with an offset nor epoch seconds of a year up to 9999');
  return formatTimestamp(ms);
};

const payloadOf = (message: unknown): JsonRecord => {
  if (typeof message === 'string') return { text: message };
  return isRecord(message) ? message : {};
};

/**
 * The draft that a legacy record stands for. Numbers become text in ids; the message becomes the payload; an
 * event_type outside the closed set becomes a status of that word. Keys that the old format never had are left out.
 * @throws MeshError invalid_event, naming the field: unreadable ts, missing run_id, an id or event_type that is no word
 */
export const promote = (record: JsonRecord): EventDraft => {
  const word = record['event_type'];
  if (typeof word !== 'string' && typeof word !== 'number' && typeof word !== 'boolean')
    throw invalid('event_type', 'not a word');
  const kind = kindOf(word);
  const payload = payloadOf(record['message']);
  const metadata = isRecord(record['metadata']) ? record['metadata'] : {};
  return {
    ts: oldTimestamp(record),
    run_id: runIdOf(record),
    kind: kind ?? 'status',
    task_id: idOf(record, 'task_id'),
    step: idOf(record, 'step'),
    // Old payloads need not have the keys that today's writers must give: readers cope with their absence.
    payload: kind === null ? { ...payload, state: String(word) } : payload,
    metadata: kind === null ? { ...metadata, legacy_event_type: String(word) } : metadata,
    team_run_id: idOf(record, 'team_run_id'),
  };
};
