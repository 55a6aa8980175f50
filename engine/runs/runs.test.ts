// Team runs over a real database with scripted agents: durability, retries, pause, cancel, time limits, replay.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FILES } from '#machines/nouns/data-folder';
import type { EventV1 } from '#machines/nouns/event';
import { compile } from '#machines/team-run/compile';
import { host, type HostedEvent, initial, next, persist } from '#machines/team-run/host';
import { parse } from 'yaml';
import { TeamTemplateSchema } from '#machines/nouns/team';
import { TestMesh } from '../core.testmesh.ts';

let mesh: TestMesh;
beforeEach(async () => {
  mesh = await TestMesh.open();
});
afterEach(async () => {
  await mesh.dispose();
});

const team = (steps: string): string => `apiVersion: agentmesh/v1
kind: Team
name: sample
inputs:
  word: { type: string, default: hello }
roles:
  worker: { agent: worker }
steps:
${steps}`;

const FOUR = team(
  ['a', 'b', 'c', 'd'].map((id) => `  - { id: ${id}, role: worker, prompt: "do ${id}" }`).join('\n'),
);

/** Replays a run from its own events, as a stranger with the log alone would. */
const replay = (events: readonly EventV1[]): string => {
  const own = events.filter((event) => event.run_id === event.team_run_id && event.kind === 'status');
  const created = own[0]?.payload as { data: { at: number; template: { text: string } } };
  const hosted = host(compile(TeamTemplateSchema.parse(parse(created.data.template.text))));
  let snapshot = initial(hosted, { teamRunId: own[0]?.run_id ?? '', at: created.data.at });
  for (const { payload } of own.slice(1))
    snapshot = next(hosted, snapshot, payload['data'] as HostedEvent).snapshot;
  return persist(hosted, snapshot);
};

