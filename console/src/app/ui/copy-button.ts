// Copies a text; says so for a moment.
import { ChangeDetectionStrategy, Component, DestroyRef, inject, input, signal } from '@angular/core';
import { texts } from '../util/texts/texts.ts';
import { Icon } from './icon.ts';

const SAID_MS = 1_500;

@Component({
  selector: 'am-copy',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<button
    class="button quiet icon"
    type="button"
    [class.done]="done()"
    [title]="done() ? t().copy.copied : t().copy.copy"
    [attr.aria-label]="done() ? t().copy.copied : t().copy.copy"
    (click)="copy($event)"
  >
    <am-icon [name]="done() ? 'tick' : 'copy'" [size]="13" />
  </button>`,
  styles: `
    .button {
      width: 24px;
      height: 24px;
    }
    .done {
      color: var(--st-green);
    }
  `,
})
export class CopyButton {
  readonly text = input.required<string>();
  protected readonly t = texts();
  protected readonly done = signal(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    inject(DestroyRef).onDestroy(() => {
      clearTimeout(this.#timer);
    });
  }

  protected copy(event: Event): void {
    event.stopPropagation();
    void navigator.clipboard.writeText(this.text()).then(() => {
      this.done.set(true);
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        this.done.set(false);
      }, SAID_MS);
    });
  }
}
