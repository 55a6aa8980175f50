// Whether what is shown is live: always visible, in glyph, word and colour; a retry when the daemon is lost.
import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { Live } from '../data/live.ts';
import { Icon } from '../ui/icon.ts';
import type { IconName } from '../ui/icons.ts';
import { texts } from '../util/texts/texts.ts';

const GLYPHS: Readonly<Record<'live' | 'connecting' | 'lost', IconName>> = {
  live: 'dot',
  connecting: 'spinner',
  lost: 'unplugged',
};

@Component({
  selector: 'am-connection',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <span class="state" role="status" [attr.data-status]="state()" [title]="hint()">
      <am-icon [name]="glyph()" [size]="14" />
      <span>{{ t().connection[state()] }}</span>
    </span>
    @if (state() === 'lost') {
      <button class="button" type="button" (click)="live.retry()">{{ t().connection.retry }}</button>
    }
  `,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: 8px;
    }
    .state {
      display: inline-flex;
      align-items: center;
      gap: 5px;
      color: var(--st);
      font-size: var(--size-s);
      font-weight: 500;
      white-space: nowrap;
    }
    .button {
      height: 24px;
      padding: 0 8px;
    }
  `,
})
export class Connection {
  protected readonly t = texts();
  protected readonly live = inject(Live);
  protected readonly state = this.live.state;
  protected readonly glyph = computed(() => GLYPHS[this.state()]);
  protected readonly hint = computed(() => {
    const { liveHint, connectingHint, lostHint } = this.t().connection;
    return { live: liveHint, connecting: connectingHint, lost: lostHint }[this.state()];
  });
}
