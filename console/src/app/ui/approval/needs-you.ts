// What waits for a person, on top of a page: how many, and a card each; the first is open, the others are lines.
import { ChangeDetectionStrategy, Component, computed, input, output, signal } from '@angular/core';
import { type ApprovalCard, type Decided, waitingOf } from '../../data/approvals-model.ts';
import { texts } from '../../util/texts/texts.ts';
import { ApprovalCardView } from './approval-card.ts';

export interface CardDecided {
  readonly card: ApprovalCard;
  readonly decided: Decided;
}

@Component({
  selector: 'am-needs-you',
  imports: [ApprovalCardView],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: {
    '[class.reading]': 'openId() !== null',
    '[class.over]': 'waiting() === 0',
    '[class.alone]': 'cards().length === 1 && !showRun()',
  },
  template: `
    @if (waiting() > 0) {
      <h2>{{ t().approval.needsYou(waiting()) }}</h2>
    }
    <div class="cards">
      @for (card of cards(); track card.approval.approval_id) {
        <am-approval
          [card]="card"
          [open]="card.approval.approval_id === openId()"
          [showRun]="showRun()"
          (turned)="turn(card)"
          (decided)="decided.emit({ card, decided: $event })"
        />
      }
    </div>
  `,
  styles: `
    :host {
      display: flex;
      flex: 0 1 auto;
      flex-direction: column;
      gap: 8px;
      min-height: 0;
      padding: 10px var(--edge) 12px;
      border-bottom: 1px solid var(--hairline);
      background: color-mix(in srgb, var(--st-amber) 6%, var(--page));
    }
    :host(.over) {
      background: var(--page);
    }
    h2 {
      flex: none;
      color: var(--st-amber);
      font-size: var(--size);
    }
    .cards {
      display: flex;
      flex: 0 1 auto;
      flex-direction: column;
      gap: 8px;
      min-height: 0;
      overflow: auto;
    }
    am-approval {
      flex: none;
    }
    /* The open card alone gives: its operation scrolls, its buttons stay where they can be pressed. */
    am-approval.open {
      flex: 0 1 auto;
      min-height: 260px;
    }
    @media (width < 820px) {
      :host {
        padding: 8px 10px 10px;
      }
      /* One at a time: the room is for what has to be read. Folded, all of them are a list. */
      :host(.reading) am-approval:not(.open) {
        display: none;
      }
      /* On the page of its run one alone says so itself. */
      :host(.alone) h2 {
        display: none;
      }
    }
  `,
})
export class NeedsYou {
  readonly cards = input.required<readonly ApprovalCard[]>();
  readonly showRun = input(false);
  readonly decided = output<CardDecided>();
  protected readonly t = texts();
  protected readonly waiting = computed(() => waitingOf(this.cards()).length);
  /** What was opened by hand; null when it was all folded; undefined before anybody touched it. */
  readonly #chosen = signal<string | null | undefined>(undefined);
  /** The chosen one, else the oldest that waits, else the one that just ended. */
  protected readonly openId = computed(() => {
    const chosen = this.#chosen();
    const cards = this.cards();
    if (chosen === null) return null;
    if (cards.some(({ approval }) => approval.approval_id === chosen)) return chosen;
    return (waitingOf(cards)[0] ?? cards.at(-1))?.approval.approval_id ?? null;
  });

  protected turn({ approval }: ApprovalCard): void {
    this.#chosen.set(this.openId() === approval.approval_id ? null : approval.approval_id);
  }
}
