// The event stream over real sockets: no gap, no double, whatever happens while a client connects, reads or does not.
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '#machines/nouns/limits';
import { type Doors, openDoors } from '../doors.testsuite.ts';
import { readSse, type SseReader } from './sse-reader.testsuite.ts';

let doors: Doors;
const readers: SseReader[] = [];
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await doors.close();
});

const open = async (query = '', headers: Record<string, string> = {}): Promise<SseReader> => {
  const reader = await readSse(doors.port, query, headers);
  readers.push(reader);
  return reader;
};
const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
const some = (count: number, runId = 'run-1'): { run_id: string }[] =>
  Array.from({ length: count }, () => ({ run_id: runId }));
const has =
  (count: number) =>
  (reader: SseReader): boolean =>
    reader.seqs().length >= count;

describe('positions', () => {
  it('greets with the log, then gives what is above the cursor, then what is committed', async () => {
    doors = await openDoors();
    doors.engine.commit(some(1_203));
    const reader = await open('?after_seq=3');
    await reader.until(has(1_200));
    doors.engine.commit(some(2));
    await reader.until(has(1_202));
    assert.deepEqual(reader.seqs(), range(4, 1_205));
    assert.deepEqual(reader.frames[0], {
      event: 'hello',
      data: JSON.stringify({ log_id: doors.engine.events.logId, head: 1_203 }),
    });
    assert.deepEqual(
      reader.frames.slice(1).map(({ id, data }) => [id, data]),
      doors.engine.rows.slice(3).map(({ seq, line }) => [String(seq), line]),
    );
    assert.equal(reader.response.headers['x-log-id'], doors.engine.events.logId);
    assert.match(reader.response.headers['content-type'] ?? '', /^text\/event-stream/);
  });

  it('begins at the end of the log without a cursor, and Last-Event-ID counts more than after_seq', async () => {
    doors = await openDoors();
    doors.engine.commit(some(5));
    const tail = await open();
    const back = await open('?after_seq=0', { 'last-event-id': '4' });
    await back.until(has(1));
    await tail.until(({ frames }) => frames.length > 0);
    doors.engine.commit(some(1));
    await Promise.all([tail.until(has(1)), back.until(has(2))]);
    assert.deepEqual(tail.seqs(), [6]);
    assert.deepEqual(back.seqs(), [5, 6]);
  });

  it('answers a cursor of another log, or one beyond the end, with reset and the whole log', async () => {
    doors = await openDoors();
    doors.engine.commit(some(2));
    for (const query of ['?after_seq=1&log_id=another', '?after_seq=3', '?log_id=another']) {
      const reader = await open(query);
      await reader.until(has(2));
      assert.deepEqual(reader.frames[0], {
        id: '0',
        event: 'reset',
        data: JSON.stringify({ log_id: doors.engine.events.logId, head: 2 }),
      });
      assert.deepEqual(reader.seqs(), [1, 2]);
    }
    const same = await open(`?after_seq=2&log_id=${doors.engine.events.logId}`);
    await same.until(({ frames }) => frames.length > 0);
    assert.equal(same.frames[0]?.event, 'hello');
  });

  it('refuses a Last-Event-ID that is no seq', async () => {
    doors = await openDoors();
    for (const id of ['x', '-1', '1e3', '9'.repeat(16)]) {
      const reader = await open('', { 'last-event-id': id });
      assert.equal(reader.response.statusCode, 400);
    }
  });
});