describe('a team run', () => {
  it('goes through its steps in order, each invoked once with its own key, and completes', async () => {
    const run = await mesh.start(FOUR);
    const done = await mesh.ended(run);
    assert.equal(done.status, 'completed');
    assert.deepEqual(
      mesh.calls.map(({ key }) => key),
      ['a', 'b', 'c', 'd'].map((step) => `${run}/${step}/1`),
    );
    assert.deepEqual(
      done.steps.map(({ state, attempts }) => [state, attempts.length]),
      Array.from({ length: 4 }, () => ['completed', 1]),
    );
    assert.equal(mesh.jobsLeft(), 0);
  });

  it('is the same when replayed from its events alone', async () => {
    mesh.script('worker', (call) => (call.key.includes('/b/1') ? { fail: 'agent_failed' } : { text: 'ok' }));
    const run = await mesh.start(
      FOUR.replace('prompt: "do b" }', 'prompt: "do b", retry: { max: 1, initial: 1ms } }'),
    );
    assert.equal((await mesh.ended(run)).status, 'completed');
    assert.equal(replay(mesh.events(run)), mesh.snapshot(run));
  });

  it('hands outputs on: prompts are filled from inputs and earlier outputs', async () => {
    mesh.script('worker', ({ key }) =>
      key.includes('/a/') ? { data: { cause: { line: 7 } } } : { text: 'ok' },
    );
    const run = await mesh.start(
      team(`  - { id: a, role: worker, prompt: "say {{ inputs.word }}" }
  - { id: b, role: worker, prompt: "line {{ steps.a.output.cause.line }} of {{ steps.a.output.cause }}" }`),
      { word: 'a {{ steps.a.output }} b' },
    );
    await mesh.ended(run);
    assert.deepEqual(
      mesh.calls.map(({ prompt }) => prompt),
      ['say a {{ steps.a.output }} b', 'line 7 of {"line":7}'],
    );
    assert.deepEqual(mesh.calls[1]?.data['outputs'], { a: { cause: { line: 7 } } });
  });

  it('fails with the step, the attempt, the cause and the next thing to do', async () => {
    mesh.script('worker', ({ key }) =>
      key.includes('/b/') ? { fail: 'agent_failed', message: 'no compiler' } : { text: 'ok' },
    );
    const run = await mesh.start(
      FOUR.replace('prompt: "do b" }', 'prompt: "do b", retry: { max: 1, initial: 1ms } }'),
    );
    const failed = await mesh.ended(run);
    assert.equal(failed.status, 'failed');
    assert.equal(failed.failure?.step, 'b');
    assert.equal(failed.failure.attempt, 2);
    assert.equal(failed.failure.error.message, 'no compiler');
    assert.match(failed.failure.next, /agentmesh trace/);
    const cause = mesh.events(run).find(({ id }) => id === failed.failure?.event_id);
    assert.equal(cause?.kind, 'error');
    assert.equal(cause.run_id, failed.failure.run_id);
  });

  it('fails when a prompt refers to what an output does not have', async () => {
    const run = await mesh.start(
      team(`  - { id: a, role: worker, prompt: x }
  - { id: b, role: worker, prompt: "{{ steps.a.output.nothing }}" }`),
    );
    const failed = await mesh.ended(run);
    assert.equal(failed.failure?.error.code, 'invalid_input');
    assert.match(failed.failure.error.message, /steps\.a\.output\.nothing/);
  });

  it('retries an output that does not fit its schema, and keeps the one that does', async () => {
    let count = 0;
    mesh.script('worker', () => ({ text: count++ === 0 ? 'no json' : 'Here: ```json\n{"cause":"x"}\n```' }));
    const run = await mesh.start(
      team(`  - id: a
    role: worker
    prompt: x
    retry: { max: 1, initial: 1ms }
    output: { type: object, required: [cause], properties: { cause: { type: string } } }`),
    );
    const done = await mesh.ended(run);
    assert.equal(done.status, 'completed');
    assert.equal(done.steps[0]?.attempts[0]?.error?.code, 'output_invalid');
    assert.deepEqual(done.steps[0].output, { cause: 'x' });
  });

  it('stops an attempt whose time is over before the next one begins', async () => {
    mesh.script('worker', ({ key }) => (key.endsWith('/1') ? { hang: true } : { text: 'ok' }));
    const run = await mesh.start(
      team('  - { id: a, role: worker, prompt: x, timeout: 50ms, retry: { max: 1, initial: 1ms } }'),
    );
    const done = await mesh.ended(run);
    assert.equal(done.status, 'completed');
    assert.deepEqual(mesh.order, ['begin a/1', 'stopped a/1', 'begin a/2', 'end a/2']);
    assert.equal(done.steps[0]?.attempts[0]?.error?.code, 'timeout');
  });
});

describe('pause, resume and cancel', () => {
  it('keep the result that came while paused; nothing runs twice', async () => {
    const gate = mesh.gate('worker', 'a');
    const run = await mesh.start(FOUR);
    await gate.reached;
    await mesh.core.runs.api.pause(mesh.caller, run, { now: false });
    gate.open();
    await mesh.until(() => mesh.run(run).steps[0]?.attempts[0]?.state === 'completed');
    assert.equal(mesh.run(run).status, 'paused');
    await mesh.core.runs.api.resume(mesh.caller, run);
    assert.equal((await mesh.ended(run)).status, 'completed');
    assert.equal(mesh.calls.length, 4);
  });

  it('now: the agent is stopped, and the step runs again on resume', async () => {
    mesh.script('worker', ({ key }) => (key.endsWith('/a/1') ? { hang: true } : { text: 'ok' }));
    const run = await mesh.start(FOUR);
    await mesh.until(() => mesh.calls.length === 1);
    await mesh.core.runs.api.pause(mesh.caller, run, { now: true });
    await mesh.until(() => mesh.order.includes('stopped a/1'));
    await mesh.until(() => mesh.run(run).steps[0]?.state === 'pending');
    assert.equal(mesh.run(run).status, 'paused');
    await mesh.core.runs.api.resume(mesh.caller, run);
    assert.equal((await mesh.ended(run)).status, 'completed');
    assert.equal(mesh.calls[1]?.key, `${run}/a/2`);
  });

  it('cancel waits for the agent’s own end, then says that it was confirmed', async () => {
    mesh.script('worker', () => ({ hang: true }));
    const run = await mesh.start(FOUR);
    await mesh.until(() => mesh.calls.length === 1);
    await mesh.core.runs.api.cancel(mesh.caller, run, 'enough');
    const ended = await mesh.ended(run);
    assert.equal(ended.status, 'cancelled');
    assert.equal(ended.cancel_confirmed, true);
    await assert.rejects(mesh.core.runs.api.cancel(mesh.caller, run), { code: 'not_enabled' });
  });

  it('refuse what the state does not allow, and name what it does; the refusal leaves no trace', async () => {
    const gate = mesh.gate('worker', 'a');
    const run = await mesh.start(FOUR);
    await gate.reached;
    const before = mesh.events(run).length;
    await assert.rejects(
      mesh.core.runs.api.resume(mesh.caller, run),
      (error: { extra: { enabled: string[] } }) => {
        assert.deepEqual(error.extra.enabled, ['pause', 'cancel']);
        return true;
      },
    );
    assert.equal(mesh.events(run).length, before);
    gate.open();
    await mesh.ended(run);
    assert.equal(
      mesh.audit.list({ limit: 10 }).filter(({ operation }) => operation === 'team_run.resume').length,
      0,
    );
  });
});

