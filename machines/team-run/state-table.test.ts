// The state table of docs/teams.md, row by row: it is law. Then the corners where a wrong rule would lose or double work.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getMicrosteps } from 'xstate';
import { type TeamTemplate, TeamTemplateSchema } from '../nouns/team.ts';
import { compile } from './compile.ts';
import {
  type Effect,
  enabledEvents,
  host,
  type HostedEvent,
  initial,
  next,
  persist,
  restore,
  type RunSnapshot,
  statePath,
  statusOf,
} from './host.ts';

const team = (steps: unknown[], name = 'sample'): TeamTemplate =>
  TeamTemplateSchema.parse({
    apiVersion: 'agentmesh/v1',
    kind: 'Team',
    name,
    roles: { worker: { agent: 'calc' } },
    steps,
  });

const two = team([
  {
    id: 'one',
    role: 'worker',
    prompt: 'p',
    retry: { max: 2, initial: '1s', jitter: false, non_retryable: ['auth'] },
  },
  { id: 'two', role: 'worker', prompt: 'p' },
]);

const BACKOFF = 'xstate.after.backoff.team.retrying';
const CANCEL_LIMIT = 'xstate.after.cancelLimit.team.cancelling';

type Sent = HostedEvent extends infer E ? (E extends { at: number } ? Omit<E, 'at'> : never) : never;

/** Drives one machine as the engine does: every snapshot goes through JSON between two events. */
class Driver {
  readonly hosted;
  snapshot: RunSnapshot;
  effects: readonly Effect[] = [];
  #at = 1_000;

  constructor(template: TeamTemplate) {
    this.hosted = host(compile(template));
    this.snapshot = initial(this.hosted, { teamRunId: 'R', at: this.#at });
  }

  /** False when the machine ignored the event. */
  send(event: Sent, at = this.#at + 1): boolean {
    this.#at = at;
    const restored = restore(this.hosted, persist(this.hosted, this.snapshot));
    assert.ok(restored.ok);
    const result = next(this.hosted, restored.snapshot, { ...event, at } as HostedEvent);
    this.effects = result.effects;
    const moved = result.snapshot !== restored.snapshot;
    this.snapshot = result.snapshot;
    return moved;
  }

  complete(step: string, execution = 1): boolean {
    return this.send({
      type: 'step_complete',
      step,
      key: `R/${step}/${execution}`,
      output: { ref: 'e', fields: {} },
    });
  }

  fail(step: string, execution = 1, code = 'agent_failed', retryable = true, confirmed?: boolean): boolean {
    return this.send({
      type: 'step_fail',
      step,
      key: `R/${step}/${execution}`,
      error: { code, message: 'no', retryable },
      ...(confirmed === undefined ? {} : { confirmed }),
    });
  }

  get status(): string {
    return statusOf(this.snapshot);
  }
  get path(): string {
    return statePath(this.snapshot);
  }
  get invoked(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'invokeStep' ? [effect.key] : []));
  }
  get stopped(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'cancelInvocations' ? effect.keys : []));
  }
}

const running = (template = two): Driver => {
  const run = new Driver(template);
  run.send({ type: 'run' });
  return run;
};

