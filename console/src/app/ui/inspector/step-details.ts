// A step: who does it, its attempts one by one, and what it gave.
import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';
import type { StepTrack } from '#api/contract/view';
import type { StepView } from '#machines/nouns/run';
import { texts } from '../../util/texts/texts.ts';
import { StatusPill } from '../status-pill.ts';
import { TextBlock } from '../text-block.ts';
import { AttemptCard } from './attempt-card.ts';

@Component({
  selector: 'am-step-details',
  imports: [AttemptCard, StatusPill, TextBlock],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dl class="facts">
      <dt>{{ t().inspector.state }}</dt>
      <dd><am-status [word]="track().state" /></dd>
      @if (track().role; as role) {
        <dt>{{ t().inspector.role }}</dt>
        <dd>{{ role }}</dd>
      }
      @if (agent(); as name) {
        <dt>{{ t().inspector.agent }}</dt>
        <dd>{{ name }}</dd>
      }
      @if (known(); as step) {
        <dt>{{ t().inspector.retriesLeft }}</dt>
        <dd>{{ step.retries_left }}</dd>
      }
    </dl>
    <h3 class="part">{{ t().inspector.attempts }}</h3>
    @for (attempt of attempts(); track attempt.runId) {
      <am-attempt [attempt]="attempt" />
    } @empty {
      <p class="dim">{{ t().inspector.noAttempts }}</p>
    }
    @if (output() !== null) {
      <h3 class="part">{{ t().inspector.output }}</h3>
      <am-text-block [value]="output()" />
    }
  `,
})
export class StepDetails {
  readonly track = input.required<StepTrack>();
  readonly known = input<StepView | null>(null);
  protected readonly t = texts();
  protected readonly agent = computed(() => this.track().agent ?? this.known()?.agent ?? null);
  protected readonly attempts = computed(() => this.track().attempts.toReversed());
  protected readonly output = computed(() => this.known()?.output ?? null);
}
