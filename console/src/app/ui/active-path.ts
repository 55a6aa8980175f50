// Where the run is now, as a short list: steps in their order with their states. Takes the chart's place on narrow screens.
import { ChangeDetectionStrategy, Component, computed, input, output } from '@angular/core';
import type { View } from '#api/contract/view';
import type { Chart, TeamRun } from '#machines/nouns/run';
import { texts } from '../util/texts/texts.ts';
import { stateInfo } from './chart/state-info.ts';
import { Icon } from './icon.ts';
import { STATUS_ICONS } from './icons.ts';

@Component({
  selector: 'am-active-path',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<ol [attr.aria-label]="t().chart.path">
    @for (row of rows(); track row.id) {
      <li [attr.data-status]="row.status" [class.active]="row.active">
        <button type="button" [attr.aria-current]="row.active ? 'step' : null" (click)="chosen.emit(row.id)">
          <am-icon [name]="row.glyph" [size]="16" />
          <span class="name">{{ row.name }}</span>
          <span class="note">{{ row.note }}</span>
          <span class="word">{{ row.word }}</span>
        </button>
      </li>
    }
  </ol>`,
  styles: `
    :host {
      display: block;
      padding: 8px 12px;
      border-bottom: 1px solid var(--hairline);
      background: var(--panel);
    }
    li button {
      position: relative;
      display: grid;
      grid-template-columns: 16px auto 1fr auto;
      align-items: center;
      gap: 10px;
      width: 100%;
      min-height: 40px;
      padding: 4px 10px;
      border: 1px solid transparent;
      border-radius: var(--radius);
      background: none;
      text-align: left;
    }
    li am-icon,
    .word {
      color: var(--st);
    }
    li + li button::before {
      position: absolute;
      top: -8px;
      left: 17px;
      width: 1px;
      height: 16px;
      background: var(--hairline-strong);
      content: '';
    }
    li.active button {
      border-color: color-mix(in srgb, var(--st) 50%, transparent);
      background: color-mix(in srgb, var(--st) 10%, transparent);
    }
    .name {
      font-weight: 600;
    }
    .note,
    .word {
      font-size: var(--size-xs);
    }
    .note {
      overflow: hidden;
      color: var(--dim);
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .word {
      font-weight: 500;
    }
  `,
})
export class ActivePath {
  readonly chart = input.required<Chart>();
  readonly view = input.required<View>();
  readonly team = input<TeamRun | null>(null);
  readonly chosen = output<string>();
  protected readonly t = texts();
  protected readonly rows = computed(() => {
    const t = this.t();
    const chart = this.chart();
    const active = new Set(this.view().activeStates);
    const info = stateInfo(chart, this.view(), this.team());
    return chart.states
      .filter(
        ({ id, step, type }) =>
          step !== null || (active.has(id) && type !== 'compound' && type !== 'parallel'),
      )
      .map(({ id, name }) => {
        const known = info.get(id);
        const status = known?.status ?? 'pending';
        const attempt =
          known !== undefined && known.attempt > 0 ? t.chart.attempt(known.attempt, known.attemptsMax) : '';
        return {
          id,
          name,
          status,
          active: active.has(id),
          glyph: STATUS_ICONS[status],
          word: t.status[status],
          note: [attempt, known?.agent ?? ''].filter(Boolean).join(' · '),
        };
      });
  });
}
