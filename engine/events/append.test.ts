// The log against a model: what is appended is what pages, get and subscribers give; the same id twice is one event.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { type EventDraft, EventSchema, type EventV1, eventLine } from '#machines/nouns/event';
import type { EventRow } from '../engine.ts';
import { openStore, type Store } from '../store/open.ts';
import { createEventLog, type EventLog } from './append.ts';
import { anyDraft, testPorts } from './arbitraries.ts';
import { pageReader } from './page.ts';

let folder = '';
let store: Store;
let log: EventLog;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'events-'));
  const ports = testPorts();
  store = await openStore(join(folder, 'a.db'), { synchronous: 'NORMAL' }, ports);
  log = createEventLog(store, ports);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const append = (draft: EventDraft): Promise<EventV1> =>
  store.writer.submit((tx) => log.append(tx, draft, 'agent'));
const status = (over: Partial<EventDraft<'status'>> = {}): EventDraft<'status'> => ({
  run_id: 'r',
  kind: 'status',
  payload: { state: 'working' },
  ...over,
});
const all = (filter: Parameters<EventLog['page']>[0] = {}, size = 1000): EventV1[] => {
  const found: EventV1[] = [];
  for (let after = 0; ;) {
    const { lines, nextSeq, more } = log.page(filter, after, size);
    found.push(...lines.map((line) => JSON.parse(line) as EventV1));
    if (!more) return found;
    after = nextSeq;
  }
};

