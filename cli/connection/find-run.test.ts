// A part of an id names a run when only one run has it: its beginning, or its end, which is what differs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeDaemon } from '../testing/fake-daemon.ts';
import { connect } from './connect.ts';
import { completeId } from './find-run.ts';

const [ONE, TWO] = ['01a203f7-6959-7688-a2ce-1ba1690e4d51', '01a203f7-587c-75a5-8a01-4a6ec841f712'];

void test('two runs of one minute begin alike; either is found by its end, both are named when it is not clear', async (t) => {
  const daemon = await fakeDaemon({
    'team-runs.list': () => ({ body: [{ team_run_id: ONE }] }),
    'invocations.list': () => ({ body: [{ run_id: TWO, task_id: null }] }),
  });
  t.after(() => daemon.close());
  const client = connect({ daemonUrl: daemon.url }, {});
  assert.equal(await completeId(client, '0e4d51'), ONE);
  assert.equal(await completeId(client, '4a6ec841f712'), TWO);
  assert.equal(await completeId(client, '01a203f7-5'), TWO);
  await assert.rejects(completeId(client, '01a203f7'), (error: Error) => {
    assert.match(error.message, /2 runs have an id like 01a203f7/);
    assert.ok('remedy' in error && typeof error.remedy === 'string');
    assert.ok(error.remedy.includes(ONE) && error.remedy.includes(TWO));
    return true;
  });
  await assert.rejects(completeId(client, 'f712'), /No run or task is known as f712/);
});