describe('the state table', () => {
  it('pending, run -> running', () => {
    const run = new Driver(two);
    assert.equal(run.status, 'pending');
    run.send({ type: 'run' });
    assert.equal(run.path, 'running.one');
    assert.deepEqual(run.invoked, ['R/one/1']);
  });

  it('running, step_complete with steps left -> running', () => {
    const run = running();
    run.complete('one');
    assert.equal(run.path, 'running.two');
    assert.deepEqual(run.invoked, ['R/two/1']);
  });

  it('running, step_complete with none left -> completed', () => {
    const run = running();
    run.complete('one');
    run.complete('two');
    assert.equal(run.status, 'completed');
    assert.deepEqual(enabledEvents(run.snapshot), []);
  });

  it('running, step_fail with retries left -> retrying, through the step’s own rule (microsteps)', () => {
    const run = running();
    const steps = getMicrosteps(run.hosted.machine, run.snapshot, {
      type: 'step_fail',
      at: 2_000,
      step: 'one',
      key: 'R/one/1',
      error: { code: 'agent_failed', message: 'no', retryable: true },
    });
    assert.deepEqual(
      steps.map(([snapshot]) => statePath(snapshot)),
      ['running.one', 'retrying'],
    );
    run.fail('one');
    assert.equal(run.status, 'retrying');
    assert.deepEqual(run.effects, [
      { type: 'startTimer', timerId: BACKOFF, delayMs: 1_000, event: { type: BACKOFF } },
    ]);
  });

  it('retrying, the backoff has passed -> running, as a new execution', () => {
    const run = running();
    run.fail('one');
    run.send({ type: BACKOFF });
    assert.equal(run.path, 'running.one');
    assert.deepEqual(run.invoked, ['R/one/2']);
  });

  it('running, step_fail with no retries left -> failed, naming step, attempt and error', () => {
    const run = running();
    for (const execution of [1, 2]) {
      run.fail('one', execution);
      run.send({ type: BACKOFF });
    }
    run.fail('one', 3);
    assert.equal(run.status, 'failed');
    assert.deepEqual(run.snapshot.context.failure, {
      step: 'one',
      attempt: 3,
      key: 'R/one/3',
      error: { code: 'agent_failed', message: 'no', retryable: true },
    });
  });

  it('running, pause -> paused; nothing in flight is stopped', () => {
    const run = running();
    run.send({ type: 'pause', now: false });
    assert.equal(run.status, 'paused');
    assert.deepEqual(run.stopped, []);
  });

  it('paused, resume -> running, waiting for what is still in flight', () => {
    const run = running();
    run.send({ type: 'pause', now: false });
    run.send({ type: 'resume' });
    assert.equal(run.path, 'running.one');
    assert.deepEqual(run.invoked, []);
    run.complete('one');
    assert.equal(run.path, 'running.two');
  });

  for (const [state, reach] of [
    ['running', () => undefined],
    ['paused', (run: Driver) => void run.send({ type: 'pause', now: false })],
    ['retrying', (run: Driver) => void run.fail('one')],
  ] as const)
    it(`${state}, budget_exceeded -> failed, naming the budget`, () => {
      const run = running();
      reach(run);
      assert.equal(run.status, state);
      run.send({ type: 'budget_exceeded', budget: 'wall' });
      assert.equal(run.status, 'failed');
      assert.equal(run.snapshot.context.failure?.error.code, 'budget_exceeded');
      assert.match(run.snapshot.context.failure.error.message, /wall/);
    });

  for (const [state, reach] of [
    ['pending', null],
    ['running', () => undefined],
    ['paused', (run: Driver) => void run.send({ type: 'pause', now: false })],
    ['retrying', (run: Driver) => void run.fail('one')],
  ] as const)
    it(`${state}, cancel -> cancelling -> cancelled`, () => {
      const run = reach === null ? new Driver(two) : running();
      reach?.(run);
      assert.equal(run.status, state);
      const inFlight = state === 'running' || state === 'paused';
      run.send({ type: 'cancel', reason: null });
      assert.equal(run.status, inFlight ? 'cancelling' : 'cancelled');
      if (inFlight) {
        assert.deepEqual(run.stopped, ['R/one/1']);
        run.fail('one', 1, 'cancelled', false, true);
      }
      assert.equal(run.status, 'cancelled');
      assert.equal(run.snapshot.context.cancel?.confirmed, true);
    });
});

describe('pause and resume', () => {
  it('keep a success that came while paused: the next step begins at resume, once', () => {
    const run = running();
    run.send({ type: 'pause', now: false });
    assert.ok(run.complete('one'));
    assert.equal(run.status, 'paused');
    run.send({ type: 'resume' });
    assert.equal(run.path, 'running.two');
    assert.deepEqual(run.invoked, ['R/two/1']);
  });

  it('keep a failure that came while paused: it retries at resume', () => {
    const run = running();
    run.send({ type: 'pause', now: false });
    run.fail('one');
    assert.equal(run.status, 'paused');
    run.send({ type: 'resume' });
    assert.equal(run.status, 'retrying');
  });

  it('in retrying: the timer is stopped, and the next attempt starts at once on resume', () => {
    const run = running();
    run.fail('one');
    run.send({ type: 'pause', now: false });
    assert.deepEqual(run.effects, [{ type: 'stopTimer', timerId: BACKOFF }]);
    run.send({ type: 'resume' });
    assert.deepEqual(run.invoked, ['R/one/2']);
  });

  it('now: stops what is in flight, and the step runs again on resume without costing a retry', () => {
    const run = running();
    run.send({ type: 'pause', now: true });
    assert.deepEqual(run.stopped, ['R/one/1']);
    run.fail('one', 1, 'cancelled', false);
    run.send({ type: 'resume' });
    assert.deepEqual(run.invoked, ['R/one/2']);
    assert.equal(run.snapshot.context.steps['one']?.retriesLeft, 2);
  });

  it('now, resumed before the agent has stopped: the second execution waits for the end of the first', () => {
    const run = running();
    run.send({ type: 'pause', now: true });
    run.send({ type: 'resume' });
    assert.deepEqual(run.invoked, []);
    run.fail('one', 1, 'cancelled', false);
    assert.deepEqual(run.invoked, ['R/one/2']);
  });

  it('now, after a plain pause: what was let run is stopped', () => {
    const run = running();
    run.send({ type: 'pause', now: false });
    assert.ok(run.send({ type: 'pause', now: true }));
    assert.deepEqual(run.stopped, ['R/one/1']);
    assert.equal(run.status, 'paused');
  });

  it('now, but the agent finished all the same: the result is kept, nothing runs twice', () => {
    const run = running();
    run.send({ type: 'pause', now: true });
    run.complete('one');
    run.send({ type: 'resume' });
    assert.equal(run.path, 'running.two');
  });
});

