// The state chart of a run: drawn once by ngx-graph, laid out by ELK; afterwards only signals change, so nothing moves.
import {
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  effect,
  ElementRef,
  inject,
  input,
  output,
  signal,
  untracked,
  viewChild,
  ViewEncapsulation,
} from '@angular/core';
import { type ClusterNode, type Edge, GraphComponent, LayoutService, type Node } from '@swimlane/ngx-graph';
import type { View } from '#api/contract/view';
import type { Chart, TeamRun } from '#machines/nouns/run';
import { oneOf, remembered } from '../../util/remembered.ts';
import { texts } from '../../util/texts/texts.ts';
import { Icon } from '../icon.ts';
import { ICONS, STATUS_ICONS, type StatusWord } from '../icons.ts';
import { Camera } from './camera.ts';
import { chartGraph, type ChartLink, type ChartNode, type LinkLine } from './chart-graph.ts';
import type { Direction, Geometry, Route } from './elk-graph.ts';
import { ELK_ENGINE, ElkLayout } from './elk-layout.ts';
import { isArrow, nearest } from './nearest.ts';
import { progressOf } from './progress.ts';
import { stateInfo } from './state-info.ts';
import { textMeasure } from './text-width.ts';

@Component({
  selector: 'am-state-chart',
  imports: [GraphComponent, Icon],
  providers: [LayoutService],
  changeDetection: ChangeDetectionStrategy.OnPush,
  // ngx-graph renders outside our scope; every rule is nested under the tag instead.
  encapsulation: ViewEncapsulation.None,
  templateUrl: './state-chart.html',
  styleUrls: ['./state-chart.css', './chart-links.css'],
})
export class StateChart {
  readonly chart = input.required<Chart>();
  readonly view = input.required<View>();
  readonly team = input<TeamRun | null>(null);
  /** Id of the selected state. */
  readonly selected = input<string | null>(null);
  readonly chosen = output<string>();

  protected readonly t = texts();
  protected readonly icons = ICONS;
  protected readonly failed = signal(false);
  protected readonly geometry = signal<Geometry | null>(null);
  protected readonly direction = remembered<Direction | 'auto'>(
    'chart-direction',
    'auto',
    oneOf('auto', 'RIGHT', 'DOWN'),
  );
  protected readonly graphRef = viewChild(GraphComponent);
  readonly #elk = inject(ELK_ENGINE);
  readonly #host = inject<ElementRef<HTMLElement>>(ElementRef);
  readonly #measure = textMeasure();
  readonly #wide = signal(true);

