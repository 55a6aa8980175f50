// One question of an agent: what it wants to do, whole, and the two buttons. Folded it is one line.
import {
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  inject,
  input,
  linkedSignal,
  output,
  signal,
} from '@angular/core';
import { RouterLink } from '@angular/router';
import { operationLines } from '#api/contract/operation-lines';
import { whoText } from '#api/contract/view-approvals';
import { LIMITS } from '#machines/nouns/limits';
import { type ApprovalCard, type Decided, isDecidedHere } from '../../data/approvals-model.ts';
import { Format } from '../../util/format.ts';
import { texts } from '../../util/texts/texts.ts';
import { CopyButton } from '../copy-button.ts';
import { Icon } from '../icon.ts';
import type { IconName } from '../icons.ts';
import { ProblemNote } from '../problem-note.ts';
import { When } from '../when.ts';
import { Countdown } from './countdown.ts';

/** A tap that was meant for what stood here before must not decide. */
const ARMING_MS = 600;
/** More lines than this are shown when they are asked for; the button says how many. */
const FIRST_LINES = 24;

@Component({
  selector: 'am-approval',
  imports: [CopyButton, Countdown, Icon, ProblemNote, RouterLink, When],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './approval-card.html',
  styleUrl: './approval-card.css',
  host: {
    '[attr.data-approval]': 'approval().approval_id',
    '[attr.data-phase]': 'card().phase',
    '[class.open]': 'open()',
  },
})
export class ApprovalCardView {
  readonly card = input.required<ApprovalCard>();
  readonly open = input(true);
  /** Whether the run that it belongs to is named; not on the page of that run. */
  readonly showRun = input(false);
  readonly turned = output();
  readonly decided = output<Decided>();
  protected readonly t = texts();
  readonly #format = inject(Format);
  protected readonly approval = computed(() => this.card().approval);
  protected readonly isQuestion = computed(() => this.approval().kind === 'question');
  protected readonly waits = computed(() => this.card().phase !== 'ended');
  protected readonly verb = computed(() => {
    const { agent, tool } = this.approval();
    const { asks, wants, wantsTool } = this.t().approval;
    if (this.isQuestion()) return asks(agent);
    return tool === null || tool === '' ? wants(agent) : wantsTool(agent, tool);
  });
  /** The operation of a question may be nothing: then its words are all. */
  protected readonly lines = computed(() =>
    this.isQuestion() && this.approval().operation === null ? [] : operationLines(this.approval().operation),
  );
  protected readonly all = linkedSignal({
    source: () => this.approval().approval_id,
    computation: () => false,
  });
  protected readonly isLong = computed(() => this.lines().length > FIRST_LINES);
  protected readonly shown = computed(() =>
    (this.all() ? this.lines() : this.lines().slice(0, FIRST_LINES)).join('\n'),
  );
  protected readonly print = computed(() => {
    const { operation_hash: hash } = this.approval();
    return `${hash.slice(0, 4)}…${hash.slice(-4)}`;
  });
  protected readonly place = computed(() => {
    const { team_run_id, run_id } = this.approval();
    return team_run_id ?? run_id;
  });
  protected readonly answer = signal('');
  /** Whether the field for a reason is open; most people just say no. */
  protected readonly explains = signal(false);
  protected readonly reason = signal('');
  protected readonly mostReason = LIMITS.reasonChars;
  /** What stands open here; another one has to be armed anew. */
  readonly #opened = computed(() => (this.open() ? this.approval().approval_id : null));
  protected readonly armed = signal(false);
  protected readonly canPress = computed(() => this.card().phase === 'pending' && this.armed());
  protected readonly canApprove = computed(
    () => this.canPress() && (!this.isQuestion() || this.answer().trim() !== ''),
  );
  protected readonly ending = computed<{
    readonly icon: IconName;
    readonly text: string;
    readonly by: string;
  }>(() => {
    const card = this.card();
    const { state, decided_by: who, decided_at: at } = card.approval;
    const t = this.t().approval;
    const when = at === null ? '' : this.#format.clock()(at);
    const by = [who === null ? '' : t.by(whoText(who)), when].filter(Boolean).join(' · ');
    const here = isDecidedHere(card);
    if (state === 'approved')
      return { icon: 'check', text: here ? t.approvedHere : t.approvedElsewhere, by: here ? '' : by };
    if (state === 'rejected')
      return { icon: 'cross', text: here ? t.rejectedHere : t.rejectedElsewhere, by: here ? '' : by };
    return { icon: 'none', text: state === 'expired' ? t.expired : t.withdrawn, by: '' };
  });

  constructor() {
    effect((onCleanup) => {
      const key = this.#opened();
      this.armed.set(false);
      if (key === null) return;
      const timer = setTimeout(() => {
        this.armed.set(true);
      }, ARMING_MS);
      onCleanup(() => {
        clearTimeout(timer);
      });
    });
  }

  protected press(decision: 'allow' | 'deny'): void {
    if (decision === 'allow' ? !this.canApprove() : !this.canPress()) return;
    const answer = decision === 'allow' && this.isQuestion() ? this.answer().trim() : null;
    const reason = decision === 'deny' ? this.reason().trim() || null : null;
    this.decided.emit({ decision, answer, reason });
  }
}
