// A moment: relative, with the exact time on hover.
import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { Format } from '../util/format.ts';
import { Now } from '../util/now.ts';

@Component({
  selector: 'am-when',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<time [attr.datetime]="ts()" [title]="exact()">{{ text() }}</time>`,
  styles: `
    :host {
      white-space: nowrap;
    }
  `,
})
export class When {
  /** RFC 3339. */
  readonly ts = input.required<string>();
  readonly #now = inject(Now);
  readonly #format = inject(Format);
  protected readonly text = computed(() => this.#format.relative()(this.ts(), this.#now.ms()));
  protected readonly exact = computed(() => this.#format.absolute()(this.ts()));
}
