// A list of any length that keeps only the rows in view in the page. Rows may have different heights; they are measured.
import { NgTemplateOutlet } from '@angular/common';
import {
  ChangeDetectionStrategy,
  Component,
  computed,
  contentChild,
  DestroyRef,
  Directive,
  effect,
  ElementRef,
  inject,
  input,
  model,
  signal,
  TemplateRef,
  untracked,
} from '@angular/core';
import { indexAt, offsetsOf } from './row-offsets.ts';

export interface ListRow {
  /** Identity of the row: stays while its content changes. */
  readonly key: string;
}

/** Rows kept above and below the view. */
const OVERSCAN = 8;
/** This near to the end counts as the end, pixels. */
const NEAR_END = 24;

/** Reports the height of a row whenever it changes. */
@Directive({ selector: '[amMeasured]' })
export class Measured {
  readonly amMeasured = input.required<string>();
  readonly #list = inject(VirtualList);
  readonly #element = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;

  constructor() {
    const observer = new ResizeObserver(() => {
      this.#list.measured(this.amMeasured(), this.#element.offsetHeight);
    });
    observer.observe(this.#element);
    inject(DestroyRef).onDestroy(() => {
      observer.disconnect();
    });
  }
}

@Component({
  selector: 'am-virtual-list',
  imports: [NgTemplateOutlet, Measured],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '(scroll)': 'onScroll()' },
  template: `<div
    class="all"
    [style.height.px]="height()"
    [attr.role]="listRole()"
    [attr.aria-label]="label()"
    [attr.aria-rowcount]="rows().length"
  >
    @for (row of shown(); track row.key) {
      <div
        class="row"
        [attr.role]="listRole() === 'list' ? 'listitem' : null"
        [style.transform]="'translateY(' + topOf(row.key) + 'px)'"
        [amMeasured]="row.key"
      >
        <ng-container [ngTemplateOutlet]="template()" [ngTemplateOutletContext]="{ $implicit: row }" />
      </div>
    }
  </div>`,
  styles: `
    :host {
      display: block;
      min-height: 0;
      overflow: hidden auto;
      overflow-anchor: none;
      overscroll-behavior: contain;
    }
    .all {
      position: relative;
    }
    .row {
      position: absolute;
      inset: 0 0 auto;
    }
  `,
})
export class VirtualList<T extends ListRow> {
  readonly rows = input.required<readonly T[]>();
  /** Height of a row before it is measured. */
  readonly rowHeight = input(28);
  readonly label = input('');
  readonly listRole = input<'list' | 'rowgroup' | 'presentation'>('list');
  /** Stays at the end as rows are added; ends when someone scrolls up, begins again at the end. */
  readonly following = model(false);
  protected readonly template = contentChild.required<TemplateRef<{ $implicit: T }>>(TemplateRef);

  readonly #host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  readonly #heights = signal<ReadonlyMap<string, number>>(new Map());
  readonly #scroll = signal({ top: 0, height: 0 });
  readonly #offsets = computed(() => {
    const heights = this.#heights();
    return offsetsOf(this.rows(), (row) => heights.get(row.key) ?? this.rowHeight());
  });
  readonly #index = computed(() => new Map(this.rows().map((row, index) => [row.key, index])));
  protected readonly height = computed(() => this.#offsets().at(-1) ?? 0);
  protected readonly shown = computed(() => {
    const { top, height } = this.#scroll();
    const offsets = this.#offsets();
    const first = Math.max(0, indexAt(offsets, top) - OVERSCAN);
    const last = indexAt(offsets, top + height) + OVERSCAN + 1;
    return this.rows().slice(first, last);
  });

  constructor() {
    const observer = new ResizeObserver(() => {
      this.#read();
      if (this.following()) this.toEnd();
    });
    observer.observe(this.#host);
    inject(DestroyRef).onDestroy(() => {
      observer.disconnect();
    });
    effect(() => {
      this.height();
      if (this.following())
        untracked(() => {
          // After the rows of this change are in the page.
          requestAnimationFrame(() => {
            if (this.following()) this.toEnd();
          });
        });
    });
  }

  protected topOf(key: string): number {
    return this.#offsets()[this.#index().get(key) ?? 0] ?? 0;
  }

  /** Takes note of a row's real height. */
  measured(key: string, height: number): void {
    if (height === 0 || (this.#heights().get(key) ?? this.rowHeight()) === height) return;
    this.#heights.update((heights) => new Map(heights).set(key, height));
  }

  toEnd(): void {
    this.#host.scrollTop = this.#host.scrollHeight;
    this.#read();
  }

  /** Brings a row into view; moves nothing when it is there already. */
  reveal(key: string): void {
    const index = this.#index().get(key);
    if (index === undefined) return;
    const [top, end] = [this.#offsets()[index] ?? 0, this.#offsets()[index + 1] ?? 0];
    const { scrollTop, clientHeight } = this.#host;
    if (top < scrollTop) this.#host.scrollTop = Math.max(0, top - 2 * this.rowHeight());
    else if (end > scrollTop + clientHeight)
      this.#host.scrollTop = Math.min(top, end - clientHeight + 2 * this.rowHeight());
    this.#read();
  }

  protected onScroll(): void {
    const before = this.#scroll().top;
    this.#read();
    const { scrollTop, scrollHeight, clientHeight } = this.#host;
    if (scrollTop + clientHeight >= scrollHeight - NEAR_END) this.following.set(true);
    else if (scrollTop < before) this.following.set(false);
  }

  #read(): void {
    const { scrollTop, clientHeight } = this.#host;
    const { top, height } = this.#scroll();
    if (top !== scrollTop || height !== clientHeight)
      this.#scroll.set({ top: scrollTop, height: clientHeight });
  }
}
