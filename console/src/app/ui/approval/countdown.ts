// How long is left to decide: a ring that empties, and the time beside it.
import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { Format } from '../../util/format.ts';
import { Now } from '../../util/now.ts';
import { texts } from '../../util/texts/texts.ts';

/** Less than this is urgent. */
const URGENT_MS = 60_000;

@Component({
  selector: 'am-countdown',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '[class.urgent]': 'urgent()', '[attr.title]': 't().approval.left' },
  template: `<svg viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
      <circle cx="10" cy="10" r="8" pathLength="100" class="all" />
      <circle
        cx="10"
        cy="10"
        r="8"
        pathLength="100"
        class="left"
        transform="rotate(-90 10 10)"
        [attr.stroke-dasharray]="share() + ' 100'"
      />
    </svg>
    <span class="sr-only">{{ t().approval.left }}</span>
    <span role="timer">{{ text() }}</span>`,
  styles: `
    :host {
      display: inline-flex;
      gap: 6px;
      align-items: center;
      color: var(--st-amber);
      font-size: var(--size-s);
      white-space: nowrap;
    }
    :host(.urgent) {
      color: var(--st-red);
    }
    circle {
      fill: none;
      stroke-width: 2.5;
    }
    .all {
      stroke: var(--hairline-strong);
    }
    .left {
      stroke: currentColor;
    }
  `,
})
export class Countdown {
  readonly from = input.required<string>();
  readonly to = input.required<string>();
  protected readonly t = texts();
  readonly #now = inject(Now);
  readonly #format = inject(Format);
  readonly #left = computed(() => Math.max(0, Date.parse(this.to()) - this.#now.ms()));
  protected readonly text = computed(() => this.#format.duration()(this.#left()));
  protected readonly urgent = computed(() => this.#left() < URGENT_MS);
  protected readonly share = computed(() => {
    const whole = Math.max(1, Date.parse(this.to()) - Date.parse(this.from()));
    return Math.min(100, Math.round((100 * this.#left()) / whole));
  });
}