describe('keys', () => {
  it('an outcome with another key than the one in flight changes nothing', () => {
    const run = running();
    assert.equal(run.complete('one', 2), false);
    assert.equal(run.complete('two', 1), false);
    run.fail('one');
    run.send({ type: BACKOFF });
    assert.equal(run.complete('one', 1), false);
    assert.equal(run.path, 'running.one');
  });

  it('a second outcome with the same key changes nothing', () => {
    const run = running();
    run.complete('one');
    assert.equal(run.complete('one'), false);
    assert.equal(run.fail('one'), false);
  });
});

describe('failures', () => {
  it('that are not retryable end the step at once, however many retries are left', () => {
    for (const [code, retryable] of [
      ['agent_rejected', false],
      ['auth', true],
    ] as const) {
      const run = running();
      run.fail('one', 1, code, retryable);
      assert.equal(run.status, 'failed', code);
    }
  });

  it('without an outcome run again at once by default, marked by a new execution, costing no retry', () => {
    const run = running();
    run.fail('one', 1, 'outcome_unknown');
    assert.equal(run.path, 'running.one');
    assert.deepEqual(run.invoked, ['R/one/2']);
    assert.equal(run.snapshot.context.steps['one']?.retriesLeft, 2);
  });

  it('without an outcome end the step where on_unknown says fail', () => {
    const run = running(
      team([{ id: 'one', role: 'worker', prompt: 'p', on_unknown: 'fail', retry: { max: 3 } }]),
    );
    run.fail('one', 1, 'outcome_unknown');
    assert.equal(run.status, 'failed');
  });
});

describe('cancelling', () => {
  it('ends unconfirmed when the agents do not answer in time', () => {
    const run = running();
    run.send({ type: 'cancel', reason: 'enough' });
    assert.ok(run.effects.some((effect) => effect.type === 'startTimer' && effect.delayMs === 10_000));
    run.send({ type: CANCEL_LIMIT });
    assert.equal(run.status, 'cancelled');
    assert.deepEqual(run.snapshot.context.cancel, { reason: 'enough', confirmed: false });
  });

  it('is unconfirmed when the agent could not say that it stopped', () => {
    const run = running();
    run.send({ type: 'cancel', reason: null });
    run.fail('one', 1, 'cancelled', false, false);
    assert.equal(run.snapshot.context.cancel?.confirmed, false);
  });

  it('cannot be paused, resumed or cancelled again', () => {
    const run = running();
    run.send({ type: 'cancel', reason: null });
    for (const event of [
      { type: 'pause', now: false },
      { type: 'resume' },
      { type: 'cancel', reason: null },
    ] as const)
      assert.equal(run.send(event), false, event.type);
  });
});

describe('snapshots', () => {
  it('with a state or a history that the machine lacks are refused, and the ids named', () => {
    const run = running();
    run.send({ type: 'pause', now: false });
    const json = persist(run.hosted, run.snapshot);
    const other = host(
      compile(
        team([
          { id: 'other', role: 'worker', prompt: 'p' },
          { id: 'two', role: 'worker', prompt: 'p' },
        ]),
      ),
    );
    assert.deepEqual(restore(other, json), { ok: false, missing: ['team.running.one'] });
    assert.deepEqual(restore(run.hosted, json.replace('"value":"paused"', '"value":"resting"')), {
      ok: false,
      missing: ['team.resting'],
    });
  });

  it('of hostile step names are plain states', () => {
    for (const id of ['constructor', 'tostring', 'a-b_c9', 'x'.repeat(48)]) {
      const run = running(team([{ id, role: 'worker', prompt: 'p' }]));
      assert.equal(run.path, `running.${id}`);
      run.complete(id);
      assert.equal(run.status, 'completed');
    }
    for (const id of ['__proto__', 'a.b', '#x', '$end', 'A', '1a', ''])
      assert.throws(() => team([{ id, role: 'worker', prompt: 'p' }]));
  });

  it('stay small: 64 steps with every field at work are far under the limit', () => {
    const steps = Array.from({ length: 64 }, (_, n) => ({ id: `step-${n}`, role: 'worker', prompt: 'p' }));
    const run = running(team(steps));
    for (const { id } of steps) run.complete(id);
    assert.equal(run.status, 'completed');
    assert.ok(persist(run.hosted, run.snapshot).length < 16_384);
  });
});
