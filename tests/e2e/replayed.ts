// Every team run of a data folder, replayed from events.jsonl alone, must be what the database has. The daemon is down.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { FILES } from '#machines/nouns/data-folder';
import type { EventV1 } from '#machines/nouns/event';
import { replay } from '#tests/reliability/replay';

/** The events of events.jsonl, in its order. */
export const eventsOfFile = (dataDir: string): EventV1[] =>
  readFileSync(join(dataDir, FILES.events), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as EventV1);

/** Answers how many runs were compared. */
export const assertReplayed = (dataDir: string): number => {
  const byRun = Map.groupBy(eventsOfFile(dataDir), ({ team_run_id }) => team_run_id);
  const db = new SqliteDatabase(join(dataDir, FILES.database), { readonly: true });
  try {
    const runs = db.prepare('SELECT id, snapshot FROM team_runs').all() as {
      readonly id: string;
      readonly snapshot: string;
    }[];
    for (const { id, snapshot } of runs)
      assert.equal(replay(byRun.get(id) ?? []), snapshot, `team run ${id}`);
    return runs.length;
  } finally {
    db.close();
  }
};
