// Text that an agent or the engine wrote, shown as text only: folded when long, copied by a button.
import { ChangeDetectionStrategy, Component, computed, input, linkedSignal } from '@angular/core';
import { texts } from '../util/texts/texts.ts';
import { CopyButton } from './copy-button.ts';

/** More lines or characters than this are folded. */
const LINES = 12;
const CHARS = 1_200;

@Component({
  selector: 'am-text-block',
  imports: [CopyButton],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <pre [class.bad]="bad()">{{ shown() }}</pre>
    <am-copy [text]="whole()" />
    @if (long()) {
      <button class="button quiet" type="button" [attr.aria-expanded]="open()" (click)="open.set(!open())">
        {{ open() ? t().timeline.showLess : t().timeline.showAll }}
        <span class="dim">{{ t().timeline.of(lines().length) }}</span>
      </button>
    }
  `,
  styles: `
    :host {
      position: relative;
      display: block;
    }
    pre {
      padding: 8px 32px 8px 10px;
      border: 1px solid var(--hairline);
      border-radius: var(--radius);
      background: var(--page);
      font-size: var(--size-s);
      line-height: 1.55;
      white-space: pre-wrap;
      overflow-wrap: anywhere;
    }
    pre.bad {
      border-color: color-mix(in srgb, var(--st-red) 35%, transparent);
      background: color-mix(in srgb, var(--st-red) 7%, var(--page));
    }
    am-copy {
      position: absolute;
      top: 3px;
      right: 3px;
    }
    .button {
      height: 24px;
      margin-top: 2px;
      padding: 0 6px;
    }
  `,
})
export class TextBlock {
  /** Text, or anything that JSON can show. */
  readonly value = input.required<unknown>();
  readonly bad = input(false);
  readonly startOpen = input(false);
  protected readonly t = texts();
  protected readonly whole = computed(() => {
    const value = this.value();
    return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
  });
  protected readonly lines = computed(() => this.whole().split('\n'));
  protected readonly long = computed(() => this.lines().length > LINES || this.whole().length > CHARS);
  protected readonly open = linkedSignal(() => this.startOpen());
  protected readonly shown = computed(() =>
    this.open() || !this.long()
      ? this.whole()
      : this.lines().slice(0, LINES).join('\n').slice(0, CHARS) + ' …',
  );
}
