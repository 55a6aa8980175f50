// Records from outside: the strict door for what is posted, the lenient one for what stands in a log, and their errors.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MeshError } from '#machines/nouns/error';
import { type EventDraft, EVENT_KINDS, PAYLOAD_SCHEMAS } from '#machines/nouns/event';
import { acceptRecord, readRecord } from './accept.ts';
import { anyDraft } from './arbitraries.ts';
import { readLine } from './line.ts';
import { parseTimestamp } from './timestamp.ts';

interface Recorded {
  readonly case: string;
  readonly input: Record<string, unknown>;
  readonly earlier_reader_returned: Record<string, unknown>;
}
const recorded = JSON.parse(
  readFileSync(new URL('./fixtures/legacy-promotion.json', import.meta.url), 'utf8'),
) as Recorded[];

/** Recorded cases that the earlier reader got wrong: why the line is refused, or what it should have said. */
const CORRECTED: Record<string, RegExp | Record<string, unknown>> = {
  'event_type unknown literal': {
    kind: 'status',
    payload: { text: 'x', state: 'unknown' },
    metadata: { legacy_event_type: 'unknown' },
  },
  'kind null + event_type': { kind: 'status', payload: { text: 'old' } },
  neither: /^kind/,
  'v1 payload string': /^payload/,
};

const status = { run_id: 'r', kind: 'status', payload: { state: 'working' } };
const old = { ts: '2026-02-19T09:12:00Z', run_id: 'r', event_type: 'status', message: 'm' };
const refused = (
  read: (record: unknown) => unknown,
  record: unknown,
  field: string,
  code = 'invalid_event',
) => {
  assert.throws(
    () => read(record),
    (error) => {
      assert.ok(error instanceof MeshError);
      assert.equal(error.code, code, error.detail);
      if (code === 'invalid_event') assert.equal(error.extra['field'], field, error.detail);
      return true;
    },
  );
};

describe('a recorded legacy record', () => {
  for (const { case: name, input, earlier_reader_returned: earlier } of recorded)
    it(`is read as it was, where that was right: ${name}`, () => {
      // `t` is no time: such a line is refused, and everything else of it is read like this.
      if (input['ts'] === 't') refused(readRecord, input, name === 'v1 payload string' ? 'payload' : 'ts');
      const record = input['ts'] === 't' ? { ...input, ts: '2026-02-19T09:12:00Z' } : input;
      const correction = CORRECTED[name];
      if (correction instanceof RegExp) {
        assert.throws(() => readRecord(record), { code: 'invalid_event', message: correction });
        return;
      }
      const { schema_version: _, ts, ...expected } = { ...earlier, ...correction };
      const { ts: read, ...draft } = readRecord(record);
      assert.deepEqual(draft, expected);
      const time = input['ts'] === 't' ? '2026-02-19T09:12:00Z' : String(ts);
      assert.equal(parseTimestamp(read ?? ''), name === 'numeric ids' ? 1771492325000 : parseTimestamp(time));
    });
});

