// The machine's chart (states and transitions) as what is drawn: nodes, nested clusters and links with their sizes. Pure.
import type { Chart } from '#machines/nouns/run';

export type ChartState = Chart['states'][number];
export type ChartTransition = Chart['transitions'][number];

/** Width of a text in pixels at a font, as the drawing will use it. */
export type Measure = (text: string, font: 'name' | 'note' | 'label') => number;

export interface ChartNode {
  readonly id: string;
  readonly kind: 'state' | 'final' | 'history' | 'initial';
  /** Null for an initial dot, which is no state. */
  readonly state: ChartState | null;
  readonly parent: string | null;
  readonly width: number;
  readonly height: number;
}

/** A state with states inside. Its children are nodes and clusters that name it as their parent. */
export interface ChartCluster {
  readonly id: string;
  readonly state: ChartState;
  readonly parent: string | null;
  /** Widest line of its title, so that the box is never narrower. */
  readonly titleWidth: number;
}

export interface ChartLink {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly label: string;
  readonly guard: string | null;
  readonly tone: 'plain' | 'good' | 'bad' | 'timed' | 'initial';
  /** Transitions that this line stands for: those that differ in their guard only share one line. */
  readonly transitions: readonly string[];
  /** Its source is declared before its target: the reading direction. */
  readonly forward: boolean;
  readonly width: number;
  readonly height: number;
}

export interface ChartGraph {
  readonly nodes: readonly ChartNode[];
  readonly clusters: readonly ChartCluster[];
  readonly links: readonly ChartLink[];
}

export const SIZES = {
  stepHeight: 50,
  stateHeight: 36,
  minStep: 148,
  minState: 104,
  dot: 12,
  history: 26,
  label: 20,
  /** Left bar, glyph and the gaps beside a state's name. */
  beside: 48,
} as const;

const isInside = (state: ChartState): boolean => state.type === 'compound' || state.type === 'parallel';

const nodeOf = (state: ChartState, measure: Measure, note: (state: ChartState) => string): ChartNode => {
  const base = { id: state.id, state, parent: state.parent };
  if (state.type === 'history')
    return { ...base, kind: 'history', width: SIZES.history, height: SIZES.history };
  const name = measure(state.name, 'name') + SIZES.beside;
  if (state.step === null) {
    const width = Math.ceil(Math.max(SIZES.minState, name));
    return { ...base, kind: state.type === 'final' ? 'final' : 'state', width, height: SIZES.stateHeight };
  }
  const width = Math.ceil(Math.max(SIZES.minStep, name, measure(note(state), 'note') + SIZES.beside));
  return { ...base, kind: 'state', width, height: SIZES.stepHeight };
};

const toneOf = (transition: ChartTransition): ChartLink['tone'] => {
  if (transition.type === 'after') return 'timed';
  if (/complete|approve|resume|done/.test(transition.label)) return 'good';
  if (/fail|exceeded|error|reject/.test(transition.label)) return 'bad';
  return 'plain';
};

/** The guard that a link shows; null when there is none to tell. */
const guardText = (guards: readonly (string | null)[]): string | null => {
  const named = guards.filter((guard) => guard !== null);
  // One of several without a guard: it is taken anyway, so the guards tell nothing.
  return named.length === guards.length && named.length > 0 ? named.join(' / ') : null;
};

const linksOf = (chart: Chart, order: ReadonlyMap<string, number>, measure: Measure): ChartLink[] => {
  const groups = new Map<string, ChartTransition[]>();
  for (const transition of chart.transitions) {
    const key = JSON.stringify([
      transition.source,
      transition.target,
      transition.label.toLowerCase(),
      transition.type,
    ]);
    groups.set(key, [...(groups.get(key) ?? []), transition]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const guard = guardText(group.map((transition) => transition.guard));
    const text = measure(first.label, 'label') + (guard === null ? 0 : measure(` ${guard}`, 'label'));
    return [
      {
        id: first.id,
        source: first.source,
        target: first.target,
        label: first.label,
        guard,
        tone: toneOf(first),
        transitions: group.map(({ id }) => id),
        forward: (order.get(first.source) ?? 0) < (order.get(first.target) ?? 0),
        width: Math.ceil(text) + 16,
        height: SIZES.label,
      },
    ];
  });
};

/** Id of the dot from which a compound state (or the whole machine) begins. */
export const initialDot = (parent: string | null): string => `initial:${parent ?? ''}`;

const initialLink = (parent: string | null, target: string): ChartLink => ({
  id: `${initialDot(parent)}>${target}`,
  source: initialDot(parent),
  target,
  label: '',
  guard: null,
  tone: 'initial',
  transitions: [],
  forward: true,
  width: 0,
  height: 0,
});

/**
 * What to draw for a chart. `note` is the second line of a step at its longest; `measure` gives text widths.
 * Every transition is in exactly one link; every state is one node or one cluster.
 */
export const chartGraph = (
  chart: Chart,
  measure: Measure,
  note: (state: ChartState) => string,
): ChartGraph => {
  const order = new Map(chart.states.map(({ id }, index) => [id, index]));
  const clusters = chart.states.filter(isInside).map((state) => ({
    id: state.id,
    state,
    parent: state.parent,
    titleWidth: Math.ceil(measure(state.name, 'name')) + SIZES.beside,
  }));
  const starts = clusters.flatMap(({ id, state }) =>
    state.initial === null ? [] : [{ parent: id, target: state.initial }],
  );
  const outermost = chart.states.find(({ parent }) => parent === null);
  const all = [...(outermost === undefined ? [] : [{ parent: null, target: outermost.id }]), ...starts];
  const dots = all.map(({ parent }): ChartNode => ({
    id: initialDot(parent),
    kind: 'initial',
    state: null,
    parent,
    width: SIZES.dot,
    height: SIZES.dot,
  }));
  const states = chart.states
    .filter((state) => !isInside(state))
    .map((state) => nodeOf(state, measure, note));
  return {
    nodes: [...dots, ...states],
    clusters,
    links: [
      ...all.map(({ parent, target }) => initialLink(parent, target)),
      ...linksOf(chart, order, measure),
    ],
  };
};
