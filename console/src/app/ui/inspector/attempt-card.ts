// One call to one agent: state, times, error, answer, and what it was asked.
import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { AttemptView } from '#api/contract/view';
import { Format } from '../../util/format.ts';
import { texts } from '../../util/texts/texts.ts';
import { CopyButton } from '../copy-button.ts';
import { Duration } from '../duration.ts';
import { StatusPill } from '../status-pill.ts';
import { TextBlock } from '../text-block.ts';

@Component({
  selector: 'am-attempt',
  imports: [CopyButton, Duration, RouterLink, StatusPill, TextBlock],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @let one = attempt();
    <header>
      <strong>{{ alone() ? t().timeline.call : t().inspector.attempt(one.attempt) }}</strong>
      <am-status [word]="one.state" />
      @if (one.mayHaveRunTwice) {
        <span class="chip">{{ t().run.twice }}</span>
      }
      <span class="space"></span>
      <am-duration class="dim mono" [from]="one.startedAt" [to]="one.endedAt" />
    </header>
    <dl class="facts">
      @if (one.agent) {
        <dt>{{ t().inspector.agent }}</dt>
        <dd>{{ one.agent }}</dd>
      }
      @if (one.from) {
        <dt>{{ t().timeline.from }}</dt>
        <dd>{{ one.from }}</dd>
      }
      <dt>{{ t().inspector.started }}</dt>
      <dd>{{ started() }}</dd>
      <dt>{{ t().inspector.runId }}</dt>
      <dd class="mono">
        @if (alone()) {
          <span class="ellipsis">{{ one.runId }}</span>
        } @else {
          <a class="ellipsis" [routerLink]="['/runs', one.runId]" [title]="t().inspector.openCall">{{
            one.runId
          }}</a>
        }
        <am-copy [text]="one.runId" />
      </dd>
      @if (one.taskId; as task) {
        <dt>{{ t().inspector.taskId }}</dt>
        <dd class="mono">
          <span class="ellipsis">{{ task }}</span><am-copy [text]="task" />
        </dd>
      }
      @if (one.cancelConfirmed !== null) {
        <dt>{{ t().status.cancelled }}</dt>
        <dd>{{ one.cancelConfirmed ? t().run.confirmed : t().run.unconfirmed }}</dd>
      }
    </dl>
    @if (one.error; as error) {
      <h4 class="part">
        {{ t().inspector.error }} <code>{{ error.code }}</code>
      </h4>
      <am-text-block [value]="error.message" [bad]="true" />
    }
    @if (one.answer) {
      <h4 class="part">{{ t().inspector.output }}</h4>
      <am-text-block [value]="one.answer" />
    }
    @if (one.prompt) {
      <h4 class="part">{{ t().inspector.prompt }}</h4>
      <am-text-block [value]="one.prompt" />
    }
  `,
  styles: `
    :host {
      display: block;
      margin-bottom: 12px;
      padding: 10px 12px 12px;
      border: 1px solid var(--hairline);
      border-radius: var(--radius);
    }
    header {
      display: flex;
      align-items: center;
      gap: 10px;
      margin-bottom: 4px;
    }
    .space {
      flex: 1;
    }
    .part {
      margin-top: 10px;
    }
    .part code {
      color: var(--st-red);
      letter-spacing: 0;
    }
    a {
      color: var(--accent-strong);
    }
    a:hover {
      text-decoration: underline;
    }
  `,
})
export class AttemptCard {
  readonly attempt = input.required<AttemptView>();
  /** The only call of its run: no number, no link to itself. */
  readonly alone = input(false);
  protected readonly t = texts();
  readonly #format = inject(Format);
  protected readonly started = computed(() => this.#format.absolute()(this.attempt().startedAt));
}
