// An error with its code and what to do about it.
import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import { texts } from '../util/texts/texts.ts';
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
      <p>{{ message() }}</p>
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
  readonly #t = texts();
  protected readonly code = computed(() => this.problem().code);
  protected readonly message = computed(() =>
    this.problem().code === 'daemon_unreachable' ? this.#t().problem.noAnswer : this.problem().message,
  );
  protected readonly remedy = computed(() =>
    this.problem().code === 'daemon_unreachable' ? this.#t().problem.noAnswerNext : this.problem().remedy,
  );
}
