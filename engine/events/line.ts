// What one line of a log is: ours, somebody else's, broken or blank.
import { MeshError } from '#machines/nouns/error';
import { type EventDraft, EventSchema, type EventV1, eventLine } from '#machines/nouns/event';
import { isUsableId, readRecord } from './accept.ts';
import { type JsonRecord, isRecord } from './record-shape.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

export type Line =
  /** Exactly as this log writes it: id, seq and every byte. */
  | { readonly is: 'own'; readonly event: EventV1; readonly at: number }
  /** A record of somebody else, or an old one; it may bring an id. */
  | { readonly is: 'foreign'; readonly draft: EventDraft; readonly at: number }
  | { readonly is: 'broken'; readonly reason: string }
  | { readonly is: 'blank' };

/** How each line of ours begins: tells most foreign lines apart without parsing them. */
const OWN_START = Buffer.from('{"schema_version":"1","ts":"');

/** Whether a line may be ours; only parsing can say yes. */
export const looksOwn = (bytes: Uint8Array): boolean =>
  bytes.length > OWN_START.length && OWN_START.equals(bytes.subarray(0, OWN_START.length));

/** Drops a byte order mark, which some editors put before the first line. Made once: making one costs more than a line. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

const EXACT_IDS = ['run_id', 'task_id', 'step', 'team_run_id'] as const;

/** JSON.parse rounds large numbers; as ids they must keep their digits, so the text itself is asked. */
const withExactIds = (record: JsonRecord, text: string): JsonRecord => {
  const rounded = EXACT_IDS.filter(
    (key) => typeof record[key] === 'number' && !Number.isSafeInteger(record[key]),
  );
  if (rounded.length === 0) return record;
  const sources = new WeakMap<object, Map<string, string>>();
  const root: unknown = JSON.parse(
    text,
    function (this: object, key: string, value: unknown, context?: { source?: string }): unknown {
      if (context?.source !== undefined) {
        const own = sources.get(this) ?? new Map<string, string>();
        sources.set(this, own.set(key, context.source));
      }
      return value;
    },
  );
  const own = isRecord(root) ? sources.get(root) : undefined;
  return { ...record, ...Object.fromEntries(rounded.map((key) => [key, own?.get(key)])) };
};

/** The event of a line when it is exactly as this log writes it, else null. */
const ownEvent = (value: unknown, text: string): Line | null => {
  const parsed = EventSchema.safeParse(value);
  if (!parsed.success) return null;
  // zod has only checked it; its copy may lack keys such as __proto__.
  const event = value as EventV1;
  const at = parseTimestamp(event.ts);
  if (at === null || formatTimestamp(at) !== event.ts || !isUsableId(event.id)) return null;
  try {
    return eventLine(event) === text ? { is: 'own', event, at } : null;
  } catch {
    // Nested too deep to be written: not by us then.
    return null;
  }
};

/** Reads one line, given without its newline. Never throws: what cannot be read is broken, with a reason. */
export const readLine = (bytes: Uint8Array): Line => {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { is: 'broken', reason: 'not UTF-8' };
  }
  if (/^\s*$/.test(text)) return { is: 'blank' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { is: 'broken', reason: 'not JSON' };
  }
  const own = looksOwn(bytes) ? ownEvent(value, text) : null;
  if (own !== null) return own;
  try {
    const draft = readRecord(isRecord(value) ? withExactIds(value, text) : value);
    return { is: 'foreign', draft, at: parseTimestamp(draft.ts ?? '') ?? 0 };
  } catch (error) {
    if (error instanceof MeshError) return { is: 'broken', reason: error.detail };
    throw error;
  }
};