describe('starting', () => {
  it('with the same Idempotency-Key twice is one run; with other inputs a conflict', async () => {
    const first = await mesh.start(FOUR, {}, 'k1');
    assert.equal(await mesh.start(FOUR, {}, 'k1'), first);
    await assert.rejects(mesh.start(FOUR, { word: 'other' }, 'k1'), { code: 'idempotency_conflict' });
    await mesh.ended(first);
    assert.equal(mesh.calls.length, 4);
  });

  it('with the same key is the same run even when the file behind the name has changed or gone', async () => {
    const folder = join(mesh.folder, FILES.templates);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'sample.yaml'), FOUR);
    const ask = { template: { name: 'sample' }, inputs: {}, idempotencyKey: 'k2' };
    const { team_run_id: first } = await mesh.core.runs.api.start(mesh.caller, ask);
    writeFileSync(join(folder, 'sample.yaml'), FOUR.replace('do a', 'do something else'));
    assert.equal((await mesh.core.runs.api.start(mesh.caller, ask)).team_run_id, first);
    rmSync(folder, { recursive: true });
    assert.equal((await mesh.core.runs.api.start(mesh.caller, ask)).team_run_id, first);
    await mesh.ended(first);
  });

  it('a template with errors leaves nothing behind', async () => {
    await assert.rejects(mesh.start('kind: Team'), { code: 'invalid_template' });
    await assert.rejects(mesh.start(FOUR, { nothing: 1 }), { code: 'invalid_input' });
    assert.equal(mesh.core.runs.api.list({ limit: 10 }).length, 0);
    assert.equal(mesh.head(), 0);
  });
});