describe('filters', () => {
  it('leave out rows, not cursors: the id follows the log', async () => {
    doors = await openDoors({ keepAliveMs: 10 });
    doors.engine.commit([...some(2, 'mine'), ...some(3, 'other')]);
    const reader = await open('?run_id=mine&after_seq=0');
    await reader.until(({ frames }) => frames.at(-1)?.id === '5');
    doors.engine.commit([...some(1, 'mine'), ...some(4, 'other')]);
    await reader.until(({ frames }) => frames.at(-1)?.id === '10');
    assert.deepEqual(reader.seqs(), [1, 2, 6]);
    await reader.until(({ comments }) => comments() > 1);
    const again = await open('?run_id=mine&after_seq=0', { 'last-event-id': '10' });
    doors.engine.commit(some(1, 'mine'));
    await again.until(has(1));
    assert.deepEqual(again.seqs(), [11]);
  });

  it('give live what the table gives, for each of them', async () => {
    doors = await openDoors();
    const queries = [
      'run_id=a', 'task_id=t', 'team_run_id=x', 'kind=status', 'agent=calc', 'status=working',
      'since=2026-01-02T04:04:05.678%2B01:00', 'until=2026-01-02T03:04:05.678Z', 'kind=status&agent=calc',
    ]; // prettier-ignore
    const live = await Promise.all(queries.map((query) => open(`?${query}`)));
    await Promise.all(live.map((reader) => reader.until(({ frames }) => frames.length > 0)));
    const early = { ts: '2026-01-02T03:04:05.677Z' };
    const working = { kind: 'status' as const, payload: { state: 'working' } };
    doors.engine.commit([
      { run_id: 'a' },
      { run_id: 'b', task_id: 't', ...early },
      { run_id: 'b', team_run_id: 'x', metadata: { agent: 'calc' } },
      { run_id: 'b', ...working, metadata: { agent: 'calc' } },
      { run_id: 'b', ...working, ...early },
      { run_id: 'b', payload: { role: 'agent', text: '', state: 'working' } },
    ]);
    for (const [index, query] of queries.entries()) {
      const { text } = await doors.ask({ path: `/api/events?${query}` });
      const expected = (JSON.parse(text) as { seq: number }[]).map(({ seq }) => seq);
      const reader = live[index] ?? assert.fail();
      await reader.until(has(expected.length));
      assert.deepEqual(reader.seqs(), expected, query);
    }
  });
});

describe('a slow reader', () => {
  it('holds a bounded buffer, gets everything later, and holds up nobody', async () => {
    doors = await openDoors();
    const slow = await open();
    await slow.until(({ frames }) => frames.length > 0);
    slow.response.pause();
    const quick = await open();
    await quick.until(({ frames }) => frames.length > 0);
    const text = 'x'.repeat(50_000);
    let most = 0;
    for (let i = 0; i < 400; i += 1) {
      doors.engine.commit([{ payload: { role: 'agent', text } }]);
      await turn();
      for (const response of doors.responses) most = Math.max(most, response.writableLength);
    }
    await quick.until(has(400));
    assert.deepEqual(quick.seqs(), range(1, 400));
    assert.ok(slow.seqs().length < 400, 'the slow reader was never slow');
    assert.ok(most > 60_000, 'nothing piled up');
    assert.ok(most <= LIMITS.sseBufferBytes + 60_000, `a stream held ${String(most)} bytes`);
    slow.response.resume();
    await slow.until(has(400));
    doors.engine.commit(some(1));
    await slow.until(has(401));
    assert.deepEqual(slow.seqs(), range(1, 401));
  });

  it('holds a bounded buffer while it reads the table too', async () => {
    doors = await openDoors();
    const text = 'x'.repeat(50_000);
    doors.engine.commit(Array.from({ length: 400 }, () => ({ payload: { role: 'agent', text } })));
    const slow = await open('?after_seq=0');
    slow.response.pause();
    for (let i = 0; i < 100; i += 1) {
      await turn();
      for (const response of doors.responses)
        assert.ok(response.writableLength <= LIMITS.sseBufferBytes + 60_000, String(response.writableLength));
    }
    slow.response.resume();
    await slow.until(has(400));
    assert.deepEqual(slow.seqs(), range(1, 400));
  });

  it('gets a commit larger than its buffer', async () => {
    doors = await openDoors();
    const reader = await open();
    await reader.until(({ frames }) => frames.length > 0);
    const text = 'x'.repeat(64_000);
    doors.engine.commit(Array.from({ length: 50 }, () => ({ payload: { role: 'agent', text } })));
    await reader.until(has(50));
    assert.deepEqual(reader.seqs(), range(1, 50));
  });
});

