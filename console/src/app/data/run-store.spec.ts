// A run's store: the same view whatever way the events come, no event twice, the log complete.
import type { EventV1 } from '#machines/nouns/event';
import { belongsTo, createRunStore } from './run-store.ts';

const TEAM = 'team';
const event = (seq: number, payload: Record<string, unknown>, change: Partial<EventV1> = {}): EventV1 => ({
  schema_version: '1',
  ts: new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString(),
  run_id: TEAM,
  kind: 'status',
  task_id: null,
  step: null,
  payload,
  metadata: { source: 'engine' },
  team_run_id: TEAM,
  id: `e${String(seq)}`,
  seq,
  ...change,
});

const LOG = [
  event(1, { state: 'pending', event: 'created', data: { steps: [{ id: 'modify', role: 'coder' }] } }),
  event(2, { state: 'running', event: 'run', from: 'pending', to: 'running.modify' }),
  event(3, { state: 'submitted', text: 'Fix it' }, { run_id: 'a1', step: 'modify' }),
  event(4, { state: 'completed' }, { run_id: 'a1', step: 'modify' }),
  event(
    5,
    { state: 'completed', event: 'step_complete', from: 'running.modify', to: 'completed' },
    { step: 'modify' },
  ),
];

describe('the run store', () => {
  it('shows the same after one batch, single events, and events that come twice', () => {
    const whole = createRunStore();
    whole.trigger.events({ events: LOG });
    const single = createRunStore();
    for (const one of LOG) single.trigger.events({ events: [one] });
    single.trigger.events({ events: LOG.slice(2) });
    const [a, b] = [whole.getSnapshot().context, single.getSnapshot().context];
    expect(b.view.items).toEqual(a.view.items);
    expect(b.view.status).toBe('completed');
    expect([...b.events.keys()]).toEqual([1, 2, 3, 4, 5]);
    expect(b.view.items.flatMap(({ seqs }) => seqs).toSorted((x, y) => x - y)).toEqual([1, 2, 3, 4, 5]);
  });

  it('changes nothing for events that it has', () => {
    const store = createRunStore();
    store.trigger.events({ events: LOG });
    const before = store.getSnapshot().context;
    store.trigger.events({ events: LOG.slice(0, 3) });
    expect(store.getSnapshot().context).toBe(before);
  });

  it('takes the events of a team run, a run or a task by any of their ids', () => {
    const one = event(6, {}, { run_id: 'a1', task_id: 't1' });
    expect(['team', 'a1', 't1', 'other'].map((id) => belongsTo(id, one))).toEqual([true, true, true, false]);
  });
});
