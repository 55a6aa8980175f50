// From machine to picture: every transition is kept, clusters nest, ELK places everything inside what it belongs to.
import ELK from 'elkjs/lib/elk.bundled.js';
import type { Chart } from '#machines/nouns/run';
import { chartOfSteps } from './chart.testdata.ts';
import { chartGraph, type ChartGraph } from './chart-graph.ts';
import { elkInput, geometryOf } from './elk-graph.ts';

const measure = (text: string): number => text.length * 7;
const graphOf = (chart: Chart): ChartGraph => chartGraph(chart, measure, () => 'attempt 2/3 · fixer');

describe('the chart’s graph', () => {
  const chart = chartOfSteps('analyze', 'modify', 'test');
  const graph = graphOf(chart);

  it('keeps every transition in exactly one line of one link', () => {
    const drawn = graph.links.flatMap(({ lines }) => lines.flatMap(({ transitions }) => transitions));
    expect(drawn.toSorted()).toEqual(chart.transitions.map(({ id }) => id).toSorted());
  });

  it('keeps every state as one node or one cluster', () => {
    const drawn = [
      ...graph.nodes.flatMap(({ state }) => state?.id ?? []),
      ...graph.clusters.map(({ id }) => id),
    ];
    expect(drawn.toSorted()).toEqual(chart.states.map(({ id }) => id).toSorted());
  });

  it('draws what all steps have in common once, from the border around them', () => {
    const failed = graph.links.filter(({ target }) => target === 'retrying');
    expect(failed.map(({ source }) => source)).toEqual(['running']);
    expect(failed[0]?.lines).toMatchObject([{ label: 'step_fail', guard: 'retries left' }]);
    expect(failed[0]?.lines[0]?.transitions).toHaveLength(3);
  });

  it('draws it from the step itself where only one step has it', () => {
    const [first] = chart.transitions.filter(({ target }) => target === 'retrying');
    const alone = graphOf({
      ...chart,
      transitions: chart.transitions.filter(({ id, target }) => target !== 'retrying' || id === first?.id),
    });
    expect(alone.links.find(({ target }) => target === 'retrying')?.source).toBe('running.analyze');
  });

  it('begins the whole and each compound state with a dot', () => {
    expect(graph.links.filter(({ initial }) => initial).map(({ target }) => target)).toEqual([
      'pending',
      'running.analyze',
    ]);
  });

  it('nests clusters in clusters', () => {
    const state = (id: string, parent: string | null, type: 'compound' | 'atomic') => ({
      id,
      name: id,
      parent,
      type,
      initial: null,
      step: null,
      agent: null,
    });
    const nested = elkInput(
      graphOf({
        id: 'n',
        states: [
          state('a', null, 'compound'),
          state('a.b', 'a', 'compound'),
          state('a.b.c', 'a.b', 'atomic'),
        ],
        transitions: [],
      }),
      'DOWN',
    );
    const outer = nested.children?.find(({ id }) => id === 'a');
    expect(outer?.children?.[0]?.children?.map(({ id }) => id)).toEqual(['a.b.c']);
  });

  it.each(['DOWN', 'RIGHT'] as const)(
    'is placed %s: steps inside their box, routes and pills for all',
    async (way) => {
      const answer = await new ELK().layout(elkInput(graph, way));
      const { boxes, routes } = geometryOf(answer);
      const outer = boxes.get('running');
      for (const id of ['running.analyze', 'running.modify', 'running.test']) {
        const box = boxes.get(id);
        if (box === undefined || outer === undefined) throw new Error(`${id} has no place`);
        expect(box.x).toBeGreaterThan(outer.x);
        expect(box.y + box.height).toBeLessThan(outer.y + outer.height);
      }
      expect([...routes.keys()].toSorted()).toEqual(graph.links.map(({ id }) => id).toSorted());
      for (const link of graph.links) {
        expect(routes.get(link.id)?.points.length, link.id).toBeGreaterThan(1);
        expect(routes.get(link.id)?.pill === null, link.id).toBe(link.initial);
      }
    },
  );

  it('lays out the largest team that a template may have', async () => {
    const large = graphOf(chartOfSteps(...Array.from({ length: 64 }, (_, index) => `step-${String(index)}`)));
    const { boxes } = geometryOf(await new ELK().layout(elkInput(large, 'DOWN')));
    expect(boxes.has('running.step-63')).toBe(true);
  });
});
