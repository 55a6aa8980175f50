// Path coverage by XState’s own graph tools, and random walks: whatever comes in whatever order, the rules hold.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { getShortestPaths } from 'xstate/graph';
import { TeamTemplateSchema } from '../nouns/team.ts';
import { chartOf } from './chart.ts';
import { compile } from './compile.ts';
import type { RunEvent } from './context.ts';
import { type Effect, host, type HostedEvent, initial, next, persist, statePath, statusOf } from './host.ts';

const template = TeamTemplateSchema.parse({
  apiVersion: 'agentmesh/v1',
  kind: 'Team',
  name: 'sample',
  roles: { worker: { agent: 'calc' } },
  steps: ['one', 'two'].map((id) => ({
    id,
    role: 'worker',
    prompt: 'p',
    retry: { max: 1, initial: '1s' },
  })),
});
const machine = compile(template);

const outcomes = (step: string, execution: number): RunEvent[] => [
  { type: 'step_complete', at: 1, step, key: `R/${step}/${execution}`, output: { ref: 'e', fields: {} } },
  {
    type: 'step_fail',
    at: 1,
    step,
    key: `R/${step}/${execution}`,
    error: { code: 'agent_failed', message: '', retryable: true },
  },
];

describe('every state of the machine', () => {
  it('is reached, and every transition of the chart leads where it says', () => {
    const events = [
      { type: 'run', at: 1 },
      { type: 'pause', at: 1, now: false },
      { type: 'pause', at: 1, now: true },
      { type: 'resume', at: 1 },
      { type: 'cancel', at: 1, reason: null },
      { type: 'budget_exceeded', at: 1, budget: 'wall' },
      { type: 'xstate.after.backoff.team.retrying', at: 1 },
      { type: 'xstate.after.cancelLimit.team.cancelling', at: 1 },
      ...['one', 'two'].flatMap((step) => [1, 2].flatMap((execution) => outcomes(step, execution))),
    ] as RunEvent[];
    const paths = getShortestPaths(machine, {
      input: { teamRunId: 'R', at: 0 },
      events,
      // Executions rise for ever (pause --now), so two are told apart and the walk ends.
      serializeState: (snapshot) => JSON.stringify([snapshot.value, snapshot.context.steps]),
      stopWhen: (snapshot) => Object.values(snapshot.context.steps).some(({ execution }) => execution > 2),
      limit: 100_000,
    });
    const reached = new Set(paths.map(({ state }) => statePath(state)));
    assert.deepEqual(
      [...reached].sort(),
      [
        'cancelled',
        'cancelling',
        'completed',
        'failed',
        'paused',
        'pending',
        'retrying',
        'running.one',
        'running.two',
      ].sort(),
    );
    assert.ok(paths.length > 50, `${paths.length} paths`);
    const chart = chartOf(machine, template);
    const ids = new Set(chart.states.map(({ id }) => id));
    for (const { source, target } of chart.transitions) assert.ok(ids.has(source) && ids.has(target));
    assert.equal(new Set(chart.transitions.map(({ id }) => id)).size, chart.transitions.length);
    assert.deepEqual(
      chart.states.filter(({ step }) => step !== null).map(({ id, step }) => [id, step]),
      ['one', 'two'].map((step) => [`running.${step}`, step]),
    );
  });
});

/** What may come from outside; outcomes are chosen among the invocations that were really begun. */
type Move = 'run' | 'pause' | 'now' | 'resume' | 'cancel' | 'timer' | 'good' | 'bad' | 'unknown' | 'late';
const MOVES: Move[] = ['run', 'pause', 'now', 'resume', 'cancel', 'timer', 'good', 'bad', 'unknown', 'late'];
const isTerminal = (status: string): boolean => ['completed', 'failed', 'cancelled'].includes(status);

/** Walks a machine and checks, after every event, what must always be true. */
const walk = (moves: readonly Move[]): { log: HostedEvent[]; final: string } => {
  const hosted = host(machine);
  let snapshot = initial(hosted, { teamRunId: 'R', at: 0 });
  const begun: { step: string; key: string }[] = [];
  const open = new Set<string>();
  const timers = new Map<string, string>();
  const log: HostedEvent[] = [];
  let at = 0;
  const send = (event: object): void => {
    at += 1;
    const whole = { ...event, at } as HostedEvent;
    log.push(whole);
    const result = next(hosted, snapshot, whole);
    for (const effect of result.effects) apply(effect);
    if ('key' in whole) open.delete(whole.key);
    snapshot = result.snapshot;
  };
  const apply = (effect: Effect): void => {
    switch (effect.type) {
      case 'invokeStep':
        assert.ok(!begun.some(({ key }) => key === effect.key), `${effect.key} begun twice`);
        assert.ok(
          ![...open].some((key) => key.startsWith(`R/${effect.step}/`)),
          'two attempts of one step at once',
        );
        begun.push({ step: effect.step, key: effect.key });
        open.add(effect.key);
        break;
      case 'startTimer':
        timers.set(effect.timerId, effect.event.type);
        break;
      case 'stopTimer':
        timers.delete(effect.timerId);
        break;
      case 'cancelInvocations':
        for (const key of effect.keys) assert.ok(open.has(key), `${key} is stopped but not in flight`);
    }
  };
  for (const move of moves) {
    const last = begun.at(-1);
    const target = move === 'late' ? begun[0] : last;
    if (['run', 'resume'].includes(move)) send({ type: move });
    else if (move === 'pause' || move === 'now') send({ type: 'pause', now: move === 'now' });
    else if (move === 'cancel') send({ type: 'cancel', reason: null });
    else if (move === 'timer') {
      const [entry] = timers;
      if (entry !== undefined) {
        timers.delete(entry[0]);
        send({ type: entry[1] });
      }
    } else if (target !== undefined) {
      const { step, key } = target;
      if (move === 'good' || move === 'late') {
        // The open set forgets the key first, as the engine does: the row has ended when the machine hears of it.
        open.delete(key);
        send({ type: 'step_complete', step, key, output: { ref: 'e', fields: {} } });
      } else {
        open.delete(key);
        const code = move === 'bad' ? 'agent_failed' : 'outcome_unknown';
        send({ type: 'step_fail', step, key, error: { code, message: '', retryable: true } });
      }
    }
    if (isTerminal(statusOf(snapshot))) assert.equal(snapshot.status, 'done');
  }
  return { log, final: persist(hosted, snapshot) };
};

describe('random walks', () => {
  it('never begin a key twice nor two attempts of a step at once; a replay of the events gives the same snapshot', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...MOVES), { maxLength: 40 }), (moves) => {
        const { log, final } = walk(['run', ...moves]);
        const hosted = host(compile(template));
        let snapshot = initial(hosted, { teamRunId: 'R', at: 0 });
        for (const event of log) snapshot = next(hosted, snapshot, event).snapshot;
        assert.equal(persist(hosted, snapshot), final);
      }),
      { numRuns: 500 },
    );
  });
});
