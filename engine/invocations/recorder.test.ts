// What is written down of one invocation: deltas coalesced and whole, artifacts once, late events marked, a full disk waited for.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { EventV1 } from '#machines/nouns/event';
import { createApprovals } from '../approvals/approvals.ts';
import { createApprovalRows } from '../approvals/rows.ts';
import { createAudit } from '../audit/append.ts';
import { createEventLog, type EventLog } from '../events/append.ts';
import { nodePorts } from '../ports-node.ts';
import { openStore, type Store } from '../store/open.ts';
import { createArtifacts } from './artifacts.ts';
import { createRecorder, type Recorder } from './recorder.ts';
import { createInvocationRows } from './rows.ts';

let folder = '';
let store: Store;
let log: EventLog;
let recorder: Recorder;
let makeRecorder: (recorded?: readonly string[]) => Recorder;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'recorder-'));
  mkdirSync(join(folder, 'artifacts'));
  const ports = nodePorts(pino({ level: 'silent' }), {});
  store = await openStore(join(folder, 'a.db'), { synchronous: 'NORMAL' }, ports);
  log = createEventLog(store, ports);
  const rows = createInvocationRows(store);
  const artifacts = createArtifacts(join(folder, 'artifacts'), ports.disk);
  await store.writer.submit((tx) => {
    rows.insert(tx, {
      runId: 'r1',
      teamRunId: null,
      step: null,
      execution: null,
      attempt: null,
      key: 'r1',
      agent: 'calc',
      agentKind: null,
      from: 'me',
      prompt: 'p',
      data: {},
      onUnknown: 'fail',
      outputSchema: null,
      mayHaveRunTwice: false,
      startedAt: null,
      deadline: 0,
    });
  });
  const row = rows.get('r1');
  assert.ok(row);
  const approvals = createApprovals({
    writer: store.writer,
    log,
    rows: createApprovalRows(store),
    invocationRows: rows,
    audit: createAudit(store),
    ports,
  });
  makeRecorder = (recorded) =>
    createRecorder(row, { writer: store.writer, log, rows, artifacts, approvals, ports }, recorded);
  recorder = makeRecorder();
});
afterEach(async () => {
  await store.writer.submit((tx) => {
    recorder.flush(tx);
  });
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const events = (): EventV1[] =>
  log.page({ run_id: 'r1' }, 0, 1_000).lines.map((line) => JSON.parse(line) as EventV1);
const delta = (text: string) =>
  recorder.event({ kind: 'message', payload: { role: 'agent', text }, delta: true });

describe('a recorder', () => {
  it('stores few pieces for many deltas, and every character of them in order', async () => {
    const words = Array.from({ length: 500 }, (_, n) => `w${n} `);
    for (const word of words) await delta(word);
    await store.writer.submit((tx) => {
      recorder.flush(tx);
    });
    const pieces = events();
    assert.ok(pieces.length < 10, `${pieces.length} events`);
    assert.equal(pieces.map(({ payload }) => payload['text']).join(''), words.join(''));
    assert.ok(pieces.every(({ metadata }) => metadata['delta'] === true && metadata['from'] === 'me'));
  });

  it('keeps the order of deltas among other events', async () => {
    await delta('one ');
    await recorder.event({ kind: 'tool', payload: { name: 'sh', phase: 'start' } });
    await delta('two');
    await recorder.event({ kind: 'reasoning', payload: { text: 'hm' }, delta: true });
    await recorder.event({ kind: 'tool', payload: { name: 'sh', phase: 'end' } });
    assert.deepEqual(
      events().map(({ kind }) => kind),
      ['message', 'tool', 'message', 'reasoning', 'tool'],
    );
  });

  it('writes a piece by itself when nothing follows it', async () => {
    await delta('alone');
    for (let waited = 0; events().length === 0 && waited < 5_000; waited += 10) await sleep(10);
    assert.equal(events()[0]?.payload['text'], 'alone');
  });

  it('marks what comes after the end as late', async () => {
    await store.writer.submit((tx) => {
      recorder.end(tx);
    });
    await recorder.event({ kind: 'message', payload: { role: 'agent', text: 'too late' } });
    assert.equal(events()[0]?.metadata['late'], true);
  });

  it('marks nothing as late when the end was rolled back', async () => {
    await delta('in time');
    await assert.rejects(
      store.writer.submit((tx) => {
        recorder.flush(tx);
        recorder.end(tx);
        throw new Error('no');
      }),
    );
    await store.writer.submit((tx) => {
      recorder.flush(tx);
      recorder.end(tx);
    });
    assert.deepEqual(
      events().map(({ payload, metadata }) => [payload['text'], metadata['late']]),
      [['in time', undefined]],
    );
  });

  it('keeps the order, the end included, when the disk is full for a while', async () => {
    const text = 'x'.repeat(60_000);
    store.db.pragma(`max_page_count = ${store.db.pragma('page_count', { simple: true }) as number}`);
    await delta(text);
    await sleep(400);
    store.db.pragma('max_page_count = 100000');
    const tool = recorder.event({ kind: 'tool', payload: { name: 'sh', phase: 'start' } });
    await recorder.idle();
    assert.deepEqual(
      events().map(({ kind }) => kind),
      ['message', 'tool'],
    );
    await tool;
  });

  it('waits while the disk is full, then stores each event once', async () => {
    const pages = store.db.pragma('page_count', { simple: true }) as number;
    store.db.pragma(`max_page_count = ${pages}`);
    const stored = recorder.event({ kind: 'artifact', payload: { name: 'big', text: 'x'.repeat(60_000) } });
    await sleep(250);
    assert.equal(events().length, 0);
    store.db.pragma('max_page_count = 100000');
    await stored;
    assert.equal(events().length, 1);
    assert.equal(recorder.artifactIds.length, 1);
  });

  it('stores a large artifact beside the log, under its hash', async () => {
    const text = 'y'.repeat(100_000);
    await recorder.event({ kind: 'artifact', payload: { name: 'big', text } });
    const [event] = events();
    assert.match(String(event?.payload['ref']), /^sha256:[0-9a-f]{64}$/);
    assert.equal(event?.payload['text'], undefined);
    assert.equal(
      createArtifacts(join(folder, 'artifacts'), nodePorts(pino({ level: 'silent' }), {}).disk)
        .read(String(event?.payload['ref']))
        .toString(),
      text,
    );
  });

  it('stores an event that is longer than a line may be beside the log, and says what it was', async () => {
    const output = 'z'.repeat(5_000_000);
    await recorder.event({
      kind: 'tool',
      payload: { name: 'cat', phase: 'end', call_id: 'c1', output: { output } },
    });
    const [event] = events();
    assert.equal(event?.kind, 'tool');
    assert.equal(event.payload['call_id'], 'c1');
    const whole = createArtifacts(
      join(folder, 'artifacts'),
      nodePorts(pino({ level: 'silent' }), {}).disk,
    ).read(String(event.payload['ref']));
    assert.equal((JSON.parse(whole.toString()) as { output: { output: string } }).output.output, output);
  });

  it('does not record again what an earlier life recorded, and records what is new', async () => {
    const again = makeRecorder(['e1', 'e2']);
    for (const name of ['one', 'two', 'three'])
      await again.event({ kind: 'artifact', payload: { name, text: name }, metadata: { replayed: true } });
    assert.deepEqual(
      events().map(({ payload }) => payload['name']),
      ['three'],
    );
    assert.equal(again.artifactIds.length, 3);
  });

  it('finds out what is new of a run that is told again from its beginning, by this life or by another', async () => {
    const text = (words: string) => ({ role: 'agent' as const, text: words });
    const told = (words: string) => ({ kind: 'message' as const, payload: text(words) });
    const tool = (phase: 'start' | 'end') => ({ kind: 'tool' as const, payload: { name: 'ls', phase } });
    const big = {
      kind: 'tool' as const,
      payload: { name: 'cat', phase: 'end' as const, output: 'z'.repeat(5_000_000) },
    };
    await recorder.event(told('hello'));
    await recorder.event(tool('start'));
    await recorder.event(big);
    // Still buffered when the next one begins to tell.
    await recorder.event({ ...told('a piece'), delta: true });
    recorder.again();
    const metadata = { replayed: true };
    const taken = new Map<unknown, number>();
    for (const again of [recorder, makeRecorder()]) {
      for (const event of [
        told('hello'),
        tool('start'),
        big,
        { ...told('a piece and more'), delta: true },
        tool('end'),
      ]) {
        const retold = { ...event, metadata };
        await again.event(retold, (tx) => {
          tx.after(() => taken.set(retold, (taken.get(retold) ?? 0) + 1));
        });
      }
      await again.idle();
    }
    const said = events().filter(({ kind }) => kind === 'message');
    assert.deepEqual(
      said.filter((event) => event.metadata['delta'] !== true).map(({ payload }) => payload),
      [text('hello')],
    );
    assert.equal(
      said.flatMap((event) => (event.metadata['delta'] === true ? [event.payload['text']] : [])).join(''),
      'a piece and more',
    );
    assert.deepEqual(
      events().flatMap(({ kind, payload }) =>
        kind === 'tool' ? [`${String(payload['name'])} ${String(payload['phase'])}`] : [],
      ),
      ['ls start', 'cat end', 'ls end'],
    );
    assert.deepEqual(
      [...taken.values()],
      [1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      'what is no news is acknowledged all the same',
    );
  });
});
