// How long something took, or has taken so far: the text ticks while it is open.
import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { Format } from '../util/format.ts';
import { Now } from '../util/now.ts';

@Component({
  selector: 'am-duration',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `{{ text() }}`,
  styles: `
    :host {
      white-space: nowrap;
    }
  `,
})
export class Duration {
  /** RFC 3339; nothing is shown without a start. */
  readonly from = input.required<string | null>();
  /** Null while it goes on. */
  readonly to = input.required<string | null>();
  readonly #now = inject(Now);
  readonly #format = inject(Format);
  protected readonly text = computed(() => {
    const [from, to] = [this.from(), this.to()];
    if (from === null) return '';
    return this.#format.duration()((to === null ? this.#now.ms() : Date.parse(to)) - Date.parse(from));
  });
}
