// One event as a row of the table: the columns that it is found by, and its line.
import type { Database } from 'better-sqlite3';
import { type EventDraft, type EventSource, type EventV1, eventLine } from '#machines/nouns/event';
import { param, statement } from '../store/statement.ts';
import { formatTimestamp } from './timestamp.ts';

/** The record of a draft. `at` is its time in milliseconds; metadata.source is always ours to say. */
export const toEvent = (
  draft: EventDraft,
  source: EventSource,
  at: number,
  id: string,
  seq: number,
): EventV1 => ({
  schema_version: '1',
  ts: formatTimestamp(at),
  run_id: draft.run_id,
  kind: draft.kind,
  task_id: draft.task_id ?? null,
  step: draft.step ?? null,
  payload: draft.payload,
  metadata: { ...draft.metadata, source },
  team_run_id: draft.team_run_id ?? null,
  id,
  seq,
});

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Writes rows; made once a database. Answers the line written. */
export const rowInserter = (
  db: Database,
): ((event: EventV1, at: number, isForeign: boolean, line?: string) => string) => {
  const insert = statement<{
    seq: number;
    id: string;
    at: number;
    run_id: string;
    kind: string;
    task_id: string | null;
    team_run_id: string | null;
    agent: string | null;
    state: string | null;
    is_foreign: number;
    line: string;
  }>()(db, (k) =>
    k.insertInto('events').values({
      seq: param('seq'),
      id: param('id'),
      at: param('at'),
      run_id: param('run_id'),
      kind: param('kind'),
      task_id: param('task_id'),
      team_run_id: param('team_run_id'),
      agent: param('agent'),
      state: param('state'),
      is_foreign: param('is_foreign'),
      line: param('line'),
    }),
  );
  return (event, at, isForeign, line = eventLine(event)) => {
    insert.run({
      seq: event.seq,
      id: event.id,
      at,
      run_id: event.run_id,
      kind: event.kind,
      task_id: event.task_id,
      team_run_id: event.team_run_id,
      agent: textOrNull(event.metadata['agent']),
      state: event.kind === 'status' ? textOrNull(event.payload['state']) : null,
      is_foreign: isForeign ? 1 : 0,
      line,
    });
    return line;
  };
};
