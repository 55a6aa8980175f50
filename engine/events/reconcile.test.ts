// Whatever was written, cut, added or broken: after a start, file and table agree, and a second start has nothing to do.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type { EventDraft } from '#machines/nouns/event';
import { nodeDisk } from '../ports-node.ts';
import { anyDraft, anyText, testPorts } from './arbitraries.ts';
import { MeshFolder, type RunningLog, tableOf } from './mesh-folder.testkit.ts';
import { reconcile } from './reconcile.ts';
import { RejectedLog } from './rejected.ts';
import { readWatermark } from './watermark.ts';

let folder: MeshFolder;
beforeEach(() => {
  folder = new MeshFolder();
});
afterEach(() => folder.remove());

const NOTHING = { appended_to_file: 0, indexed_from_file: 0, torn_tail_bytes: 0 };
const draft = (n: number): EventDraft => ({
  run_id: `r${n}`,
  kind: 'message',
  payload: { role: 'agent', text: `nr ${n} \u2028 中` },
});
const fill = async (running: RunningLog, count: number): Promise<void> => {
  await Promise.all(Array.from({ length: count }, (_, n) => running.append(draft(n))));
};

describe('reconcile', () => {
  it('brings back the same file from every place at which it may have been cut', async () => {
    const running = await folder.start();
    await fill(running, 4);
    await running.mirror.close();
    const whole = readFileSync(folder.events);
    const kept = readWatermark(running.store);
    assert.equal(kept?.offset, whole.length);
    for (let cut = 0; cut <= whole.length; cut++) {
      truncateSync(folder.events, cut);
      const file = nodeDisk.openAppend(folder.events);
      const rejected = new RejectedLog(nodeDisk, folder.rejected);
      const { healed } = await reconcile({ store: running.store, ports: testPorts(), file, rejected }, kept);
      file.close();
      rejected.close();
      assert.ok(readFileSync(folder.events).equals(whole), `cut at ${cut}`);
      const before = whole.subarray(0, cut);
      assert.equal(healed.torn_tail_bytes, cut - (before.lastIndexOf(10) + 1));
      assert.equal(healed.appended_to_file, 4 - before.filter((byte) => byte === 10).length);
    }
    assert.equal(existsSync(folder.rejected), false);
  });

  it('indexes the lines of a log that was there before: legacy, EventV1 and mixed', async () => {
    const legacy = readFileSync(new URL('./fixtures/legacy-events.jsonl', import.meta.url));
    const v1 =
      '{"schema_version":"1","ts":"2026-02-19T09:12:07Z","run_id":"r-9","kind":"text","payload":{"text":"hi"}}';
    writeFileSync(
      folder.events,
      Buffer.concat([Buffer.from('\ufeff'), legacy, Buffer.from(`${v1}\r\n\n${v1}`)]),
    );
    const before = readFileSync(folder.events);
    const running = await folder.start();
    assert.deepEqual(running.mirror.healed(), { ...NOTHING, indexed_from_file: 6 });
    const report = await running.verify();
    assert.deepEqual(
      { ...report, healed: null },
      {
        ok: true,
        table_events: 6,
        file_lines: 6,
        lost: [],
        unindexed: [],
        rejected: [],
        healed: null,
      },
    );
    await running.append(draft(1));
    assert.ok(
      readFileSync(folder.events).subarray(0, before.length).equals(before),
      'foreign lines stay as they are',
    );
    assert.equal(folder.lines().length, 8);
    assert.equal((await running.verify()).ok, true);
  });

  it('keeps broken lines aside once, with offset and reason, and goes on', async () => {
    const broken = [
      '{"torn',
      '[]',
      '{}',
      'null',
      '{"run_id":"r","event_type":"status"}',
      '\u0000\u0000',
      '{"a":NaN}',
    ];
    const bytes = Buffer.concat([
      ...broken.map((line) => Buffer.from(`${line}\n`)),
      Buffer.from([0xff, 0xfe, 0x0a]),
      Buffer.from(`{"long":"${'x'.repeat(5 * 1024 * 1024)}"}\n`),
      Buffer.from('{"ts":1771492325,"run_id":42,"event_type":"status","message":"fine"}\n'),
    ]);
    writeFileSync(folder.events, bytes);
    for (let start = 0; start < 3; start++) {
      const running = await folder.start();
      const report = await running.verify();
      assert.equal(report.ok, true);
      assert.equal(report.table_events, 1);
      assert.equal(report.rejected.length, broken.length + 2);
      // As if the file had been replaced: everything is compared again.
      if (start === 1) running.store.meta.set('mirror', '{}');
      await running.stop();
    }
    const entries = readFileSync(folder.rejected, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { offset: number; reason: string; line: string; encoding?: string });
    assert.equal(entries.length, broken.length + 2);
    for (const { offset, line, encoding } of entries) {
      const expected = Buffer.from(line, encoding === 'base64' ? 'base64' : 'utf8');
      assert.ok(bytes.subarray(offset, offset + expected.length).equals(expected));
    }
  });

  it('takes equal lines without ids as so many events, and the same id as one', async () => {
    const legacy = '{"ts":1,"run_id":"r","event_type":"status","message":"tick"}\n';
    const named =
      '{"schema_version":"1","ts":"2026-01-01T00:00:00Z","run_id":"r","kind":"status","payload":{},"id":"x"}\n';
    writeFileSync(folder.events, legacy.repeat(40) + named + named + legacy.repeat(30));
    let running = await folder.start();
    assert.equal(running.log.head(), 71);
    await running.stop();
    appendFileSync(folder.events, legacy.repeat(5) + named);
    running = await folder.start();
    assert.equal(running.log.head(), 76);
    assert.deepEqual(running.mirror.healed(), { ...NOTHING, indexed_from_file: 5 });
    const ids = new Set(tableOf(running.store).map((row) => (row as { id: string }).id));
    assert.equal(ids.size, 76);
    assert.equal((await running.verify()).ok, true);
  });

  it('finds lines that were taken out or altered, and puts the rows back', async () => {
    let running = await folder.start();
    await fill(running, 20);
    const lines = folder.lines();
    const altered = lines
      .map((line, n) => (n === 7 ? line.replace('nr 7', 'nr 9') : line))
      .filter((_, n) => n !== 3);
    writeFileSync(folder.events, altered.map((line) => `${line}\n`).join('') + `${lines[5] ?? ''}\n`);
    const report = await running.verify();
    assert.equal(report.ok, false);
    assert.deepEqual(report.lost, [4, 8]);
    assert.equal(report.rejected.length, 2, 'the altered line, and the one that stands twice');
    await running.stop();
    running = await folder.start();
    assert.deepEqual(running.mirror.healed(), { ...NOTHING, appended_to_file: 2 });
    assert.deepEqual((await running.verify()).lost, []);
  });

  it('makes the same table again from the file alone', async () => {
    const legacy = (n: number): string =>
      `{"ts":${n},"run_id":"old","event_type":"other","message":"${n % 3}"}\n`;
    appendFileSync(folder.events, legacy(0) + legacy(0));
    let running = await folder.start();
    await fill(running, 3);
    await running.stop();
    // Written by somebody else while the daemon was running: between lines of ours, and indexed only later.
    const [first = '', second = '', ...rest] = folder.lines();
    assert.ok(rest.length === 3);
    running = await folder.start();
    appendFileSync(folder.events, legacy(1));
    await running.stop();
    running = await folder.start();
    await fill(running, 3);
    await running.stop();
    appendFileSync(folder.events, legacy(1));
    running = await folder.start();
    const table = tableOf(running.store);
    await running.stop();
    assert.equal(first, second);
    const again = await folder.start({}, join(folder.path, 'again.db'));
    assert.deepEqual(tableOf(again.store), table);
    assert.equal((await again.verify()).ok, true);
  });

  it('agrees after any mix of ours, theirs, old, broken, cut and killed recoveries (property)', async () => {
    const foreign = fc.record({
      schema_version: fc.constantFrom('1', 1),
      ts: fc.constantFrom('2026-02-19T09:12:06+08:00', 5, '2026-02-19T09:12:06.5Z'),
      run_id: anyText,
      kind: fc.constantFrom('status', 'text', 'tool', 'nonsense'),
      payload: fc.constantFrom({}, { text: 'a' }, 'text'),
      id: fc.constantFrom('same', undefined, 7),
    });
    const old = fc.record({
      ts: fc.constantFrom(1771492325, '2026-02-19T09:12:06Z', 'x'),
      run_id: fc.oneof(anyText, fc.integer()),
      event_type: fc.oneof(fc.constantFrom('status', 'whatever'), anyText),
      message: fc.oneof(anyText, fc.constant({ a: 1 }), fc.constant(null)),
    });
    const piece = fc.oneof(
      { weight: 4, arbitrary: anyDraft.map((draft) => ({ own: draft })) },
      fc.record({
        raw: fc.oneof(foreign, old).map((r) => Buffer.from(JSON.stringify(r))),
        end: fc.constantFrom('\n', '\r\n', '\n\n', ''),
      }),
      fc.record({
        raw: fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
        end: fc.constantFrom('\n', ''),
      }),
      fc.record({ cut: fc.nat(400) }),
      fc.constant({ restart: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 14 }), fc.nat(3), async (pieces, killAt) => {
        const own = new MeshFolder();
        try {
          let running: RunningLog | null = null;
          const appended: string[] = [];
          const stop = async (): Promise<void> => {
            await running?.stop();
            running = null;
          };
          for (const part of pieces) {
            if ('own' in part) {
              running ??= await own.start();
              appended.push((await running.append(part.own)).id);
            } else {
              await stop();
              if ('raw' in part) appendFileSync(own.events, Buffer.concat([part.raw, Buffer.from(part.end)]));
              if ('cut' in part && existsSync(own.events))
                truncateSync(own.events, Math.max(0, readFileSync(own.events).length - part.cut));
            }
          }
          await stop();
          // A recovery that ends somewhere in the middle, as if it had been killed there.
          let left = killAt;
          const crash = {
            reach: (point: string) => {
              if (point === 'recover.during' && left-- === 0) throw new Error('killed');
            },
          };
          await (await own.start({ crash })).stop();
          running = await own.start();
          const report = await running.verify();
          assert.deepEqual([report.lost, report.unindexed], [[], []], JSON.stringify(report));
          for (const id of appended) assert.ok(running.log.get(id), 'nothing acknowledged is lost');
          const [table, bytes] = [tableOf(running.store), readFileSync(own.events)];
          await running.stop();
          const rejected = existsSync(own.rejected) ? readFileSync(own.rejected, 'utf8') : '';
          const third = await own.start();
          assert.deepEqual(third.mirror.healed(), NOTHING);
          assert.deepEqual(tableOf(third.store), table);
          await third.stop();
          assert.ok(readFileSync(own.events).equals(bytes));
          assert.equal(existsSync(own.rejected) ? readFileSync(own.rejected, 'utf8') : '', rejected);
          const seen = rejected.split('\n').slice(0, -1);
          assert.equal(new Set(seen).size, seen.length, 'no rejected line twice');
        } finally {
          await own.remove();
        }
      }),
      { numRuns: 40 },
    );
  });
});
