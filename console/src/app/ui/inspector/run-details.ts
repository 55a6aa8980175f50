// What there is to know of the run itself: why it failed and what to do next come first.
import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import type { View } from '#api/contract/view';
import type { TeamRun } from '#machines/nouns/run';
import { errorText } from '../../util/texts/error-texts.ts';
import { Texts } from '../../util/texts/texts.ts';
import { CopyButton } from '../copy-button.ts';
import { Icon } from '../icon.ts';
import { TextBlock } from '../text-block.ts';
import { AttemptCard } from './attempt-card.ts';

@Component({
  selector: 'am-run-details',
  imports: [AttemptCard, CopyButton, Icon, TextBlock],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (view().failure; as failure) {
      <section class="failure">
        <h3><am-icon name="cross" [size]="15" />{{ t().inspector.rootCause }}</h3>
        <p class="where">
          @if (failure.step) {
            <strong>{{ failure.step }}</strong>
          }
          @if (failure.attempt) {
            <span>{{ t().timeline.attempt(failure.attempt) }}</span>
          }
          <code>{{ failure.code }}</code>
        </p>
        <am-text-block [value]="failure.message" [bad]="true" />
        @if (failure.cause) {
          <h4 class="part">{{ t().inspector.cause }}</h4>
          <am-text-block [value]="failure.cause" />
        }
        <h4 class="part">{{ t().inspector.next }}</h4>
        <p class="next">{{ next() }}</p>
        <button class="button" type="button" (click)="eventAsked.emit(failure.eventId)">
          {{ t().inspector.showEvent }}
        </button>
      </section>
    }
    @for (call of view().calls; track call.runId) {
      <am-attempt [attempt]="call" [alone]="true" />
    }
    @if (inputs().length > 0) {
      <h3 class="part">{{ t().inspector.inputs }}</h3>
      <dl class="facts">
        @for (input of inputs(); track input.name) {
          <dt class="mono">{{ input.name }}</dt>
          <dd class="mono">{{ input.text }}</dd>
        }
      </dl>
    }
    @if (view().template; as template) {
      <h3 class="part">{{ t().inspector.template }}</h3>
      <dl class="facts">
        <dt>{{ t().inspector.template }}</dt>
        <dd>{{ template.name }}</dd>
        @if (template.hash; as hash) {
          <dt>{{ t().inspector.hash }}</dt>
          <dd class="mono">{{ hash.slice(0, 12) }}<am-copy [text]="hash" /></dd>
        }
        @if (template.origin) {
          <dt>{{ t().inspector.origin }}</dt>
          <dd>{{ template.origin }}</dd>
        }
        @if (template.commit) {
          <dt>{{ t().inspector.commit }}</dt>
          <dd class="mono">{{ template.commit.slice(0, 12) }}</dd>
        }
      </dl>
    }
    @if (team(); as run) {
      <h3 class="part">{{ t().inspector.enabled }}</h3>
      <p class="enabled">
        @for (event of run.enabled; track event) {
          <span class="chip mono">{{ event }}</span>
        } @empty {
          <span class="dim">{{ t().inspector.none }}</span>
        }
      </p>
    }
  `,
  styles: `
    .failure {
      margin-bottom: 16px;
      padding: 12px;
      border: 1px solid color-mix(in srgb, var(--st-red) 40%, transparent);
      border-radius: var(--radius);
      background: color-mix(in srgb, var(--st-red) 6%, var(--panel));
    }
    .failure h3 {
      display: flex;
      align-items: center;
      gap: 6px;
      color: var(--st-red);
    }
    .where {
      display: flex;
      flex-wrap: wrap;
      gap: 8px;
      margin: 4px 0 8px;
      font-size: var(--size-s);
    }
    .where code {
      color: var(--st-red);
    }
    .next {
      margin-bottom: 10px;
    }
    .enabled {
      display: flex;
      flex-wrap: wrap;
      gap: 6px;
    }
  `,
})
export class RunDetails {
  readonly view = input.required<View>();
  readonly team = input<TeamRun | null>(null);
  /** Id of an event that someone wants to see. */
  readonly eventAsked = output<string>();
  readonly #texts = inject(Texts);
  protected readonly t = this.#texts.t;
  /** In English what the engine says; else the catalogue's words for the code. */
  protected readonly next = computed(() => {
    const failure = this.view().failure;
    const language = this.#texts.language();
    const known = language === 'en' ? null : errorText(failure?.code ?? null, language);
    return known?.[1] ?? failure?.next ?? '';
  });
  protected readonly inputs = computed(() =>
    Object.entries(this.view().inputs).map(([name, value]) => ({
      name,
      text: typeof value === 'string' ? value : JSON.stringify(value),
    })),
  );
}
