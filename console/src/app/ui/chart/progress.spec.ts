// What a run has done lights up on its chart, and nothing else.
import { applyEvents, emptyView } from '#api/contract/view';
import type { EventV1 } from '#machines/nouns/event';
import { chartOfSteps } from './chart.testdata.ts';
import { progressOf } from './progress.ts';

const chart = chartOfSteps('analyze', 'modify');

const moves = (...steps: readonly (readonly [string, string, string])[]): EventV1[] =>
  steps.map(([word, from, to], index) => ({
    schema_version: '1',
    ts: '2026-01-01T00:00:00.000Z',
    run_id: 't',
    kind: 'status',
    task_id: null,
    step: null,
    payload: { state: to.split('.')[0], event: word, from, to },
    metadata: { source: 'engine' },
    team_run_id: 't',
    id: `e${String(index)}`,
    seq: index + 1,
  }));

const taken = (...steps: readonly (readonly [string, string, string])[]): Record<string, number> => {
  const view = applyEvents(emptyView(), moves(...steps));
  const progress = progressOf(chart, view.items, view.activeStates);
  return Object.fromEntries(
    [...progress.taken].map(([id, count]) => {
      const transition = chart.transitions.find((one) => one.id === id);
      return [
        transition === undefined ? id : `${transition.source} ${transition.label} ${transition.target}`,
        count,
      ];
    }),
  );
};

describe('progress on the chart', () => {
  it('counts each way that was taken', () => {
    expect(
      taken(
        ['run', 'pending', 'running.analyze'],
        ['step_fail', 'running.analyze', 'retrying'],
        ['backoff', 'retrying', 'running.analyze'],
        ['step_fail', 'running.analyze', 'retrying'],
        ['backoff', 'retrying', 'running.analyze'],
        ['step_complete', 'running.analyze', 'running.modify'],
      ),
    ).toEqual({
      'initial:>pending': 1,
      'initial:running>running.analyze': 1,
      'pending run running': 1,
      'running.analyze step_fail retrying': 2,
      'retrying backoff passed running.$resume': 2,
      'running.analyze step_complete running.modify': 1,
    });
  });

  it('the last step goes through the inner end to completed', () => {
    expect(
      taken(['run', 'pending', 'running.analyze'], ['step_complete', 'running.modify', 'completed']),
    ).toMatchObject({ 'running.modify step_complete running.$end': 1, 'running step_complete completed': 1 });
  });

  it('failing for good is another way than failing with retries left', () => {
    const ways = taken(['step_fail', 'running.modify', 'failed']);
    expect(ways).toHaveProperty(['running.modify step_fail failed']);
    expect(ways).not.toHaveProperty(['running.modify step_fail retrying']);
  });

  it('visited states are those that it was in, with what is around them', () => {
    const view = applyEvents(emptyView(), moves(['run', 'pending', 'running.analyze']));
    const { visited } = progressOf(chart, view.items, view.activeStates);
    expect([...visited].toSorted()).toEqual(['pending', 'running', 'running.analyze']);
  });
});
