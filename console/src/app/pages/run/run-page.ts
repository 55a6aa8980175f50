// The page of one run: header strip, chart beside timeline, details below; tabs where the screen is narrow.
import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal } from '@angular/core';
import { NgTemplateOutlet } from '@angular/common';
import { RouterLink } from '@angular/router';
import { ApprovalsStore } from '../../data/approvals-store.ts';
import { RunStore } from '../../data/run-store.ts';
import { isRunStatus, SECTION_OF } from '../../data/runs-model.ts';
import { ActivePath } from '../../ui/active-path.ts';
import { NeedsYou } from '../../ui/approval/needs-you.ts';
import { StateChart } from '../../ui/chart/state-chart.ts';
import { EmptyState } from '../../ui/empty-state.ts';
import { Inspector } from '../../ui/inspector/inspector.ts';
import { ProblemNote } from '../../ui/problem-note.ts';
import type { Selection } from '../../ui/selection.ts';
import { Split } from '../../ui/split.ts';
import { Timeline } from '../../ui/timeline/timeline.ts';
import { keys } from '../../util/keys.ts';
import { media, NARROW } from '../../util/media.ts';
import { texts } from '../../util/texts/texts.ts';
import { RunHeader } from './run-header.ts';

type Tab = 'chart' | 'timeline' | 'inspector';

@Component({
  selector: 'am-run-page',
  imports: [
    ActivePath,
    EmptyState,
    Inspector,
    NeedsYou,
    NgTemplateOutlet,
    ProblemNote,
    RouterLink,
    RunHeader,
    Split,
    StateChart,
    Timeline,
  ],
  providers: [RunStore],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './run-page.html',
  styleUrl: './run-page.css',
})
export class RunPage {
  /** From the address. */
  readonly id = input.required<string>();
  protected readonly t = texts();
  protected readonly store = inject(RunStore);
  protected readonly approvals = inject(ApprovalsStore);
  protected readonly cards = computed(() => this.approvals.of(this.id()));
  protected readonly narrow = media(NARROW);
  protected readonly tab = signal<Tab>('chart');
  protected readonly selection = signal<Selection | null>(null);
  protected readonly isTeam = computed(() => this.store.view().teamRunId === this.id());
  protected readonly live = computed(() => {
    const { status } = this.store.view();
    return isRunStatus(status) ? SECTION_OF[status] !== 'ended' : false;
  });
  protected readonly selectedState = computed(() => {
    const selection = this.selection();
    return selection?.type === 'state' ? selection.id : null;
  });
  protected readonly selectedSeq = computed(() => {
    const selection = this.selection();
    return selection?.type === 'item' ? selection.seq : null;
  });
  protected readonly tabs = computed(() => {
    const { chart, timeline, inspector } = this.t().run;
    const all: { id: Tab; text: string }[] = [
      { id: 'chart', text: chart },
      { id: 'timeline', text: timeline },
      { id: 'inspector', text: inspector },
    ];
    return this.isTeam() ? all : all.slice(1);
  });
  protected readonly shownTab = computed(() =>
    !this.isTeam() && this.tab() === 'chart' ? 'timeline' : this.tab(),
  );

  constructor() {
    effect(() => {
      this.store.id.set(this.id());
    });
    keys({
      Escape: () => {
        this.selection.set(null);
      },
      '\\': () => {
        this.tab.update((tab) => (tab === 'chart' ? 'timeline' : 'chart'));
      },
    });
  }

  protected chooseState(id: string): void {
    this.selection.set({ type: 'state', id });
  }

  protected chooseStep(step: string): void {
    const state = this.store.chart()?.states.find((one) => one.step === step);
    if (state !== undefined) this.chooseState(state.id);
  }

  protected chooseItem(seq: number): void {
    this.selection.set({ type: 'item', seq });
  }

  protected retry(): void {
    void this.store.load(this.id());
  }
}
