// A thousand generated events: what POST answered is what the table, GET, events.jsonl and the stream have, byte for byte.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import SqliteDatabase from 'better-sqlite3';
import fc from 'fast-check';
import { anyDraft } from '#engine/events/arbitraries';
import { FILES } from '#machines/nouns/data-folder';
import type { EventV1 } from '#machines/nouns/event';
import { MeshUnderFire } from '#tests/reliability/mesh-under-fire';

const EVENTS = 1_000;
const SEED = 20_261_122;
/** Requests under way at once: their commits share transactions. */
const AT_ONCE = 16;

test('1,000 generated events: POST = table = GET = events.jsonl = SSE', async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const drafts = fc
    .sample(anyDraft, { numRuns: 2 * EVENTS, seed: SEED })
    // A key that would reach into prototypes is refused at the door; tests/security shows that.
    .filter((draft) => !JSON.stringify(draft).includes('"__proto__":'))
    .slice(0, EVENTS);
  assert.equal(drafts.length, EVENTS);

  await using mesh = await MeshUnderFire.open({ agents: [], delayMs: 0 });
  mesh.start();
  await mesh.ready();
  const { head_seq: before } = await mesh.client.call('healthz');

  const closing = new AbortController();
  const streamed = new Map<number, string>();
  const reading = (async () => {
    for await (const event of mesh.client.stream({ afterSeq: before, signal: closing.signal })) {
      assert.equal(streamed.has(event.seq), false, 'shown twice');
      streamed.set(event.seq, JSON.stringify(event));
      if (streamed.size >= EVENTS) closing.abort();
    }
  })();

  const posted = new Map<number, string>();
  const queue = drafts.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const body of queue) {
        const event = await mesh.client.call('events.append', { body });
        for (const key of ['run_id', 'kind', 'task_id', 'step', 'team_run_id', 'payload'] as const)
          assert.deepEqual(event[key], JSON.parse(JSON.stringify(body[key] ?? null)), key);
        posted.set(event.seq, JSON.stringify(event));
      }
    }),
  );
  await reading;

  const got = new Map<number, string>();
  for await (const event of mesh.client.events({ afterSeq: before }))
    got.set(event.seq, JSON.stringify(event));
  const byKind: EventV1[] = [];
  for await (const event of mesh.client.events({ scope: { kind: 'tool' }, afterSeq: before }))
    byKind.push(event);
  assert.equal((await mesh.client.call('verify')).ok, true);
  await mesh.stop();

  const lines = readFileSync(join(mesh.dataDir, FILES.events), 'utf8').split('\n').slice(before, -1);
  const db = new SqliteDatabase(join(mesh.dataDir, FILES.database), { readonly: true });
  const table = db.prepare('SELECT seq, line FROM events WHERE seq > ? ORDER BY seq').all(before) as {
    readonly seq: number;
    readonly line: string;
  }[];
  db.close();
  const wanted = [...posted].toSorted(([a], [b]) => a - b);
  assert.deepEqual(
    wanted.map(([seq]) => seq),
    Array.from({ length: EVENTS }, (_, n) => before + 1 + n),
    'seqs are gapless',
  );
  assert.deepEqual([...got], wanted, 'GET');
  assert.deepEqual([...streamed], wanted, 'SSE');
  assert.deepEqual(
    table.map(({ seq, line }) => [seq, line]),
    wanted,
    'table',
  );
  assert.deepEqual(
    lines,
    wanted.map(([, json]) => json),
    'events.jsonl',
  );
  assert.equal(
    byKind.length,
    drafts.filter(({ kind }) => kind === 'tool').length,
    'a filter finds all of its kind',
  );
});