describe('many clients', () => {
  it('50 clients that come at different times see the same log, and the table is read once each', async () => {
    doors = await openDoors();
    doors.engine.commit(some(20));
    const clients: SseReader[] = [];
    for (let i = 0; i < 50; i += 1) {
      clients.push(await open('?after_seq=0'));
      doors.engine.commit(some(3));
    }
    await Promise.all(clients.map((reader) => reader.until(has(170))));
    for (const reader of clients) assert.deepEqual(reader.seqs(), range(1, 170));
    assert.ok(doors.engine.pagedRows() < 50 * 170, 'clients that keep up must not read the table');
  });

  it('are limited in number, and a place is free again when one leaves', async () => {
    doors = await openDoors({ streamLimit: 2 });
    const [first] = [await open(), await open()];
    const refused = await doors.ask({ path: '/api/stream' });
    assert.equal(refused.status, 503);
    assert.equal(refused.json()['code'], 'too_many_streams');
    assert.equal(refused.headers['retry-after'], '5');
    first.close();
    while (doors.streams.count > 1) await turn();
    assert.equal((await open()).response.statusCode, 200);
  });
});

describe('the end', () => {
  it('ends every stream when the daemon stops, and takes no new one', async () => {
    doors = await openDoors();
    doors.engine.commit(some(1));
    const reader = await open('?after_seq=0');
    await reader.until(has(1));
    doors.streams.close();
    await reader.ended;
    assert.ok(reader.response.complete, 'cut off instead of ended');
    assert.equal((await doors.ask({ path: '/api/stream' })).json()['code'], 'stopping');
  });

  it('ends a stream whose table cannot be read, and only that one', async () => {
    doors = await openDoors();
    const well = await open();
    await well.until(({ frames }) => frames.length > 0);
    doors.engine.breakTable();
    const broken = await open('?after_seq=0');
    await broken.ended;
    doors.engine.commit(some(1));
    await well.until(has(1));
  });
});

describe('any interleaving', () => {
  it('of commits, publications and connections: everybody sees exactly the rows of the table, in order', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('commit' as const),
          count: fc.integer({ min: 1, max: 600 }),
          later: fc.boolean(),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 3 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('connect' as const),
          back: fc.nat(300),
          mine: fc.boolean(),
          greeted: fc.boolean(),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        doors = await openDoors({ keepAliveMs: 5 });
        const { engine } = doors;
        const watched: { reader: Promise<SseReader>; from: number; mine: boolean }[] = [];
        /** Publications come in the order of their commits, like the engine’s. */
        const unpublished: (() => void)[] = [];
        const publish = (count = Number.POSITIVE_INFINITY): void => {
          for (const each of unpublished.splice(0, count)) each();
        };
        for (const each of steps) {
          if (each.do === 'commit') {
            const later = engine.commit(
              range(1, each.count).map((n) => ({ run_id: n % 3 === 0 ? 'mine' : 'other' })),
              'later',
            );
            unpublished.push(later);
            if (!each.later) publish();
          } else if (each.do === 'publish') publish(each.count);
          else if (each.do === 'connect') {
            const from = Math.max(0, engine.rows.length - each.back);
            const query = `?after_seq=${String(from)}${each.mine ? '&run_id=mine' : ''}`;
            const reader = open(query);
            watched.push({ reader, from, mine: each.mine });
            // Greeted: it has read the table while commits may still be unpublished.
            if (each.greeted) await (await reader).until(({ frames }) => frames.length > 0);
          } else await turn();
        }
        publish();
        engine.commit([{ run_id: 'mine' }]);
        const last = engine.rows.length;
        for (const { reader: opening, from, mine } of watched) {
          const reader = await opening;
          await reader.until(() => reader.seqs().at(-1) === last);
          const expected = engine.rows
            .filter(({ seq, event }) => seq > from && (!mine || event.run_id === 'mine'))
            .map(({ seq }) => seq);
          assert.deepEqual(reader.seqs(), expected);
        }
        for (const reader of readers.splice(0)) reader.close();
        await doors.close();
      }),
      { numRuns: 60 },
    );
    doors = await openDoors();
  });
});
