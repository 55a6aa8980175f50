// The event log: append inside a transaction, read in pages, subscribe. The table is the truth; the mirror follows it.
import type { EventDraft, EventFilter, EventSource, EventV1 } from '#machines/nouns/event';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { EventPage, EventRow, Subscription } from '../engine.ts';
import type { Ports } from '../ports.ts';
import type { Store } from '../store/open.ts';
import { param, statement } from '../store/statement.ts';
import type { Tx } from '../store/writer.ts';
import { canonicalJson } from './canonical.ts';
import { pageReader } from './page.ts';
import { rowInserter, toEvent } from './row.ts';
import { parseTimestamp } from './timestamp.ts';

export interface EventLog {
  /**
   * Writes one event inside a transaction and stages it for publication.
   * The same id with the same content again answers the stored event and writes nothing.
   * Throws id_conflict (the id is taken by other content), invalid_event (unreadable ts), payload_too_large.
   */
  append(tx: Tx, draft: EventDraft, source: EventSource): EventV1;
  page(filter: EventFilter, afterSeq: number, limit: number): EventPage;
  get(id: string): EventV1 | null;
  scopeOf(id: string): 'team_run_id' | 'run_id' | 'task_id' | null;
  head(): number;
  readonly logId: string;
  subscribe(onBatch: (rows: readonly EventRow[]) => void): Subscription;
  /** All events of a team run, its runs included, by seq; read in pages, so that it may be long. */
  readTeamRun(teamRunId: string): Generator<EventRow>;
}

/** Rows read at a time by readTeamRun. */
const PAGE_ROWS = 500;

/** What two events with one id must share: everything but seq and source, and ts only where it was given. */
const contentOf = (event: EventV1, withTs: boolean): string => {
  const { source: _, ...metadata } = event.metadata;
  return canonicalJson([
    withTs ? event.ts : null,
    event.run_id,
    event.kind,
    event.task_id,
    event.step,
    event.payload,
    metadata,
    event.team_run_id,
  ]);
};

/** Opens the log of a store. Create the mirror first: listeners of the writer are called in the order they came. */
export const createEventLog = (store: Store, ports: Pick<Ports, 'ids' | 'log'>): EventLog => {
  const { db, writer } = store;
  const insert = rowInserter(db);
  const page = pageReader(db);
  const byId = statement<{ id: string }>()(db, (k) =>
    k.selectFrom('events').select('line').where('id', '=', param<string>('id')),
  );
  const scopes = (['team_run_id', 'run_id', 'task_id'] as const).map((column) => ({
    column,
    find: statement<{ id: string }>()(db, (k) =>
      k.selectFrom('events').select('seq').where(column, '=', param<string>('id')).limit(1),
    ),
  }));
  const subscribers = new Set<(rows: readonly EventRow[]) => void>();
  const logId = store.meta.get('log_id');
  if (logId === null) throw new MeshError('storage_failed', 'the database has no log_id');

  writer.onCommit((rows) => {
    for (const onBatch of [...subscribers])
      try {
        onBatch(rows);
      } catch (error) {
        ports.log.error({ err: error }, 'a subscriber of the event log threw');
      }
  });

  const get = (id: string): EventV1 | null => {
    const row = byId.get({ id });
    return row === undefined ? null : (JSON.parse(row.line) as EventV1);
  };

  return {
    append: (tx, draft, source) => {
      const at = draft.ts === undefined ? tx.now : parseTimestamp(draft.ts);
      if (at === null) throw new MeshError('invalid_event', 'ts: not an RFC 3339 time', { field: 'ts' });
      if (draft.id !== undefined) {
        const stored = get(draft.id);
        if (stored !== null) {
          const again = toEvent(draft, source, at, draft.id, stored.seq);
          const withTs = draft.ts !== undefined;
          if (contentOf(again, withTs) === contentOf(stored, withTs)) return stored;
          throw new MeshError('id_conflict', `an event ${draft.id} with other content exists`);
        }
      }
      const event = toEvent(draft, source, at, draft.id ?? ports.ids.uuidv7(), tx.nextSeq());
      const line = insert(event, at, false);
      // A line that the reader of the log would set aside must not get into it.
      if (line.length * 3 > LIMITS.logLineBytes && Buffer.byteLength(line) > LIMITS.logLineBytes)
        throw new MeshError('payload_too_large', 'the event is longer than a line of the log may be');
      tx.stage({ seq: event.seq, line, event });
      return event;
    },
    page: (filter, afterSeq, limit) => page(filter, afterSeq, limit, writer.head),
    get,
    scopeOf: (id) => scopes.find(({ find }) => find.get({ id }) !== undefined)?.column ?? null,
    head: () => writer.head,
    logId,
    subscribe: (onBatch) => {
      // A wrapper of its own, so that one function subscribed twice is two subscriptions.
      const own = (rows: readonly EventRow[]): void => {
        onBatch(rows);
      };
      subscribers.add(own);
      return { close: () => void subscribers.delete(own) };
    },
    *readTeamRun(teamRunId) {
      let after = 0;
      for (;;) {
        const { lines, nextSeq, more } = page({ team_run_id: teamRunId }, after, PAGE_ROWS, writer.head);
        for (const line of lines) {
          const event = JSON.parse(line) as EventV1;
          yield { seq: event.seq, line, event };
        }
        if (!more) return;
        after = nextSeq;
      }
    },
  };
};
