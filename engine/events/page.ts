// Pages of the log: the rows that fit a filter, their lines as they stand in the table.
import type { Database } from 'better-sqlite3';
import { MeshError } from '#machines/nouns/error';
import type { EventFilter } from '#machines/nouns/event';
import { LIMITS } from '#machines/nouns/limits';
import type { EventPage } from '../engine.ts';
import { type Statement, param, statement } from '../store/statement.ts';
import { parseTimestamp } from './timestamp.ts';

/** Each has an index; they stand in the order of how few rows one of their values names. */
const COLUMN_OF = {
  run_id: 'run_id',
  task_id: 'task_id',
  team_run_id: 'team_run_id',
  status: 'state',
  agent: 'agent',
  kind: 'kind',
} as const;
type EqualKey = keyof typeof COLUMN_OF;
const EQUAL_KEYS = Object.keys(COLUMN_OF) as EqualKey[];

type Params = Readonly<Record<string, string | number>>;
type PageStatement = Statement<Params, { seq: number; line: string }>;

const boundary = (name: 'since' | 'until', text: string): number => {
  const at = parseTimestamp(text);
  if (at === null) throw new MeshError('bad_request', `${name}: not an RFC 3339 time`, { field: name });
  return at;
};

const prepare = (db: Database, given: ReadonlySet<string>): PageStatement =>
  statement<Params>()(db, (k, sql) => {
    let query = k.selectFrom('events').select(['seq', 'line']).where('seq', '>', param<number>('after'));
    // Without statistics SQLite takes all indexes for equally good, and would look for the errors of one run among all
    // errors. The first key leads; the plus hides the columns of the others from the choice (sqlite.org/optoverview.html).
    for (const [at, key] of EQUAL_KEYS.filter((name) => given.has(name)).entries()) {
      const column = COLUMN_OF[key];
      query = query.where(at === 0 ? column : sql<string>`+${sql.ref(column)}`, '=', param<string>(key));
    }
    if (given.has('since')) query = query.where('at', '>=', param<number>('since'));
    if (given.has('until')) query = query.where('at', '<', param<number>('until'));
    if (given.has('end')) query = query.where('seq', '<=', param<number>('end'));
    return query.orderBy('seq').limit(param<number>('limit'));
  });

/**
 * Makes the reader of one database. It takes the filter, the seq to start after, how many rows at most, and the head
 * of the log. `nextSeq` is where the next page starts: the last row given, or the head when nothing more fits. A page
 * with since or until looks through `lookAhead` seqs only, so that it may be short, or empty, with more to come.
 * A statement is prepared once for each set of filters.
 */
export const pageReader = (
  db: Database,
  lookAhead: number = LIMITS.eventsLookAhead,
): ((filter: EventFilter, afterSeq: number, limit: number, head: number) => EventPage) => {
  const prepared = new Map<string, PageStatement>();
  return (filter, afterSeq, limit, head) => {
    const params: Record<string, string | number> = { after: afterSeq, limit: limit + 1 };
    for (const key of EQUAL_KEYS) {
      const value = filter[key];
      if (value !== undefined) params[key] = value;
    }
    if (filter.since !== undefined) params['since'] = boundary('since', filter.since);
    if (filter.until !== undefined) params['until'] = boundary('until', filter.until);
    const isByTime = filter.since !== undefined || filter.until !== undefined;
    const end = isByTime ? Math.min(head, afterSeq + lookAhead) : head;
    if (isByTime) params['end'] = end;
    const shape = Object.keys(params).join();
    const query = prepared.get(shape) ?? prepare(db, new Set(Object.keys(params)));
    prepared.set(shape, query);
    const rows = query.all(params);
    const isFull = rows.length > limit;
    const kept = isFull ? rows.slice(0, limit) : rows;
    const last = kept.at(-1)?.seq ?? afterSeq;
    return {
      lines: kept.map(({ line }) => line),
      nextSeq: isFull ? last : Math.max(last, end),
      more: isFull || end < head,
    };
  };
};
