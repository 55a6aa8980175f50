// After a crash: work whose effect had happened is completed with its result, all other work is failed and retryable.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Task } from '@a2a-js/sdk';
import { TaskState } from '@a2a-js/sdk';
import { sha256 } from '../fixer/replace-file.ts';
import { fixer } from '../fixer/work.ts';
import { openLedger } from './ledger.ts';
import { statusNow } from './messages.ts';
import { recoverTasks } from './tasks.ts';

const dir = mkdtempSync(join(tmpdir(), 'agentmesh-recover-'));
after(() => {
  rmSync(dir, { recursive: true });
});

const atWork = (id: string): Task => ({
  id,
  contextId: 'context',
  status: statusNow(TaskState.TASK_STATE_SUBMITTED),
  artifacts: [],
  history: [],
  metadata: undefined,
});

describe('recoverTasks', () => {
  it('tells by the file whether the change had been made', async () => {
    const path = join(dir, 'code.js');
    writeFileSync(path, 'after');
    const result = { text: 'Repaired', data: { fixed: true } };
    const before = openLedger(dir, 'fixer');
    before.save(atWork('made'), 'key-made');
    before.checkpoint('key-made', { path, hash: sha256('after'), result });
    before.save(atWork('not-made'), 'key-not-made');
    before.checkpoint('key-not-made', { path, hash: sha256('something else'), result });
    before.save(atWork('early'), 'key-early');
    before.close();

    const ledger = openLedger(dir, 'fixer');
    await recoverTasks(fixer, ledger);
    const made = ledger.byMessage('key-made');
    assert.equal(made?.status?.state, TaskState.TASK_STATE_COMPLETED);
    assert.deepEqual(made.artifacts.at(-1)?.parts[1]?.content, { $case: 'data', value: { fixed: true } });
    for (const key of ['key-not-made', 'key-early']) {
      const lost = ledger.byMessage(key);
      assert.equal(lost?.status?.state, TaskState.TASK_STATE_FAILED);
      assert.match(JSON.stringify(lost.status.message?.metadata), /"retryable":true/);
    }
    ledger.close();
  });

  it('counts each effect per key, over restarts', () => {
    const first = openLedger(dir, 'counting');
    first.effect('a', 'work');
    first.effect('b', 'work');
    first.close();
    const second = openLedger(dir, 'counting');
    second.effect('a', 'work');
    assert.deepEqual(second.effects(), [
      { key: 'a', effect: 'work', times: 2 },
      { key: 'b', effect: 'work', times: 1 },
    ]);
    second.close();
  });
});
