// An error with its code and what to do about it.
import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { errorText } from '../util/texts/error-texts.ts';
import { Texts } from '../util/texts/texts.ts';
import { Icon } from './icon.ts';

@Component({
  selector: 'am-problem',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { role: 'alert' },
  template: `
    <am-icon name="warning" [size]="16" />
    <div>
      <strong>{{ title() }}</strong>
      @for (line of lines(); track line) {
        <p>{{ line }}</p>
      }
      @if (remedy(); as what) {
        <p class="dim">{{ what }}</p>
      }
      @if (code(); as word) {
        <code>{{ word }}</code>
      }
      <ng-content />
    </div>
  `,
  styles: `
    :host {
      display: flex;
      gap: 10px;
      padding: 10px 12px;
      border: 1px solid color-mix(in srgb, var(--st-red) 35%, transparent);
      border-radius: var(--radius);
      background: color-mix(in srgb, var(--st-red) 8%, var(--panel));
    }
    am-icon {
      height: 20px;
      color: var(--st-red);
    }
    strong {
      font-weight: 600;
    }
    p {
      overflow-wrap: anywhere;
    }
    code {
      color: var(--dim);
    }
  `,
})
export class ProblemNote {
  readonly title = input.required<string>();
  readonly problem = input.required<{
    readonly code: string | null;
    readonly message: string;
    readonly remedy: string | null;
  }>();
  readonly #texts = inject(Texts);
  readonly #known = computed(() => errorText(this.problem().code, this.#texts.language()));
  protected readonly code = computed(() => this.problem().code);
  /** The words of the daemon are more exact than the catalogue's; in another language both are shown. */
  protected readonly lines = computed(() => {
    const { message } = this.problem();
    const title = this.#known()?.[0];
    return this.#texts.language() === 'en' || title === undefined ? [message] : [title, message];
  });
  protected readonly remedy = computed(() => this.#known()?.[1] ?? this.problem().remedy);
}
