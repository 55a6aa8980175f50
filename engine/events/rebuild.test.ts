// rebuild: the log alone makes an equal database; one that would differ is not put in use.
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { createAudit } from '../audit/append.ts';
import { socketCaller } from '../identity/caller.ts';
import { anyDraft, testPorts } from './arbitraries.ts';
import { MeshFolder, tableOf } from './mesh-folder.testkit.ts';
import { rebuild, type RebuildOptions } from './rebuild.ts';

let folder: MeshFolder;
let options: RebuildOptions;
beforeEach(() => {
  folder = new MeshFolder();
  options = { dataDir: folder.path, synchronous: 'NORMAL', ports: testPorts() };
});
afterEach(() => folder.remove());

describe('rebuild', () => {
  it('makes an equal database and hands every event to the replay, once and in order', async () => {
    appendFileSync(folder.events, '{"ts":1,"run_id":"old","event_type":"status","message":"x"}\n');
    const running = await folder.start();
    await Promise.all(fc.sample(anyDraft, 1200).map((draft) => running.append(draft)));
    await running.store.writer.submit((tx) => {
      createAudit(running.store).append(tx, socketCaller('uid:1'), 'event.append', 'write', null, {});
    });
    const [table, logId] = [tableOf(running.store), running.log.logId];
    await running.stop();
    const seen: number[] = [];
    let finished = 0;
    const report = await rebuild({
      ...options,
      replay: (store) => ({
        event: ({ seq, line, event }) => {
          assert.equal(JSON.stringify(event), line);
          seen.push(seq);
        },
        finish: () => {
          finished += 1;
          store.meta.set('replayed', 'yes');
        },
      }),
    });
    assert.deepEqual(report, {
      swapped: true,
      events: 1201,
      old_events: 1201,
      differences: [],
      kept_as: `${folder.database}.before-rebuild`,
    });
    assert.deepEqual(
      seen,
      Array.from({ length: 1201 }, (_, n) => n + 1),
    );
    assert.equal(finished, 1);
    const again = await folder.start();
    assert.deepEqual(tableOf(again.store), table);
    assert.equal(again.log.logId, logId);
    assert.equal(again.store.meta.get('replayed'), 'yes');
    assert.equal(again.store.db.prepare('SELECT count(*) FROM audit').pluck().get(), 1);
    assert.equal((await again.verify()).ok, true);
    await again.append({ run_id: 'r', kind: 'status', payload: { state: 'working' } });
    assert.equal(again.log.head(), 1202);
  });

  it('does without an old database, and keeps one that is damaged aside', async () => {
    const running = await folder.start();
    await Promise.all(fc.sample(anyDraft, 30).map((draft) => running.append(draft)));
    const table = tableOf(running.store);
    await running.stop();
    writeFileSync(folder.database, 'this is no database'.repeat(1000));
    const report = await rebuild(options);
    assert.equal(report.old_events, null);
    assert.equal(report.swapped, true);
    assert.match(readFileSync(report.kept_as ?? '', 'utf8'), /^this is no database/);
    const again = await folder.start();
    assert.deepEqual(tableOf(again.store), table);
  });

  it('leaves the old database in use when the new one would differ', async () => {
    const running = await folder.start();
    await Promise.all(fc.sample(anyDraft, 10).map((draft) => running.append(draft)));
    // A row whose columns are not what its line says: the file cannot know it.
    running.store.db.exec("UPDATE events SET agent = 'somebody' WHERE seq = 4");
    await running.stop();
    const report = await rebuild(options);
    assert.deepEqual([report.swapped, report.differences], [false, [4]]);
    assert.equal(existsSync(`${folder.database}.rebuild`), false);
    const again = await folder.start();
    assert.equal(again.log.head(), 10);
  });

  it('leaves everything as it was when the replay throws', async () => {
    const running = await folder.start();
    await running.append({ run_id: 'r', kind: 'status', payload: { state: 'working' } });
    await running.stop();
    const replay = () => ({
      event: () => {
        throw new Error('bad replay');
      },
      finish: () => undefined,
    });
    await assert.rejects(rebuild({ ...options, replay }), /bad replay/);
    assert.equal(existsSync(`${folder.database}.rebuild`), false);
    assert.equal((await folder.start()).log.head(), 1);
  });
});
