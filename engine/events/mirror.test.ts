// The mirror: equal to the table at every moment, a laggard when the disk fails, whole again after kill -9 anywhere.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type EventDraft, eventLine } from '#machines/nouns/event';
import { nodeDisk } from '../ports-node.ts';
import type { AppendFile, CrashPoint, Disk } from '../ports.ts';
import { anyDraft } from './arbitraries.ts';
import { MeshFolder, type RunningLog } from './mesh-folder.testkit.ts';

let folder: MeshFolder;
beforeEach(() => {
  folder = new MeshFolder();
});
afterEach(() => folder.remove());

const draft: EventDraft = { run_id: 'r', kind: 'status', payload: { state: 'working' } };
const healthy = async ({ mirror }: RunningLog): Promise<void> => {
  for (let waited = 0; !mirror.state().ok; waited += 20) {
    assert.ok(waited < 20_000, `still lagging: ${JSON.stringify(mirror.state())}`);
    await sleep(20);
  }
};

/** A disk whose files refuse to grow while `full`, after taking a part of what was given, as a real one does. */
const failingDisk = (): Disk & { full: boolean } => {
  const disk = {
    ...nodeDisk,
    full: false,
    openAppend: (path: string): AppendFile => {
      const file = nodeDisk.openAppend(path);
      return {
        ...file,
        append: (bytes) => {
          if (!disk.full) {
            file.append(bytes);
            return;
          }
          file.append(bytes.subarray(0, bytes.length >>> 1));
          throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
        },
      };
    },
  };
  return disk;
};

const crashInChild = (point: CrashPoint | null, nth: number, count: number): string[] => {
  const { stdout, signal, stderr } = spawnSync(
    process.execPath,
    [new URL('./mirror-crash.child.ts', import.meta.url).pathname, folder.path, String(count)],
    {
      encoding: 'utf8',
      env: { ...process.env, AGENTMESH_CRASH_AT: point === null ? '' : `${point}:${nth}` },
    },
  );
  assert.equal(signal, 'SIGKILL', stderr);
  return stdout.split('\n').slice(0, -1);
};

describe('mirror', () => {
  it('holds 1,000 generated events line by line as they were answered, and the table agrees', async () => {
    const running = await folder.start();
    const answered = await Promise.all(fc.sample(anyDraft, 1000).map((one) => running.append(one)));
    const lines = answered.map(eventLine);
    assert.deepEqual(folder.lines(), lines);
    assert.deepEqual(running.log.page({}, 0, 1000).lines, lines);
    const report = await running.verify();
    assert.equal(report.ok, true);
    assert.deepEqual([report.table_events, report.file_lines], [1000, 1000]);
    assert.deepEqual(running.mirror.state(), { ok: true, lag: 0, problem: null });
  });

  it('has the line in the file before a subscriber or the writer hears of the event', async () => {
    const running = await folder.start();
    const seen: number[] = [];
    running.log.subscribe((rows) => {
      for (const row of rows) seen.push(folder.lines().indexOf(row.line));
    });
    const event = await running.append(draft);
    assert.equal(folder.lines().at(-1), eventLine(event));
    assert.deepEqual(seen, [0]);
  });

  it('lags while the disk is full, says so, stops nobody, and catches up', async () => {
    const disk = failingDisk();
    const running = await folder.start({ disk });
    await running.append(draft);
    disk.full = true;
    for (let n = 0; n < 5; n++) await running.append(draft);
    const state = running.mirror.state();
    assert.equal(state.ok, false);
    assert.match(state.problem ?? '', /ENOSPC/);
    assert.equal(state.lag, 5);
    assert.deepEqual((await running.verify()).lost, [2, 3, 4, 5, 6]);
    disk.full = false;
    await healthy(running);
    assert.equal(folder.lines().length, 6);
    const report = await running.verify();
    assert.deepEqual([report.ok, report.rejected], [true, []]);
  });

  it('catches up when the file was removed, replaced, shortened or written to by somebody else', async () => {
    const running = await folder.start();
    for (let n = 0; n < 5; n++) await running.append(draft);
    const harm: (() => void)[] = [
      () => {
        rmSync(folder.events);
      },
      () => {
        writeFileSync(`${folder.events}.new`, folder.lines().slice(2).join('\n'));
        renameSync(`${folder.events}.new`, folder.events);
      },
      () => {
        writeFileSync(folder.events, '');
      },
      () => {
        appendFileSync(folder.events, '{"ts":1,"run_id":"other","event_type":"status","message":"hi"}');
      },
    ];
    for (const doHarm of harm) {
      // The name of the file is looked at once a second.
      await sleep(1_050);
      doHarm();
      await running.append(draft);
      await healthy(running);
      const report = await running.verify();
      assert.deepEqual([report.lost, report.unindexed], [[], []]);
    }
    assert.equal(running.log.page({ run_id: 'other' }, 0, 10).lines.length, 1, 'indexed while running');
  });

  it('names what is missing in a file that was changed behind its back, and does not mend it by looking', async () => {
    const running = await folder.start();
    for (let n = 0; n < 5; n++) await running.append(draft);
    const lines = folder.lines();
    writeFileSync(folder.events, lines.filter((_, n) => n !== 2).join('\n') + '\n');
    for (let time = 0; time < 2; time++) {
      const report = await running.verify();
      assert.deepEqual([report.ok, report.lost, report.file_lines], [false, [3], 4]);
    }
  });

  it('is whole after kill -9 at each point between COMMIT and the end of the write', async () => {
    const acknowledged: string[] = [];
    for (const [point, nth] of [
      ['commit.after', 7],
      ['mirror.during', 3],
      ['mirror.during', 5],
      ['recover.during', 1],
      ['commit.before', 4],
      ['mirror.during', 1],
      [null, 0],
    ] as const)
      acknowledged.push(...crashInChild(point, nth, 8));
    assert.notEqual(readFileSync(folder.events).length, 0);
    const running = await folder.start();
    for (const id of acknowledged) assert.ok(running.log.get(id));
    const report = await running.verify();
    assert.deepEqual([report.ok, report.rejected, report.table_events], [true, [], report.file_lines]);
  });

  it('leaves a torn line when killed inside the write, which the next start makes whole', async () => {
    const answered = crashInChild('mirror.during', 4, 8);
    assert.equal(answered.length, 3);
    const torn = readFileSync(folder.events, 'utf8');
    assert.ok(!torn.endsWith('\n'));
    const running = await folder.start();
    const healed = running.mirror.healed();
    assert.ok(healed.torn_tail_bytes > 0);
    assert.equal(healed.appended_to_file, 1, 'committed, though nobody was told');
    assert.equal(running.log.head(), 4);
  });

  it('compares only what lies beyond the watermark after a clean stop', async () => {
    const running = await folder.start();
    for (let n = 0; n < 50; n++) await running.append(draft);
    await running.stop();
    let bytesRead = 0;
    const disk: Disk = {
      ...nodeDisk,
      openAppend: (path) => {
        const file = nodeDisk.openAppend(path);
        return {
          ...file,
          read: (offset, length) => {
            bytesRead += length;
            return file.read(offset, length);
          },
        };
      },
    };
    await folder.start({ disk });
    const size = readFileSync(folder.events).length;
    assert.ok(size > 10_000 && bytesRead <= 2 * 4096, `${bytesRead} of ${size} bytes were read`);
  });
});