  readonly #graph = computed(() => {
    const t = this.t();
    return chartGraph(
      this.chart(),
      this.#measure,
      (state) => `${t.chart.attempt(2, 3)} · ${state.agent ?? ''}`,
    );
  });
  readonly #flow = computed<Direction>(() => {
    const chosen = this.direction();
    return chosen === 'auto' ? (this.#wide() ? 'RIGHT' : 'DOWN') : chosen;
  });
  protected readonly layout = computed(() => new ElkLayout(this.#elk, this.#graph(), this.#flow()));
  readonly #links = computed(() => new Map(this.#graph().links.map((link) => [link.id, link])));
  readonly #nodes = computed(() => new Map(this.#graph().nodes.map((node) => [node.id, node])));

  // What ngx-graph is given changes with the chart, the language or the direction only; never with a run's events.
  protected readonly nodes = computed<Node[]>(() =>
    this.#graph().nodes.map(({ id, width, height }) => ({ id, dimension: { width, height } })),
  );
  protected readonly clusters = computed<ClusterNode[]>(() =>
    this.#graph().clusters.map(({ id }) => ({
      id,
      dimension: { width: 10, height: 10 },
      childNodeIds: this.#graph()
        .nodes.filter((node) => node.parent === id)
        .map((node) => node.id),
    })),
  );
  protected readonly edges = computed<Edge[]>(() =>
    this.#graph().links.map(({ id, source, target }) => ({ id, source, target })),
  );

  // What the templates read for each event.
  readonly #info = computed(() => stateInfo(this.chart(), this.view(), this.team()));
  readonly #progress = computed(() => progressOf(this.chart(), this.view().items, this.view().activeStates));
  readonly #active = computed(() => new Set(this.view().activeStates));
  protected readonly announcement = computed(() => {
    const id = this.selected();
    const state = this.chart().states.find((one) => one.id === id);
    if (id === null || state === undefined) return '';
    const status = this.statusOf(id);
    return [state.name, status === null ? '' : this.t().status[status], this.noteOf(id)]
      .filter(Boolean)
      .join(', ');
  });
  readonly #camera = new Camera(() => this.graphRef());

  constructor() {
    const element = this.#host.nativeElement;
    const observer = new ResizeObserver(() => {
      if (this.geometry() === null) this.#wide.set(element.clientWidth > element.clientHeight * 2.6);
      else if (!this.#camera.touched) this.fit();
    });
    observer.observe(element);
    const release = this.#camera.listen(element);
    inject(DestroyRef).onDestroy(() => {
      observer.disconnect();
      release();
    });
    effect(() => {
      const layout = this.layout();
      untracked(() => {
        this.failed.set(false);
        layout.geometry().then(
          (geometry) => {
            if (layout !== this.layout()) return;
            this.geometry.set(geometry);
            // ngx-graph tells of its first drawing only; a chart that was turned is fitted here.
            requestAnimationFrame(() => {
              this.drawn();
            });
          },
          (error: unknown) => {
            console.error(error);
            this.failed.set(true);
          },
        );
      });
    });
  }

  protected node(id: string): ChartNode | undefined {
    return this.#nodes().get(id);
  }

  protected link(id: string | undefined): ChartLink | undefined {
    return this.#links().get(id ?? '');
  }

  protected route(id: string | undefined): Route | undefined {
    return this.geometry()?.routes.get(id ?? '');
  }

  protected title(id: string): string {
    return this.chart().states.find((state) => state.id === id)?.name ?? id;
  }

  protected isActive(id: string): boolean {
    return this.#active().has(id);
  }

  protected isVisited(id: string): boolean {
    return this.#progress().visited.has(id);
  }

  /** How often a line of a pill was taken. */
  protected lineCount(line: LinkLine): number {
    const { taken } = this.#progress();
    return line.transitions.reduce((sum, id) => sum + (taken.get(id) ?? 0), 0);
  }

  protected isTaken(link: ChartLink): boolean {
    return this.#progress().taken.has(link.id) || link.lines.some((line) => this.lineCount(line) > 0);
  }

  protected statusOf(id: string): StatusWord | null {
    return this.#info().get(id)?.status ?? null;
  }

  protected glyphOf(id: string): string {
    const status = this.statusOf(id);
    return status === null ? ICONS.circle : ICONS[STATUS_ICONS[status]];
  }

  protected noteOf(id: string): string {
    const info = this.#info().get(id);
    if (info === undefined) return '';
    const attempt = info.attempt > 0 ? this.t().chart.attempt(info.attempt, info.attemptsMax) : '';
    return [attempt, info.agent ?? ''].filter(Boolean).join(' · ');
  }

  protected drawn(): void {
    if (!this.#camera.touched) this.fit();
  }

  /** Shows the whole chart. */
  fit(): void {
    const geometry = this.geometry();
    if (geometry !== null) this.#camera.fit(geometry);
  }

  protected zoom(factor: number): void {
    this.#camera.zoom(factor);
  }

  protected turn(): void {
    this.direction.set(this.#flow() === 'RIGHT' ? 'DOWN' : 'RIGHT');
    this.#camera.touched = false;
  }

  protected onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (isArrow(key)) {
      if (event.shiftKey) this.#camera.move(key);
      else this.#choose(key);
    } else if (key === '+' || key === '=') this.zoom(1.25);
    else if (key === '-' || key === '_') this.zoom(0.8);
    else if (key === '0' || key === 'f') this.fit();
    else if (key === 'd') this.turn();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #choose(arrow: Parameters<typeof nearest>[2]): void {
    const geometry = this.geometry();
    if (geometry === null) return;
    const states = new Set(
      this.chart()
        .states.filter(({ type }) => type !== 'history')
        .map(({ id }) => id),
    );
    const boxes = new Map([...geometry.boxes].filter(([id]) => states.has(id)));
    const from = this.selected() ?? this.view().activeStates.at(-1) ?? '';
    const [first] = boxes.keys();
    const next = boxes.has(from) ? nearest(boxes, from, arrow) : (first ?? null);
    if (next !== null) this.chosen.emit(next);
  }
}
