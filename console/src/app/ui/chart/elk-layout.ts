// The layout that ngx-graph calls: ELK in a worker, asked once for each different picture however often it is run.
import { InjectionToken } from '@angular/core';
import type { Edge, Graph, Layout } from '@swimlane/ngx-graph';
import type { ElkNode } from 'elkjs/lib/elk-api.js';
import ELK from 'elkjs/lib/elk-api.js';
import { from, map, type Observable } from 'rxjs';
import type { ChartGraph } from './chart-graph.ts';
import { type Direction, elkInput, geometryOf, type Geometry } from './elk-graph.ts';

/** What is needed of ELK; specs give the one that runs without a worker. */
export interface Elk {
  layout(graph: ElkNode): Promise<ElkNode>;
}

export const ELK_ENGINE = new InjectionToken<Elk>('ELK', {
  providedIn: 'root',
  factory: () => new ELK({ workerUrl: '/assets/elk-worker.min.js' }),
});

/** Answers by their input; a picture seen before (another run of the same team) is there at once. */
const answers = new Map<string, Promise<Geometry>>();
const REMEMBERED = 20;

const geometryFor = (elk: Elk, input: ElkNode): Promise<Geometry> => {
  const key = JSON.stringify(input);
  const known = answers.get(key);
  if (known !== undefined) return known;
  const [oldest] = answers.keys();
  if (answers.size >= REMEMBERED && oldest !== undefined) answers.delete(oldest);
  const answer = elk.layout(input).then(geometryOf);
  answers.set(key, answer);
  answer.catch(() => answers.delete(key));
  return answer;
};

export class ElkLayout implements Layout {
  /** Without it ngx-graph folds parallel transitions into one. */
  readonly defaultSettings = { multigraph: true };
  settings: unknown;
  readonly #elk: Elk;
  readonly #input: ElkNode;

  constructor(elk: Elk, graph: ChartGraph, direction: Direction) {
    this.#elk = elk;
    this.#input = elkInput(graph, direction);
  }

  /** Where everything stands. */
  geometry(): Promise<Geometry> {
    return geometryFor(this.#elk, this.#input);
  }

  run(graph: Graph): Observable<Graph> {
    return from(this.geometry()).pipe(map((geometry) => placed(graph, geometry)));
  }

  updateEdge(graph: Graph, _edge: Edge): Observable<Graph> {
    return from([graph]);
  }
}

const placed = (graph: Graph, geometry: Geometry): Graph => {
  const place = <T extends { id: string }>(node: T): T => {
    const box = geometry.boxes.get(node.id);
    if (box === undefined) return node;
    const { x, y, width, height } = box;
    // ngx-graph places by the centre.
    return { ...node, dimension: { width, height }, position: { x: x + width / 2, y: y + height / 2 } };
  };
  const edges = graph.edges.map((edge) => ({
    ...edge,
    points: geometry.routes.get(edge.id ?? '')?.points.map((point) => ({ ...point })) ?? [],
  }));
  return {
    nodes: graph.nodes.map(place),
    clusters: (graph.clusters ?? []).map(place),
    edges,
    edgeLabels: edges,
  };
};
