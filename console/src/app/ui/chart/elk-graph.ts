// From what is drawn to ELK's input, and from its answer to places: boxes by their centre, routes as points, pills by their box. Pure.
import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js';
import type { ChartGraph, ChartLink } from './chart-graph.ts';
import { roundedPath, type Point } from './rounded-path.ts';

export type Direction = 'RIGHT' | 'DOWN';

const ROOT = 'root:';
const CORNER = 7;
/** Room for the title of a cluster, above what is in it. */
const TITLE = 30;

const layoutOptions = (direction: Direction): Record<string, string> => ({
  'elk.algorithm': 'layered',
  'elk.direction': direction,
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.padding': '[top=12,left=12,bottom=12,right=12]',
  'elk.spacing.nodeNode': '20',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '10',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelLabel': '6',
  'elk.layered.spacing.nodeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeNodeBetweenLayers': '9',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  'elk.layered.cycleBreaking.strategy': 'GREEDY',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.thoroughness': '20',
});

const edgeOf = (link: ChartLink): ElkExtendedEdge => ({
  id: link.id,
  sources: [link.source],
  targets: [link.target],
  // Keeps the reading order where the chart has circles (retrying goes back).
  layoutOptions: { 'elk.layered.priority.direction': link.forward ? '10' : '0' },
  labels: link.initial
    ? []
    : [
        {
          id: `${link.id}:label`,
          text: link.lines.map(({ label }) => label).join(' '),
          width: link.width,
          height: link.height,
          layoutOptions: { 'elk.edgeLabels.inline': 'true', 'elk.edgeLabels.placement': 'CENTER' },
        },
      ],
});

/** ELK's input: clusters nested as the chart nests them, all edges at the root. */
export const elkInput = (graph: ChartGraph, direction: Direction): ElkNode => {
  const childrenOf = (parent: string | null): ElkNode[] => [
    ...graph.nodes
      .filter((node) => node.parent === parent)
      .map(({ id, width, height }): ElkNode => ({ id, width, height })),
    ...graph.clusters
      .filter((cluster) => cluster.parent === parent)
      .map(({ id, titleWidth }): ElkNode => ({
        id,
        children: childrenOf(id),
        // Nothing else: the rest holds for the whole hierarchy, and ELK fails on a model order given twice.
        layoutOptions: {
          'elk.padding': `[top=${String(TITLE + 8)},left=18,bottom=14,right=16]`,
          'elk.nodeSize.constraints': 'MINIMUM_SIZE',
          'elk.nodeSize.minimum': `(${String(titleWidth)},60)`,
        },
      })),
  ];
  return {
    id: ROOT,
    layoutOptions: layoutOptions(direction),
    children: childrenOf(null),
    edges: graph.links.map(edgeOf),
  };
};

export interface Box {
  /** Upper left corner. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Route {
  readonly points: readonly Point[];
  /** The `d` of its path, corners rounded. */
  readonly d: string;
  /** Where its pill stands; null without a label. */
  readonly pill: Box | null;
}

export interface Geometry {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly routes: ReadonlyMap<string, Route>;
}

const boxOf = ({ x = 0, y = 0, width = 0, height = 0 }: Partial<Box>): Box => ({ x, y, width, height });

const allNodes = (node: ElkNode): ElkNode[] => [node, ...(node.children ?? []).flatMap(allNodes)];
const allEdges = (node: ElkNode): ElkExtendedEdge[] => [
  ...(node.edges ?? []),
  ...(node.children ?? []).flatMap(allEdges),
];

/** The places of ELK's answer, all from the upper left corner of the whole. */
export const geometryOf = (answer: ElkNode): Geometry => {
  const boxes = new Map(
    allNodes(answer)
      .filter(({ id }) => id !== ROOT)
      .map((node) => [node.id, boxOf(node)]),
  );
  const routes = new Map(
    allEdges(answer).map((edge) => {
      const points = (edge.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [
        startPoint,
        ...bendPoints,
        endPoint,
      ]);
      const [label] = edge.labels ?? [];
      return [
        edge.id,
        { points, d: roundedPath(points, CORNER), pill: label === undefined ? null : boxOf(label) },
      ];
    }),
  );
  return { width: answer.width ?? 0, height: answer.height ?? 0, boxes, routes };
};
