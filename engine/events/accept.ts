// Records from outside become drafts: strictly when they are posted, leniently when they stand in a log already.
import { z } from 'zod';
import { MeshError } from '#machines/nouns/error';
import {
  type EventDraft,
  type EventKind,
  type EventPayload,
  EVENT_KINDS,
  PAYLOAD_SCHEMAS,
} from '#machines/nouns/event';
import { LIMITS } from '#machines/nouns/limits';
import { isLegacy, kindOf, oldTimestamp, promote } from './legacy.ts';
import { type JsonRecord, idOf, invalid, isRecord, recordOf, runIdOf } from './record-shape.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

/** An id that the table can tell from every other: SQLite would fold lone surrogates into one replacement character. */
export const isUsableId = (id: unknown): id is string =>
  typeof id === 'string' && id !== '' && id.length <= LIMITS.eventIdChars && id.isWellFormed();

/** The posted record; kind, payload and ts get a look of their own, seq and source are ours to say. */
const PostedSchema = z.strictObject({
  schema_version: z.unknown().optional(),
  ts: z.string().nullish(),
  run_id: z.string().min(1),
  kind: z.unknown().optional(),
  event_type: z.unknown().optional(),
  task_id: z.string().nullish(),
  step: z.string().nullish(),
  payload: z.unknown().optional(),
  metadata: z.looseObject({}).nullish(),
  team_run_id: z.string().nullish(),
  id: z.string().nullish(),
  seq: z.unknown().optional(),
});

const firstProblem = (error: z.ZodError, prefix: readonly string[] = []): MeshError => {
  const issue = error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : null;
  const path = [...prefix, ...(issue?.path ?? []).map(String), ...(unknown === null ? [] : [unknown])];
  return invalid(
    path.join('.') || 'record',
    unknown === null ? (issue?.message ?? 'not valid') : 'unknown key',
  );
};

const checkVersion = (record: JsonRecord): void => {
  const version = record['schema_version'];
  if (version === undefined || version === null || version === '1' || version === 1) return;
  throw new MeshError(
    'unsupported_schema_version',
    `schema_version: ${JSON.stringify(version).slice(0, 80)}`,
    {
      field: 'schema_version',
    },
  );
};

const requireKind = (word: unknown): EventKind => {
  const kind = kindOf(word);
  if (kind === null) throw invalid('kind', `must be one of ${EVENT_KINDS.join(', ')}`);
  return kind;
};

/** Old writers of `text` gave no role. */
const TEXT_PAYLOAD = PAYLOAD_SCHEMAS.message.partial({ role: true });

const checkPayload = (record: JsonRecord, kind: EventKind): EventPayload => {
  const payload = record['payload'];
  if (!isRecord(payload)) throw invalid('payload', 'must be an object');
  const schema = record['kind'] === 'text' ? TEXT_PAYLOAD : PAYLOAD_SCHEMAS[kind];
  const checked = schema.safeParse(payload);
  if (!checked.success) throw firstProblem(checked.error, ['payload']);
  // The record's own object, not zod's copy: keys that are not named stay as they were sent.
  return payload;
};

const hasPrototypeKey = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (Object.hasOwn(value, '__proto__') || Object.values(value).some(hasPrototypeKey));

const postedEvent = (record: JsonRecord): EventDraft => {
  checkVersion(record);
  const kind = requireKind(record['kind']);
  const shape = PostedSchema.safeParse(record);
  if (!shape.success) throw firstProblem(shape.error);
  const { ts, id, run_id, task_id, step, team_run_id } = shape.data;
  const at = typeof ts === 'string' ? parseTimestamp(ts) : undefined;
  if (at === null) throw invalid('ts', 'not an RFC 3339 time with an offset');
  if (id !== undefined && id !== null && !isUsableId(id))
    throw invalid('id', `1 to ${LIMITS.eventIdChars} characters of well-formed Unicode`);
  return {
    run_id,
    kind,
    payload: checkPayload(record, kind),
    task_id: task_id ?? null,
    step: step ?? null,
    team_run_id: team_run_id ?? null,
    metadata: isRecord(record['metadata']) ? record['metadata'] : {},
    ...(at === undefined ? {} : { ts: formatTimestamp(at) }),
    ...(typeof id === 'string' ? { id } : {}),
  };
};

const clone = (record: unknown): unknown => {
  let text: string | undefined;
  try {
    text = JSON.stringify(record);
  } catch {
    throw invalid('record', 'not JSON');
  }
  if (text === undefined) throw invalid('record', 'not JSON');
  if (Buffer.byteLength(text) > LIMITS.requestBodyBytes)
    throw new MeshError('payload_too_large', `an event may have ${LIMITS.requestBodyBytes} bytes`);
  return JSON.parse(text);
};

/** A posted legacy record without a time gets the log's clock, as any posted record does. */
const postedLegacy = (record: JsonRecord): EventDraft => {
  if (record['ts'] !== undefined && record['ts'] !== null) return promote(record);
  const { ts: _, ...draft } = promote({ ...record, ts: 0 });
  return draft;
};

/**
 * A record that somebody asks us to append, EventV1 or legacy. What is stored later is a copy.
 * `seq` and `metadata.source` are ignored, a missing ts is left to the log's clock.
 * @throws MeshError invalid_event (with the field), unsupported_schema_version, payload_too_large
 */
export const acceptRecord = (posted: unknown): EventDraft => {
  // The copy comes first: it refuses what is circular or too deep for the stack before anything walks it.
  const record = recordOf(clone(posted));
  if (hasPrototypeKey(record)) throw invalid('__proto__', 'not allowed as a key');
  return isLegacy(record) ? postedLegacy(record) : postedEvent(record);
};

/**
 * A record that stands in a log already, EventV1 or legacy: it happened, so payloads are taken as they are, ids and
 * times are read as in legacy records, and unknown keys are passed over.
 * @throws MeshError invalid_event, unsupported_schema_version
 */
export const readRecord = (value: unknown): EventDraft => {
  const record = recordOf(value);
  if (isLegacy(record)) return promote(record);
  checkVersion(record);
  const kind = requireKind(record['kind']);
  const [payload, metadata, id] = [record['payload'] ?? {}, record['metadata'] ?? {}, record['id']];
  if (!isRecord(payload)) throw invalid('payload', 'must be an object');
  if (!isRecord(metadata)) throw invalid('metadata', 'must be an object');
  return {
    ts: oldTimestamp(record),
    run_id: runIdOf(record),
    kind,
    task_id: idOf(record, 'task_id'),
    step: idOf(record, 'step'),
    payload,
    metadata,
    team_run_id: idOf(record, 'team_run_id'),
    ...(isUsableId(id) ? { id } : {}),
  };
};
