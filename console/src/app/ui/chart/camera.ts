// The camera over the chart: it moves only when someone moves it (buttons, keys, wheel, drag, pinch), or to fit.
import type { GraphComponent } from '@swimlane/ngx-graph';
import type { Arrow } from './nearest.ts';

const MARGIN = 16;
const FIT_MAX = 1.15;
const STEP = 60;
export const ZOOM_MIN = 0.15;
export const ZOOM_MAX = 3;

/** The matrix is printed with two decimals, so a zoom that is not rounded down would overflow. */
const floored = (zoom: number): number => Math.floor(zoom * 100) / 100;

/** ngx-graph keeps its matrix in a plain field: whoever moves it from outside has to say so. */
const show = (graph: GraphComponent): void => {
  graph.cd.markForCheck();
};

export class Camera {
  /** Someone has moved it: leave it alone. */
  touched = false;
  readonly #graph: () => GraphComponent | undefined;
  readonly #fingers = new Map<number, { x: number; y: number }>();

  constructor(graph: () => GraphComponent | undefined) {
    this.#graph = graph;
  }

  /** Shows all of a picture of this size. */
  fit({ width, height }: { readonly width: number; readonly height: number }): void {
    const graph = this.#graph();
    if (graph === undefined || width === 0 || !(graph.width > 0)) return;
    const room = Math.min((graph.width - 2 * MARGIN) / width, (graph.height - 2 * MARGIN) / height, FIT_MAX);
    graph.zoomTo(Math.max(floored(room), ZOOM_MIN), { layout: false });
    graph.panTo(width / 2, height / 2);
    show(graph);
    this.touched = false;
  }

  zoom(factor: number): void {
    const graph = this.#graph();
    if (graph === undefined) return;
    this.#zoomAt(graph, factor, graph.width / 2, graph.height / 2);
  }

  move(arrow: Arrow): void {
    const graph = this.#graph();
    if (graph === undefined) return;
    this.touched = true;
    const by = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] }[
      arrow
    ];
    graph.pan(by[0] ?? 0, by[1] ?? 0);
    show(graph);
  }

  /** Watches wheel, drag and pinch on an element; returns how to stop. */
  listen(element: HTMLElement): () => void {
    const onDown = (event: PointerEvent): void => {
      this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    };
    const onMove = (event: PointerEvent): void => {
      const before = this.#fingers.get(event.pointerId);
      if (before === undefined) return;
      if (Math.hypot(event.clientX - before.x, event.clientY - before.y) > 2) this.touched = true;
      this.#pinch(event, element);
      this.#fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    };
    const onUp = (event: PointerEvent): void => {
      this.#fingers.delete(event.pointerId);
    };
    const onWheel = (): void => {
      this.touched = true;
    };
    const listeners = { pointerdown: onDown, pointermove: onMove, wheel: onWheel } as const;
    element.addEventListener('pointerdown', listeners.pointerdown);
    element.addEventListener('pointermove', listeners.pointermove);
    element.addEventListener('wheel', listeners.wheel, { passive: true });
    window.addEventListener('pointerup', onUp);
    window.addEventListener('pointercancel', onUp);
    return () => {
      element.removeEventListener('pointerdown', listeners.pointerdown);
      element.removeEventListener('pointermove', listeners.pointermove);
      element.removeEventListener('wheel', listeners.wheel);
      window.removeEventListener('pointerup', onUp);
      window.removeEventListener('pointercancel', onUp);
    };
  }

  #pinch(event: PointerEvent, element: HTMLElement): void {
    const graph = this.#graph();
    if (graph === undefined || this.#fingers.size !== 2) return;
    const mine = this.#fingers.get(event.pointerId);
    const other = [...this.#fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (mine === undefined || other === undefined) return;
    const before = Math.hypot(mine.x - other.x, mine.y - other.y);
    const after = Math.hypot(event.clientX - other.x, event.clientY - other.y);
    if (before < 8) return;
    const frame = element.getBoundingClientRect();
    const middle = {
      x: (event.clientX + other.x) / 2 - frame.left,
      y: (event.clientY + other.y) / 2 - frame.top,
    };
    this.#zoomAt(graph, after / before, middle.x, middle.y);
  }

  /** Zooms so that the point (in pixels of the graph) stays where it is. */
  #zoomAt(graph: GraphComponent, factor: number, x: number, y: number): void {
    const zoom = Math.min(Math.max(graph.zoomLevel * factor, ZOOM_MIN), ZOOM_MAX);
    const real = zoom / graph.zoomLevel;
    const [px, py] = [(x - graph.panOffsetX) / graph.zoomLevel, (y - graph.panOffsetY) / graph.zoomLevel];
    this.touched = true;
    graph.pan(px, py, true);
    graph.zoom(real);
    graph.pan(-px, -py, true);
    show(graph);
  }
}