describe('legacy records', () => {
  it('are promoted or refused with a field, whatever stands in them (property)', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.jsonValue(),
      fc.constantFrom('', 'status', '2026-02-19T09:12:00Z', 1, null),
    );
    fc.assert(
      fc.property(
        fc.record(
          {
            ts: anything,
            run_id: anything,
            event_type: anything,
            kind: fc.constantFrom(null, undefined),
            task_id: anything,
            step: anything,
            message: anything,
            metadata: anything,
            team_run_id: anything,
            id: anything,
          },
          { requiredKeys: ['event_type'] },
        ),
        (record) => {
          let draft: EventDraft;
          try {
            draft = readRecord(record);
          } catch (error) {
            assert.ok(error instanceof MeshError && error.code === 'invalid_event');
            assert.equal(typeof error.extra['field'], 'string');
            return;
          }
          assert.ok(EVENT_KINDS.includes(draft.kind));
          assert.ok(draft.run_id !== '' && typeof draft.run_id === 'string');
          assert.match(draft.ts ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
          for (const id of [draft.task_id, draft.step, draft.team_run_id])
            assert.ok(id === null || typeof id === 'string');
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('read each field as the specification says', () => {
    const read = (over: object): EventDraft => readRecord({ ...old, ...over });
    for (const message of [null, 5, true, ['a'], undefined]) assert.deepEqual(read({ message }).payload, {});
    assert.deepEqual(read({ message: '' }).payload, { text: '' });
    for (const metadata of [null, 5, 'x', ['a'], undefined])
      assert.deepEqual(read({ metadata }).metadata, {});
    assert.equal(read({ event_type: 'text' }).kind, 'message');
    assert.deepEqual(read({ event_type: '' }).payload, { text: 'm', state: '' });
    assert.deepEqual(read({ event_type: 'odd', message: { state: 'a', b: 1 } }).payload, {
      state: 'odd',
      b: 1,
    });
    assert.equal(read({ task_id: 7, step: 0 }).step, '0');
    assert.equal(read({ schema_version: 0 }).kind, 'status');
    for (const run_id of [undefined, null, '', true, [], {}])
      refused(readRecord, { ...old, run_id }, 'run_id');
    for (const event_type of [null, [], {}]) refused(readRecord, { ...old, event_type }, 'event_type');
    for (const ts of [undefined, null, '', 't', '1771492325', true, [], 1771492325000])
      refused(readRecord, { ...old, ts }, 'ts');
  });

  it('speak as EventV1 when a kind stands beside the event_type', () => {
    const draft = readRecord({ ...old, kind: 'error', payload: { code: 'x', message: 'y' } });
    assert.deepEqual([draft.kind, draft.payload], ['error', { code: 'x', message: 'y' }]);
  });

  it('keep the digits of ids that are too large for a number', () => {
    const line = readLine(
      Buffer.from(
        '{"ts":1,"run_id":12345678901234567890,"task_id":1e400,"event_type":"status","metadata":{"run_id":1.5}}',
      ),
    );
    assert.ok(line.is === 'foreign');
    assert.deepEqual([line.draft.run_id, line.draft.task_id], ['12345678901234567890', '1e400']);
  });

  it('may be posted without a time', () => {
    const { ts: _, ...timeless } = old;
    assert.equal(acceptRecord(timeless).ts, undefined);
    assert.equal(acceptRecord(old).ts, '2026-02-19T09:12:00.000Z');
  });
});

describe('posted records', () => {
  it('never end in anything but a draft or an error with a code (property)', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
          fc.jsonValue(),
        ),
        (record) => {
          try {
            acceptRecord(record);
          } catch (error) {
            assert.ok(error instanceof MeshError, String(error));
          }
        },
      ),
      { numRuns: 3000 },
    );
    const circular: Record<string, unknown> = { a: 1 };
    circular['self'] = circular;
    refused(acceptRecord, circular, 'record');
  });

  it('keep their content exactly (property)', () => {
    fc.assert(
      fc.property(anyDraft, (draft) => {
        fc.pre(!JSON.stringify(draft).includes('"__proto__":'));
        assert.equal(
          JSON.stringify(acceptRecord({ schema_version: '1', ...draft, seq: 99 })),
          JSON.stringify({
            run_id: draft.run_id,
            kind: draft.kind,
            payload: draft.payload,
            task_id: draft.task_id,
            step: draft.step,
            team_run_id: draft.team_run_id,
            metadata: draft.metadata,
            ts: draft.ts,
          }),
        );
      }),
    );
  });

  it('are refused with the field that is wrong', () => {
    for (const record of [{}, [], null, 'text', 5, undefined]) refused(acceptRecord, record, 'record');
    refused(acceptRecord, { ...status, kind: 'nonsense' }, 'kind');
    refused(acceptRecord, { run_id: 'r', payload: {} }, 'kind');
    refused(acceptRecord, { ...status, run_id: 42 }, 'run_id');
    refused(acceptRecord, { ...status, run_id: '' }, 'run_id');
    refused(acceptRecord, { ...status, ts: 5 }, 'ts');
    refused(acceptRecord, { ...status, ts: 'today' }, 'ts');
    refused(acceptRecord, { ...status, metdata: {} }, 'metdata');
    refused(acceptRecord, { ...status, payload: 'text' }, 'payload');
    refused(acceptRecord, { ...status, payload: {} }, 'payload.state');
    refused(acceptRecord, { ...status, metadata: [] }, 'metadata');
    refused(acceptRecord, { ...status, id: '\ud800' }, 'id');
    refused(acceptRecord, { ...status, id: '' }, 'id');
    refused(
      acceptRecord,
      JSON.parse('{"run_id":"r","kind":"status","payload":{"state":"x","a":{"__proto__":{}}}}'),
      '__proto__',
    );
    for (const schema_version of ['2', 2, 1.5, true, {}])
      refused(acceptRecord, { ...status, schema_version }, '', 'unsupported_schema_version');
    refused(
      acceptRecord,
      { ...status, payload: { state: 'x', text: 'x'.repeat(300_000) } },
      '',
      'payload_too_large',
    );
    let deep: unknown = 1;
    for (let n = 0; n < 10_000; n++) deep = [deep];
    refused(acceptRecord, { ...status, metadata: { deep } }, 'record');
  });

  it('are checked by the payload of their kind', () => {
    for (const kind of EVENT_KINDS)
      assert.equal(
        PAYLOAD_SCHEMAS[kind].safeParse({}).success,
        kind === 'artifact',
        `${kind}: an empty payload says something only as an artifact`,
      );
    assert.deepEqual(acceptRecord({ ...status, kind: 'text', payload: { text: 'hi' } }).payload, {
      text: 'hi',
    });
    refused(acceptRecord, { ...status, kind: 'message', payload: { text: 'hi' } }, 'payload.role');
  });
});

