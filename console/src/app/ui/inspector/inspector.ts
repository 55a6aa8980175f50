// The details beside chart and timeline: of the selected state or line, else of the run.
import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import type { TimelineItem, View } from '#api/contract/view';
import type { EventV1 } from '#machines/nouns/event';
import type { Chart, TeamRun } from '#machines/nouns/run';
import { texts } from '../../util/texts/texts.ts';
import { Icon } from '../icon.ts';
import type { Selection } from '../selection.ts';
import { ItemDetails } from './item-details.ts';
import { RunDetails } from './run-details.ts';
import { StepDetails } from './step-details.ts';

@Component({
  selector: 'am-inspector',
  imports: [Icon, ItemDetails, RunDetails, StepDetails],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <header>
      <h2>{{ t().inspector.title }}</h2>
      <span class="what ellipsis">{{ what() }}</span>
      @if (selection() !== null) {
        <button
          class="button quiet icon"
          type="button"
          [title]="t().inspector.close"
          [attr.aria-label]="t().inspector.close"
          (click)="closed.emit()"
        >
          <am-icon name="close" [size]="14" />
        </button>
      }
    </header>
    <div class="body">
      @if (step(); as one) {
        <am-step-details [track]="one" [known]="known()" />
      } @else if (item(); as one) {
        <am-item-details [item]="one" [events]="events()" />
      } @else {
        <am-run-details [view]="view()" [team]="team()" (eventAsked)="showEvent($event)" />
      }
    </div>
  `,
  styles: `
    :host {
      display: flex;
      flex: 1;
      flex-direction: column;
      min-height: 0;
      background: var(--panel);
    }
    header {
      display: flex;
      flex: none;
      align-items: center;
      gap: 8px;
      height: 36px;
      padding: 0 6px 0 14px;
      border-bottom: 1px solid var(--hairline);
    }
    .what {
      flex: 1;
      color: var(--dim);
      font-size: var(--size-s);
    }
    .body {
      flex: 1;
      min-height: 0;
      padding: 12px 14px 20px;
      overflow: auto;
    }
  `,
})
export class Inspector {
  readonly view = input.required<View>();
  readonly team = input<TeamRun | null>(null);
  readonly chart = input<Chart | null>(null);
  readonly events = input.required<ReadonlyMap<number, EventV1>>();
  readonly selection = input<Selection | null>(null);
  readonly closed = output();
  readonly itemAsked = output<number>();
  protected readonly t = texts();

  readonly #state = computed(() => {
    const selection = this.selection();
    return selection?.type === 'state'
      ? (this.chart()?.states.find((state) => state.id === selection.id) ?? null)
      : null;
  });
  protected readonly step = computed(() => {
    const id = this.#state()?.step ?? null;
    return id === null ? null : (this.view().steps.find((step) => step.id === id) ?? null);
  });
  protected readonly known = computed(
    () => this.team()?.steps.find((step) => step.id === this.step()?.id) ?? null,
  );
  protected readonly item = computed<TimelineItem | null>(() => {
    const selection = this.selection();
    return selection?.type === 'item'
      ? (this.view().items.find((item) => item.seq === selection.seq) ?? null)
      : null;
  });
  protected readonly what = computed(() => {
    const item = this.item();
    if (item !== null) return `${this.t().kinds[item.kind]} · ${String(item.seq)}`;
    return this.#state()?.name ?? this.t().inspector.run;
  });

  protected showEvent(eventId: string): void {
    const seq = [...this.events().values()].find((event) => event.id === eventId)?.seq;
    const item = this.view().items.find((one) => seq !== undefined && one.seqs.includes(seq));
    if (item !== undefined) this.itemAsked.emit(item.seq);
  }
}
