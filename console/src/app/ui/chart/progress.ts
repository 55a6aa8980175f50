// How far a run has come on its chart: states visited and transitions taken, from the transitions of its timeline. Pure.
import type { View } from '#api/contract/view';
import type { Chart } from '#machines/nouns/run';
import { initialDot } from './chart-graph.ts';

export interface Progress {
  readonly visited: ReadonlySet<string>;
  /** How often each transition (by id) or initial link was taken. */
  readonly taken: ReadonlyMap<string, number>;
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly event: string;
}

const lineage = (id: string): string[] => {
  const names = id.split('.');
  return names.map((_, depth) => names.slice(0, names.length - depth).join('.'));
};

/** The transitions of the chart that a move went along: usually one, two when a compound state ended inside. */
const wayOf = (chart: Chart, move: Move): string[] => {
  const sources = lineage(move.from);
  const targets = lineage(move.to);
  const states = new Map(chart.states.map((state) => [state.id, state]));
  const leadsTo = (target: string): boolean => {
    if (targets.includes(target)) return true;
    const state = states.get(target);
    return state?.type === 'history' && state.parent !== null && targets.includes(state.parent);
  };
  const fitting = chart.transitions
    .filter(({ source, target }) => sources.includes(source) && leadsTo(target))
    .toSorted(
      (a, b) =>
        Number(b.label === move.event) - Number(a.label === move.event) || b.source.length - a.source.length,
    );
  const [best] = fitting;
  if (best === undefined) return [];
  if (best.source === move.from) return [best.id];
  const inner = chart.transitions.find(
    ({ source, target }) =>
      source === move.from &&
      states.get(target)?.type === 'final' &&
      states.get(target)?.parent === best.source,
  );
  return inner === undefined ? [best.id] : [inner.id, best.id];
};

/** Visited states and taken transitions, counted. */
export const progressOf = (chart: Chart, items: View['items'], active: readonly string[]): Progress => {
  const visited = new Set<string>(active);
  const taken = new Map<string, number>();
  const count = (id: string): void => {
    taken.set(id, (taken.get(id) ?? 0) + 1);
  };
  const byId = new Map(chart.states.map((state) => [state.id, state]));
  const [outermost] = chart.states;
  for (const item of items) {
    if (item.transition === null || item.late) continue;
    const { from, to } = item.transition;
    for (const id of [...lineage(from), ...lineage(to)]) if (id !== '') visited.add(id);
    if (from === '' || from === to) continue;
    for (const id of wayOf(chart, { from, to, event: item.word })) {
      count(id);
      const target = byId.get(chart.transitions.find((transition) => transition.id === id)?.target ?? '');
      if (target?.type === 'final') visited.add(target.id);
      if (target !== undefined && target.initial !== null && to.startsWith(target.initial))
        count(`${initialDot(target.id)}>${target.initial}`);
    }
  }
  if (outermost !== undefined && visited.size > 0) count(`${initialDot(null)}>${outermost.id}`);
  return { visited, taken };
};
