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

/** One line of a link's pill: the transitions that differ in nothing that is shown. */
export interface LinkLine {
  readonly label: string;
  readonly guard: string | null;
  readonly tone: 'plain' | 'good' | 'bad' | 'timed';
  /** Ids of the transitions that it stands for. */
  readonly transitions: readonly string[];
}

export interface ChartLink {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  /** From an initial dot: no pill. */
  readonly initial: boolean;
  readonly lines: readonly LinkLine[];
  /** Its source is declared before its target: the reading direction. */
  readonly forward: boolean;
  /** Size of the pill. */
  readonly width: number;
  readonly height: number;
}

export interface ChartGraph {
  readonly nodes: readonly ChartNode[];
  readonly clusters: readonly ChartCluster[];
  readonly links: readonly ChartLink[];
}

export const SIZES = {
  stepHeight: 48,
  stateHeight: 34,
  minStep: 148,
  minState: 104,
  dot: 12,
  history: 26,
  /** Height of one line of a pill. */
  line: 17,
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

const toneOf = (transition: ChartTransition): LinkLine['tone'] => {
  if (transition.type === 'after') return 'timed';
  if (/complete|approve|resume|done/.test(transition.label)) return 'good';
  if (/fail|exceeded|error|reject/.test(transition.label)) return 'bad';
  return 'plain';
};

/**
 * Where a transition is drawn from. When every step of a compound state has the same one, it is drawn once, from the
 * border of the compound: in a statechart that means the same, and the picture stays readable.
 */
const drawnSource = (chart: Chart): ((transition: ChartTransition) => string) => {
  const states = new Map(chart.states.map((state) => [state.id, state]));
  const kindOf = ({ target, label, guard, type }: ChartTransition): string =>
    JSON.stringify([target, label, guard, type]);
  const sources = new Map<string, Set<string>>();
  for (const transition of chart.transitions) {
    const key = kindOf(transition);
    sources.set(key, (sources.get(key) ?? new Set()).add(transition.source));
  }
  return (transition) => {
    const parent = states.get(transition.source)?.parent ?? null;
    if (parent === null || states.get(transition.target)?.parent === parent) return transition.source;
    const siblings = chart.states.filter((state) => state.parent === parent && state.step !== null);
    const shared = sources.get(kindOf(transition));
    return siblings.length > 1 && siblings.every(({ id }) => shared?.has(id)) ? parent : transition.source;
  };
};

/** The guard that a line shows; null when one of its transitions is taken without any. */
const guardText = (guards: readonly (string | null)[]): string | null => {
  const named = new Set(guards.filter((guard) => guard !== null));
  return named.size > 0 && !guards.includes(null) ? [...named].join(' / ') : null;
};

const groupedBy = <T>(items: readonly T[], keyOf: (item: T) => string): T[][] => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
};

const linesOf = (transitions: readonly ChartTransition[]): LinkLine[] => {
  // `pause` and `pause [now]` are one line; `step_fail` with two different guards are two.
  const open = new Set(transitions.filter(({ guard }) => guard === null).map(({ label }) => label));
  return groupedBy(transitions, ({ label, guard }) =>
    JSON.stringify([label, open.has(label) ? null : guard]),
  ).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [
      {
        label: first.label,
        guard: guardText(group.map(({ guard }) => guard)),
        tone: toneOf(first),
        transitions: group.map(({ id }) => id),
      },
    ];
  });
};

const linksOf = (chart: Chart, order: ReadonlyMap<string, number>, measure: Measure): ChartLink[] => {
  const sourceOf = drawnSource(chart);
  return groupedBy(chart.transitions, (transition) =>
    JSON.stringify([sourceOf(transition), transition.target]),
  ).flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const source = sourceOf(first);
    const lines = linesOf(group);
    const widths = lines.map(
      ({ label, guard }) => measure(label, 'label') + (guard === null ? 0 : measure(guard, 'label') + 5),
    );
    return [
      {
        id: `${source}>${first.target}`,
        source,
        target: first.target,
        initial: false,
        lines,
        forward: (order.get(source) ?? 0) < (order.get(first.target) ?? 0),
        width: Math.ceil(Math.max(...widths)) + 16,
        height: SIZES.line * lines.length + 4,
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
  initial: true,
  lines: [],
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