describe('times', () => {
  const at = (text: string): string | null => {
    const ms = parseTimestamp(text);
    return ms === null ? null : new Date(ms).toISOString();
  };
  it('are read with any offset and any fraction', () => {
    assert.equal(at('2026-02-19t09:12:00z'), '2026-02-19T09:12:00.000Z');
    assert.equal(at('2026-02-19 09:12:00.123456789-05:30'), '2026-02-19T14:42:00.123Z');
    assert.equal(at('2026-02-19T09:12:06+0800'), '2026-02-19T01:12:06.000Z');
    assert.equal(at('1969-12-31T23:59:59.999Z'), '1969-12-31T23:59:59.999Z');
    assert.equal(at('0001-01-01T00:00:00Z'), '0001-01-01T00:00:00.000Z');
    assert.equal(at('2016-12-31T23:59:60.5Z'), '2017-01-01T00:00:00.500Z');
    assert.equal(at('2017-01-01T08:59:60+09:00'), '2017-01-01T00:00:00.000Z');
  });
  it('are never guessed', () => {
    for (const text of [
      '',
      '2026-02-19',
      '2026-02-19T09:12:00',
      '2026-02-30T00:00:00Z',
      '2025-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-02-19T24:00:00Z',
      '2026-02-19T09:60:00Z',
      '2026-02-19T09:12:60Z',
      '2026-02-19T09:12:00+24:00',
      '2026-02-19T09:12:00+08',
      '0000-01-01T00:00:00+01:00',
      '9999-12-31T23:59:59-00:01',
      '2026-02-19T09:12:00,5Z',
      ' 2026-02-19T09:12:00Z',
      '1771492325',
    ])
      assert.equal(at(text), null, text);
  });
  it('agree with Date where both can read (property)', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(-62167219200000), max: new Date(253402300799999), noInvalidDate: true }),
        (date) => {
          assert.equal(parseTimestamp(date.toISOString()), date.getTime());
        },
      ),
    );
  });
});
