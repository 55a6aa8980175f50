// Two panes and a handle between them; the share is remembered, the handle works by pointer and by arrow keys.
import {
  ChangeDetectionStrategy,
  Component,
  computed,
  ElementRef,
  inject,
  Injector,
  input,
  linkedSignal,
  type OnInit,
  runInInjectionContext,
  signal,
  type WritableSignal,
} from '@angular/core';
import { between, remembered } from '../util/remembered.ts';
import { texts } from '../util/texts/texts.ts';

const LEAST = 20;
const MOST = 80;
const STEP = 2;

@Component({
  selector: 'am-split',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '[class.stacked]': "along() === 'y'", '[class.dragging]': 'dragging()' },
  template: `
    <div class="pane" [style.flex-basis.%]="share()"><ng-content select="[first]" /></div>
    <div
      class="handle"
      role="separator"
      tabindex="0"
      [attr.aria-label]="t().run.split"
      [attr.aria-orientation]="along() === 'x' ? 'vertical' : 'horizontal'"
      [attr.aria-valuenow]="rounded()"
      aria-valuemin="20"
      aria-valuemax="80"
      (pointerdown)="onDown($event)"
      (pointermove)="onMove($event)"
      (pointerup)="dragging.set(false)"
      (pointercancel)="dragging.set(false)"
      (keydown)="onKey($event)"
    ></div>
    <div class="pane rest"><ng-content select="[second]" /></div>
  `,
  styles: `
    :host {
      display: flex;
      width: 100%;
      height: 100%;
      min-height: 0;
    }
    :host(.stacked) {
      flex-direction: column;
    }
    .pane {
      display: flex;
      flex: none;
      flex-direction: column;
      min-width: 0;
      min-height: 0;
      overflow: hidden;
    }
    .pane.rest {
      flex: 1 1 0;
    }
    .handle {
      position: relative;
      z-index: 2;
      flex: none;
      width: 1px;
      background: var(--hairline);
      cursor: col-resize;
      touch-action: none;
    }
    .handle::after {
      position: absolute;
      inset: 0 -4px;
      content: '';
    }
    :host(.stacked) .handle {
      width: auto;
      height: 1px;
      cursor: row-resize;
    }
    :host(.stacked) .handle::after {
      inset: -4px 0;
    }
    .handle:hover,
    .handle:focus-visible,
    :host(.dragging) .handle {
      outline: none;
      background: var(--accent);
      box-shadow: 0 0 0 1px var(--accent);
    }
    :host(.dragging) .pane {
      pointer-events: none;
      user-select: none;
    }
  `,
})
export class Split implements OnInit {
  /** x: side by side. y: one above the other. */
  readonly along = input<'x' | 'y'>('x');
  /** Name under which the share is remembered. */
  readonly name = input.required<string>();
  /** Share of the first pane at first, per cent. */
  readonly initial = input(50);
  protected readonly t = texts();
  protected readonly dragging = signal(false);
  readonly #host = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  readonly #injector = inject(Injector);
  readonly #stored = signal<WritableSignal<number> | null>(null);
  protected readonly share = linkedSignal(() => this.#stored()?.() ?? this.initial());
  protected readonly rounded = computed(() => Math.round(this.share()));

  ngOnInit(): void {
    this.#stored.set(
      runInInjectionContext(this.#injector, () =>
        remembered<number>(`split-${this.name()}`, this.initial(), between(LEAST, MOST)),
      ),
    );
  }

  protected onDown(event: PointerEvent): void {
    if (event.target instanceof Element) event.target.setPointerCapture(event.pointerId);
    this.dragging.set(true);
    event.preventDefault();
  }

  protected onMove(event: PointerEvent): void {
    if (!this.dragging()) return;
    const frame = this.#host.getBoundingClientRect();
    const share =
      this.along() === 'x'
        ? (event.clientX - frame.left) / frame.width
        : (event.clientY - frame.top) / frame.height;
    this.#set(share * 100);
  }

  protected onKey(event: KeyboardEvent): void {
    const less = event.key === 'ArrowLeft' || event.key === 'ArrowUp';
    if (!less && event.key !== 'ArrowRight' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    this.#set(this.share() + (less ? -STEP : STEP));
  }

  #set(share: number): void {
    this.#stored()?.set(Math.min(MOST, Math.max(LEAST, share)));
  }
}
