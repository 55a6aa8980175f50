// A glyph. Decorative: whoever uses it says the same in text, or gives its button a label.
import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { type IconName, ICONS } from './icons.ts';

@Component({
  selector: 'am-icon',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: {
    'aria-hidden': 'true',
    '[class.spin]': "name() === 'spinner'",
    '[class.solid]': "name() === 'dot'",
  },
  template: `<svg viewBox="0 0 16 16" [attr.width]="size()" [attr.height]="size()">
    @if (name() === 'spinner') {
      <circle cx="8" cy="8" r="6.25" class="track" />
    }
    <path [attr.d]="path()" />
  </svg>`,
  styles: `
    :host {
      display: inline-grid;
      flex: none;
      place-items: center;
    }
    svg {
      display: block;
      overflow: visible;
      fill: none;
      stroke: currentcolor;
      stroke-width: 1.5;
      stroke-linecap: round;
      stroke-linejoin: round;
    }
    .track {
      opacity: 0.25;
    }
    :host(.solid) path {
      fill: currentcolor;
    }
    :host(.spin) svg {
      animation: spin 1.1s linear infinite;
    }
    @keyframes spin {
      to {
        transform: rotate(360deg);
      }
    }
  `,
})
export class Icon {
  readonly name = input.required<IconName>();
  /** Pixels. */
  readonly size = input(16);
  protected readonly path = computed(() => ICONS[this.name()]);
}