describe('after a restart', () => {
  it('a run in the middle goes on, and what its agent did meanwhile is taken over, not done again', async () => {
    const gate = mesh.gate('worker', 'b');
    const run = await mesh.start(FOUR);
    await gate.reached;
    await mesh.crash();
    gate.open();
    await mesh.reopen();
    assert.equal((await mesh.ended(run)).status, 'completed');
    assert.deepEqual(mesh.effects(`${run}/b/1`), 1);
    assert.equal(replay(mesh.events(run)), mesh.snapshot(run));
  });

  it('a step that became due while the daemon drained was not begun: its agent is asked once, whatever it forgets', async () => {
    mesh.forgetful('worker');
    const gate = mesh.gate('worker', 'a');
    const run = await mesh.start(FOUR.replace('prompt: "do b" }', 'prompt: "do b", on_unknown: fail }'));
    await gate.reached;
    const drained = mesh.core.drain(5_000);
    gate.open();
    await drained;
    assert.equal(mesh.run(run).steps[0]?.state, 'completed');
    await mesh.crash();
    await mesh.reopen();
    assert.equal((await mesh.ended(run)).status, 'completed');
    assert.equal(mesh.run(run).steps[1]?.attempts[0]?.may_have_run_twice, false);
  });

  it('a backoff that passed while nobody was there fires at once', async () => {
    mesh.script('worker', ({ key }) => (key.endsWith('/a/1') ? { fail: 'agent_failed' } : { text: 'ok' }));
    const run = await mesh.start(
      team('  - { id: a, role: worker, prompt: x, retry: { max: 1, initial: 300ms, jitter: false } }'),
    );
    await mesh.until(() => mesh.run(run).status === 'retrying');
    await mesh.crash();
    await new Promise((resolve) => setTimeout(resolve, 350));
    await mesh.reopen();
    assert.equal((await mesh.ended(run)).status, 'completed');
  });

  it('an agent that cannot say how it ended runs again, and the trace says that it may have run twice', async () => {
    mesh.forgetful('worker');
    const gate = mesh.gate('worker', 'a');
    const run = await mesh.start(FOUR);
    await gate.reached;
    await mesh.crash();
    gate.open();
    await mesh.reopen();
    const done = await mesh.ended(run);
    assert.equal(done.status, 'completed');
    assert.equal(done.steps[0]?.attempts[0]?.error?.code, 'outcome_unknown');
    assert.equal(done.steps[0].attempts[1]?.may_have_run_twice, true);
  });

  it('a run whose machine no longer fits is blocked, keeps its state, and goes on when the machine fits again', async () => {
    const gate = mesh.gate('worker', 'b');
    const run = await mesh.start(FOUR);
    await gate.reached;
    await mesh.crash();
    const hash = mesh.tamper('machine_hash', 'another', run);
    gate.open();
    await mesh.reopen();
    assert.equal(mesh.run(run).status, 'blocked');
    assert.equal(mesh.run(run).failure?.error.code, 'machine_mismatch');
    await assert.rejects(mesh.core.runs.api.pause(mesh.caller, run, { now: false }), {
      code: 'machine_mismatch',
    });
    await mesh.until(() => mesh.run(run).steps[1]?.attempts[0]?.state === 'completed');
    await mesh.crash();
    mesh.tamper('machine_hash', hash, run);
    await mesh.reopen();
    assert.equal((await mesh.ended(run)).status, 'completed');
    assert.equal(mesh.effects(`${run}/b/1`), 1);
    const unblocked = mesh.commits.find((events) => events.includes('unblocked'));
    assert.ok(
      unblocked?.includes('step_complete'),
      'a crash after it was unblocked would lose the outcome that came meanwhile',
    );
  });

  it('an ended run whose template this version cannot read is still shown, and so are all others', async () => {
    mesh.script('worker', () => ({ fail: 'agent_failed', message: 'no compiler' }));
    const run = await mesh.start(FOUR);
    await mesh.ended(run);
    await mesh.crash();
    mesh.tamper('parsed', '{"kind":"Squad"}');
    await mesh.reopen();
    assert.deepEqual(
      mesh.core.runs.api
        .list({ limit: 10 })
        .map(({ team_run_id, team, status }) => [team_run_id, team, status]),
      [[run, 'sample', 'failed']],
    );
    assert.equal(mesh.run(run).failure?.error.message, 'no compiler');
  });

  it('timers of blocked runs, however many, keep no other timer from firing', async () => {
    mesh.script('worker', ({ key }) => (key.endsWith('/1') ? { fail: 'agent_failed' } : { text: 'ok' }));
    const retries = team(
      '  - { id: a, role: worker, prompt: x, retry: { max: 1, initial: 1h, max_delay: 1h } }',
    );
    const runs = await Promise.all(Array.from({ length: 300 }, () => mesh.start(retries)));
    await mesh.until(() => runs.every((run) => mesh.run(run).status === 'retrying'));
    await mesh.crash();
    mesh.tamper('machine_hash', 'another');
    mesh.tamper('timer', 1);
    await mesh.reopen();
    const run = await mesh.start(retries.replace('initial: 1h', 'initial: 50ms'));
    assert.equal((await mesh.ended(run)).status, 'completed');
  });

  it('a blocked run can be cancelled', async () => {
    const gate = mesh.gate('worker', 'a');
    const run = await mesh.start(FOUR);
    await gate.reached;
    await mesh.crash();
    mesh.tamper('machine_hash', 'another', run);
    await mesh.reopen();
    assert.equal((await mesh.core.runs.api.cancel(mesh.caller, run)).status, 'cancelled');
    gate.open();
  });
});
