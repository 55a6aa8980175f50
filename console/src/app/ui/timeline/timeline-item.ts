// One row of the timeline: 28 px, and below it what is folded in it. Text is shown as text, never as markup.
import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { Format } from '../../util/format.ts';
import { texts } from '../../util/texts/texts.ts';
import { Icon } from '../icon.ts';
import { type IconName, isStatusWord, KIND_ICONS, STATUS_ICONS } from '../icons.ts';
import { TextBlock } from '../text-block.ts';
import { itemTitle } from './item-title.ts';
import type { ItemRow } from './timeline-rows.ts';

/** Glyphs of what agents ask, by the words of the timeline. */
const APPROVAL_ICONS: Readonly<Record<string, IconName>> = {
  'waiting-approval': 'hand',
  'approval-approved': 'check',
  'approval-rejected': 'cross',
  'approval-refused': 'cross',
  'approval-expired': 'hourglass',
  'approval-withdrawn': 'none',
};

@Component({
  selector: 'am-timeline-item',
  imports: [Icon, TextBlock],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './timeline-item.html',
  styleUrl: './timeline-item.css',
  host: {
    '[class.inside]': 'row().inside',
    '[class.selected]': 'selected()',
    '[attr.data-severity]': 'item().severity',
    '[attr.data-kind]': 'item().kind',
    '[attr.data-seqs]': "item().seqs.join(',')",
  },
})
export class TimelineItemRow {
  readonly row = input.required<ItemRow>();
  readonly selected = input(false);
  readonly chosen = output();
  readonly turned = output();
  protected readonly t = texts();
  readonly #format = inject(Format);
  protected readonly item = computed(() => this.row().item);
  protected readonly title = computed(() => itemTitle(this.item(), this.t()));
  protected readonly kind = computed(() => this.t().kinds[this.item().kind]);
  protected readonly time = computed(() => this.#format.clock()(this.item().ts));
  protected readonly exact = computed(() => this.#format.absolute()(this.item().ts));
  protected readonly line = computed(() => this.item().text.replaceAll(/\s+/g, ' ').slice(0, 400));
  protected readonly path = computed(() => {
    const { transition } = this.item();
    return transition === null || transition.from === transition.to ? null : transition;
  });
  protected readonly took = computed(() => {
    const { ts, endTs } = this.item();
    const ms = Date.parse(endTs) - Date.parse(ts);
    return ms >= 1 ? this.#format.duration()(ms) : '';
  });
  protected readonly toolState = computed(() => {
    const { tool, open } = this.item();
    if (tool === null) return null;
    const { toolFailed, toolRunning, toolDone } = this.t().timeline;
    return tool.error !== null ? toolFailed : open ? toolRunning : toolDone;
  });
  protected readonly glyph = computed<IconName>(() => {
    const item = this.item();
    if (item.kind !== 'status') return KIND_ICONS[item.kind];
    if (item.transition !== null) return 'arrow';
    const approval = APPROVAL_ICONS[item.word];
    if (approval !== undefined) return approval;
    return isStatusWord(item.word) ? STATUS_ICONS[item.word === 'working' ? 'seen' : item.word] : 'dot';
  });

  protected turn(event: Event): void {
    event.stopPropagation();
    this.turned.emit();
  }
}
