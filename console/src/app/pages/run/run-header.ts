// The strip on top of a run: what it is, how it stands, and the most useful thing that can be done now.
import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { type ShownProblem, shownProblem } from '../../data/problem.ts';
import { RunStore } from '../../data/run-store.ts';
import { isRunStatus, SECTION_OF } from '../../data/runs-model.ts';
import { CopyButton } from '../../ui/copy-button.ts';
import { Duration } from '../../ui/duration.ts';
import { Icon } from '../../ui/icon.ts';
import { ProblemNote } from '../../ui/problem-note.ts';
import { StatusPill } from '../../ui/status-pill.ts';
import { When } from '../../ui/when.ts';
import { keys } from '../../util/keys.ts';
import { texts } from '../../util/texts/texts.ts';
import { CancelDialog } from './cancel-dialog.ts';

@Component({
  selector: 'am-run-header',
  imports: [CancelDialog, CopyButton, Duration, Icon, ProblemNote, RouterLink, StatusPill, When],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './run-header.html',
  styleUrl: './run-header.css',
})
export class RunHeader {
  readonly id = input.required<string>();
  readonly isTeam = input.required<boolean>();
  protected readonly t = texts();
  protected readonly store = inject(RunStore);
  protected readonly busy = signal(false);
  protected readonly problem = signal<ShownProblem | null>(null);
  protected readonly asking = signal(false);
  protected readonly call = computed(() => {
    const view = this.store.view();
    return view.calls.at(-1) ?? view.steps.flatMap((step) => step.attempts).at(-1) ?? null;
  });
  protected readonly name = computed(() => {
    const team = this.store.view().template?.name ?? this.store.team()?.team;
    return this.isTeam() ? (team ?? '') : (this.call()?.agent ?? '');
  });
  /** While an agent of it asks a person, that is how it stands. */
  protected readonly status = computed(() => {
    const { status, approvals } = this.store.view();
    const isActive = isRunStatus(status) && SECTION_OF[status] === 'active' && status !== 'cancelling';
    return isActive && approvals.some(({ state }) => state === 'pending') ? 'waiting_approval' : status;
  });
  protected readonly teamRun = computed(() => (this.isTeam() ? null : this.store.view().teamRunId));
  protected readonly progress = computed(() => {
    const { steps } = this.store.view();
    return { done: steps.filter((step) => step.state === 'completed').length, total: steps.length };
  });
  readonly #enabled = computed(() => new Set(this.store.team()?.enabled ?? []));
  protected readonly canPause = computed(
    () => this.#enabled().has('pause') && this.store.view().status !== 'paused',
  );
  protected readonly canResume = computed(() => this.#enabled().has('resume'));
  protected readonly canCancel = computed(() => {
    if (this.isTeam()) return this.#enabled().has('cancel');
    const state = this.store.call()?.team_run_id === null ? this.store.view().status : null;
    return isRunStatus(state) && SECTION_OF[state] === 'active' && state !== 'cancelling';
  });

  constructor() {
    keys({
      p: () => {
        if (this.canResume()) this.act('resume');
        else if (this.canPause()) this.act('pause');
      },
    });
  }

  protected act(what: 'pause' | 'resume' | 'cancel', options: { now?: boolean; reason?: string } = {}): void {
    if (this.busy()) return;
    this.busy.set(true);
    this.problem.set(null);
    this.store
      .control(what, options)
      .catch((error: unknown) => {
        this.problem.set(shownProblem(error));
      })
      .finally(() => {
        this.busy.set(false);
      });
  }

  protected confirmed(reason: string): void {
    this.asking.set(false);
    this.act('cancel', { reason });
  }
}