describe('event log', () => {
  it('gives 1,000 generated events back as they were answered: page, get, subscriber and line', async () => {
    const delivered: EventRow[] = [];
    log.subscribe((rows) => void delivered.push(...rows));
    const drafts = fc.sample(anyDraft, 1000);
    const answered = await Promise.all(drafts.map(append));
    assert.deepEqual(
      answered.map(({ seq }) => seq),
      Array.from({ length: 1000 }, (_, index) => index + 1),
    );
    const lines = answered.map(eventLine);
    for (const event of answered) EventSchema.parse(event);
    assert.deepEqual(all({}, 7).map(eventLine), lines);
    assert.deepEqual(
      delivered.map(({ line }) => line),
      lines,
    );
    assert.deepEqual(
      answered.map(({ id }) => eventLine(log.get(id) ?? assert.fail(id))),
      lines,
    );
    assert.equal(log.head(), 1000);
  });

  it('pages and filters as a list in memory would (property)', async () => {
    const events = await Promise.all(fc.sample(anyDraft, 300).map(append));
    const some = <T>(values: readonly T[]): fc.Arbitrary<T | undefined> =>
      fc.option(fc.constantFrom(...new Set(values)), { nil: undefined, freq: 3 });
    const present = <T>(values: readonly (T | null | undefined)[]): T[] =>
      values.filter((value) => value !== null && value !== undefined);
    fc.assert(
      fc.property(
        fc.record({
          run_id: some(events.map((e) => e.run_id)),
          task_id: some(present(events.map((e) => e.task_id))),
          team_run_id: some(present(events.map((e) => e.team_run_id))),
          kind: some(events.map((e) => e.kind)),
          agent: some(['calc', 'fixer']),
          status: some(['working', 'completed']),
          since: some(events.map((e) => e.ts)),
          until: some(events.map((e) => e.ts)),
        }),
        fc.nat(310),
        fc.integer({ min: 1, max: 40 }),
        (filter, after, limit) => {
          const given = Object.fromEntries(
            Object.entries(filter).filter(([, value]) => value !== undefined),
          ) as Parameters<EventLog['page']>[0];
          const expected = events.filter(
            (e) =>
              e.seq > after &&
              (filter.run_id === undefined || e.run_id === filter.run_id) &&
              (filter.task_id === undefined || e.task_id === filter.task_id) &&
              (filter.team_run_id === undefined || e.team_run_id === filter.team_run_id) &&
              (filter.kind === undefined || e.kind === filter.kind) &&
              (filter.agent === undefined || e.metadata['agent'] === filter.agent) &&
              (filter.status === undefined ||
                (e.kind === 'status' && e.payload['state'] === filter.status)) &&
              (filter.since === undefined || e.ts >= filter.since) &&
              (filter.until === undefined || e.ts < filter.until),
          );
          const page = log.page(given, after, limit);
          assert.deepEqual(page.lines, expected.slice(0, limit).map(eventLine));
          assert.equal(page.more, expected.length > limit);
          const rest = log.page(given, page.nextSeq, 1000);
          assert.deepEqual(rest.lines, expected.slice(limit).map(eventLine));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds by time in steps of a bounded look ahead what a list in memory would (property)', async () => {
    const events = await Promise.all(fc.sample(anyDraft, 200).map(append));
    const time = fc.option(fc.constantFrom(...new Set(events.map(({ ts }) => ts))), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record({
          since: time,
          until: time,
          agent: fc.constantFrom(undefined, undefined, 'calc'),
          kind: fc.constantFrom(undefined, undefined, 'status' as const),
        }),
        fc.nat(210),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 250 }),
        (filter, start, limit, lookAhead) => {
          const { since, until, agent, kind } = filter;
          const given = Object.fromEntries(
            Object.entries(filter).filter(([, value]) => value !== undefined),
          ) as Parameters<EventLog['page']>[0];
          const isByTime = since !== undefined || until !== undefined;
          const expected = events.filter(
            (e) =>
              e.seq > start &&
              (since === undefined || e.ts >= since) &&
              (until === undefined || e.ts < until) &&
              (agent === undefined || e.metadata['agent'] === agent) &&
              (kind === undefined || e.kind === kind),
          );
          const page = pageReader(store.db, lookAhead);
          const found: string[] = [];
          for (let after = start, more = true; more;) {
            const got = page(given, after, limit, log.head());
            assert.ok(got.lines.length <= limit);
            const last = got.lines.at(-1);
            if (last !== undefined && isByTime)
              assert.ok((JSON.parse(last) as EventV1).seq <= after + lookAhead, 'looks no further');
            if (got.more) assert.ok(got.nextSeq > after, 'comes closer to the end');
            else assert.equal(got.nextSeq, Math.max(start, log.head()));
            found.push(...got.lines);
            ({ nextSeq: after, more } = got);
          }
          assert.deepEqual(found, expected.map(eventLine));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes the same id with the same content as the same event, and refuses other content', async () => {
    const first = await append(status({ id: 'one', metadata: { agent: 'a', n: { x: 1, y: 2 } } }));
    const again = await store.writer.submit((tx) =>
      log.append(tx, status({ id: 'one', metadata: { n: { y: 2, x: 1 }, agent: 'a' } }), 'client'),
    );
    assert.deepEqual(again, first);
    const sameTime = first.ts.replace('Z', '+00:00');
    assert.deepEqual(
      await append(status({ id: 'one', ts: sameTime, metadata: { agent: 'a', n: { x: 1, y: 2 } } })),
      first,
    );
    for (const other of [
      status({ id: 'one' }),
      status({ id: 'one', ts: '2001-01-01T00:00:00Z', metadata: { agent: 'a', n: { x: 1, y: 2 } } }),
    ])
      await assert.rejects(append(other), { code: 'id_conflict' });
    assert.equal(log.head(), 1);
    assert.equal(all().length, 1);
  });

  it('writes its own source whatever the metadata claims', async () => {
    const event = await append(status({ metadata: { source: 'engine', agent: 'a' } }));
    assert.deepEqual(event.metadata, { source: 'agent', agent: 'a' });
  });

  it('writes UTC with milliseconds whatever offset it was given, and refuses what is no time', async () => {
    assert.equal(
      (await append(status({ ts: '2026-02-19T09:12:06.1239+08:00' }))).ts,
      '2026-02-19T01:12:06.123Z',
    );
    await assert.rejects(append(status({ ts: 'yesterday' })), { code: 'invalid_event' });
    assert.equal((await append(status())).seq, 2);
  });

  it('refuses an event longer than a line may be, and keeps seqs gapless', async () => {
    await assert.rejects(append(status({ payload: { state: 'x', text: '中'.repeat(1_500_000) } })), {
      code: 'payload_too_large',
    });
    assert.equal((await append(status())).seq, 1);
  });

  it('says what an id names', async () => {
    await append(status({ run_id: 'run', task_id: 'task', team_run_id: 'team' }));
    await append(status({ run_id: 'team', team_run_id: 'team' }));
    assert.equal(log.scopeOf('team'), 'team_run_id');
    assert.equal(log.scopeOf('run'), 'run_id');
    assert.equal(log.scopeOf('task'), 'task_id');
    assert.equal(log.scopeOf('nobody'), null);
  });

  it('delivers nothing of work that rolled back, and nothing after close', async () => {
    const seen: number[] = [];
    const subscription = log.subscribe((rows) => void seen.push(...rows.map(({ seq }) => seq)));
    await assert.rejects(
      store.writer.submit((tx) => {
        log.append(tx, status(), 'engine');
        throw new Error('no');
      }),
    );
    await append(status());
    subscription.close();
    await append(status());
    assert.deepEqual(seen, [1]);
  });

  it('goes on when a subscriber throws', async () => {
    let delivered = 0;
    log.subscribe(() => {
      throw new Error('bad subscriber');
    });
    log.subscribe((rows) => void (delivered += rows.length));
    await append(status());
    assert.equal(delivered, 1);
  });

  it('reads a team run whole, over any number of pages', async () => {
    const mine = Array.from({ length: 1203 }, (_, n) => status({ run_id: `r${n}`, team_run_id: 'team' }));
    await Promise.all(mine.flatMap((draft) => [append(draft), append(status({ team_run_id: 'other' }))]));
    const rows = [...log.readTeamRun('team')];
    assert.deepEqual(
      rows.map(({ event }) => event.run_id),
      mine.map((draft) => draft.run_id),
    );
  });
});
