// A line of the timeline in full, with the events that it stands for as they are in the log.
import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { TimelineItem } from '#api/contract/view';
import type { EventV1 } from '#machines/nouns/event';
import { Format } from '../../util/format.ts';
import { texts } from '../../util/texts/texts.ts';
import { CopyButton } from '../copy-button.ts';
import { Icon } from '../icon.ts';
import { KIND_ICONS } from '../icons.ts';
import { TextBlock } from '../text-block.ts';
import { itemTitle } from '../timeline/item-title.ts';

@Component({
  selector: 'am-item-details',
  imports: [CopyButton, Icon, TextBlock],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let one = item();
    <h3 class="title"><am-icon [name]="icon()" [size]="15" />{{ title() }}</h3>
    @if (one.tool; as tool) {
      @if (tool.input !== null) {
        <h4 class="part">{{ t().timeline.input }}</h4>
        <am-text-block [value]="tool.input" />
      }
      @if (tool.output !== null) {
        <h4 class="part">{{ t().timeline.output }}</h4>
        <am-text-block [value]="tool.output" />
      }
      @if (tool.error !== null) {
        <h4 class="part">{{ t().timeline.error }}</h4>
        <am-text-block [value]="tool.error" [bad]="true" />
      }
    } @else if (one.text) {
      <am-text-block [value]="one.text" [bad]="one.kind === 'error'" [startOpen]="true" />
    }
    @if (one.transition; as way) {
      <p class="way mono">
        @if (way.from) {
          {{ way.from }} →
        }
        {{ way.to }}
      </p>
    }
    <dl class="facts">
      <dt>{{ t().inspector.time }}</dt>
      <dd>{{ time() }}</dd>
      @if (one.agent) {
        <dt>{{ t().inspector.agent }}</dt>
        <dd>{{ one.agent }}</dd>
      }
      @if (one.step) {
        <dt>{{ t().timeline.step }}</dt>
        <dd>{{ one.step }}</dd>
      }
      <dt>{{ t().inspector.runId }}</dt>
      <dd class="mono">
        <span class="ellipsis">{{ one.runId }}</span><am-copy [text]="one.runId" />
      </dd>
      <dt>{{ t().inspector.eventId }}</dt>
      <dd class="mono">
        <span class="ellipsis">{{ one.eventId }}</span><am-copy [text]="one.eventId" />
      </dd>
    </dl>
    <h4 class="part">{{ t().inspector.raw }} · {{ t().timeline.count(one.seqs.length) }}</h4>
    @for (event of raw(); track event.seq) {
      <am-text-block class="raw" [value]="event" />
    }
  `,
  styles: `
    .title {
      display: flex;
      align-items: center;
      gap: 8px;
      margin-bottom: 8px;
      overflow-wrap: anywhere;
    }
    .way {
      margin-bottom: 8px;
    }
    .facts {
      margin-top: 8px;
    }
    .raw {
      margin-bottom: 6px;
    }
  `,
})
export class ItemDetails {
  readonly item = input.required<TimelineItem>();
  readonly events = input.required<ReadonlyMap<number, EventV1>>();
  protected readonly t = texts();
  readonly #format = inject(Format);
  protected readonly title = computed(() => itemTitle(this.item(), this.t()));
  protected readonly icon = computed(() => KIND_ICONS[this.item().kind]);
  protected readonly time = computed(() => this.#format.absolute()(this.item().ts));
  protected readonly raw = computed(() => {
    const events = this.events();
    return this.item().seqs.flatMap((seq) => events.get(seq) ?? []);
  });
}
