// A status as glyph, word and colour together; its explanation on hover.
import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { texts } from '../util/texts/texts.ts';
import { Icon } from './icon.ts';
import { isStatusWord, STATUS_ICONS } from './icons.ts';

@Component({
  selector: 'am-status',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '[attr.data-status]': 'word()', '[class.pill]': 'pill()', '[attr.title]': 'hint()' },
  template: `<am-icon [name]="icon()" [size]="14" /><span [class.sr-only]="bare()">{{ text() }}</span>`,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      vertical-align: middle;
      color: var(--st);
      font-size: var(--size-s);
      font-weight: 500;
      white-space: nowrap;
    }
    :host(.pill) {
      height: 24px;
      padding: 0 10px 0 7px;
      border: 1px solid color-mix(in srgb, var(--st) 35%, transparent);
      border-radius: 12px;
      background: color-mix(in srgb, var(--st) 12%, transparent);
    }
  `,
})
export class StatusPill {
  readonly word = input.required<string>();
  /** With a frame, for headers. */
  readonly pill = input(false);
  /** Glyph only; the word stays for screen readers. */
  readonly bare = input(false);
  readonly #t = texts();
  protected readonly icon = computed(() => {
    const word = this.word();
    return isStatusWord(word) ? STATUS_ICONS[word] : 'dot';
  });
  protected readonly text = computed(() => {
    const word = this.word();
    return isStatusWord(word) ? this.#t().status[word] : word.replaceAll('_', ' ');
  });
  protected readonly hint = computed(() => {
    const word = this.word();
    return isStatusWord(word) ? this.#t().statusHint[word] : null;
  });
}
