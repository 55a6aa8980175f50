// What every record from outside must be before anything reads it: one JSON object, not too deep.
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';

export type JsonRecord = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An invalid_event that names the field. */
export const invalid = (field: string, problem: string): MeshError =>
  new MeshError('invalid_event', `${field}: ${problem}`, { field });

const childrenOf = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : [];

/** Whether JSON is nested deeper than `limit` levels. Level by level, so that depth costs no stack. */
export const isDeeperThan = (value: unknown, limit: number): boolean => {
  let level = childrenOf(value);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth >= limit) return true;
    level = level.flatMap(childrenOf);
  }
  return false;
};

/** The record as an object with at least one key and of bearable depth. Throws invalid_event. */
export const recordOf = (value: unknown): JsonRecord => {
  if (!isRecord(value)) throw invalid('record', 'not a JSON object');
  if (Object.keys(value).length === 0) throw invalid('record', 'an empty object is not an event');
  if (isDeeperThan(value, LIMITS.jsonDepth))
    throw invalid('record', `nested deeper than ${LIMITS.jsonDepth} levels`);
  return value;
};

/** An id of old writers: text, or a number as text; null when absent. Throws invalid_event for anything else. */
export const idOf = (record: JsonRecord, field: string): string | null => {
  const value = record[field];
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw invalid(field, 'neither text nor a number');
};

/** The run_id, which every record must have. Throws invalid_event. */
export const runIdOf = (record: JsonRecord): string => {
  const runId = idOf(record, 'run_id');
  if (runId === null || runId === '') throw invalid('run_id', 'missing');
  return runId;
};
