// The list of runs: team runs and single calls together, live, what needs someone on top. Every filter stands in the address.
import {
  ChangeDetectionStrategy,
  Component,
  computed,
  type ElementRef,
  inject,
  input,
  signal,
  viewChild,
} from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { ApprovalsStore } from '../../data/approvals-store.ts';
import { type RunFilter, type RunRow, type Section, sectioned, sectionOf } from '../../data/runs-model.ts';
import { RunsStore } from '../../data/runs-store.ts';
import { NeedsYou } from '../../ui/approval/needs-you.ts';
import { Command } from '../../ui/command.ts';
import { Duration } from '../../ui/duration.ts';
import { EmptyState } from '../../ui/empty-state.ts';
import { Icon } from '../../ui/icon.ts';
import { ProblemNote } from '../../ui/problem-note.ts';
import { StatusPill } from '../../ui/status-pill.ts';
import { VirtualList } from '../../ui/virtual-list.ts';
import { When } from '../../ui/when.ts';
import { keys } from '../../util/keys.ts';
import { texts } from '../../util/texts/texts.ts';
import { StartTeam } from './start-team.ts';

interface HeadRow {
  readonly key: string;
  readonly type: 'head';
  readonly section: Section;
  readonly name: string;
  readonly count: number;
}
interface BodyRow {
  readonly key: string;
  readonly type: 'run';
  readonly run: RunRow;
}
type Row = HeadRow | BodyRow;

const STATUS_FILTERS = ['all', 'needsYou', 'active', 'ended', 'failed'] as const;
type StatusFilter = (typeof STATUS_FILTERS)[number];
const KIND_FILTERS = ['all', 'team', 'plain'] as const;
type KindFilter = (typeof KIND_FILTERS)[number];

@Component({
  selector: 'am-runs-page',
  imports: [
    Command,
    Duration,
    EmptyState,
    Icon,
    NeedsYou,
    ProblemNote,
    RouterLink,
    StartTeam,
    StatusPill,
    VirtualList,
    When,
  ],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './runs-page.html',
  styleUrls: ['./runs-toolbar.css', './runs-page.css'],
})
export class RunsPage {
  // From the address; anything unknown counts as not given.
  readonly q = input<string>();
  readonly status = input<string>();
  readonly kind = input<string>();
  protected readonly t = texts();
  protected readonly store = inject(RunsStore);
  protected readonly approvals = inject(ApprovalsStore);
  protected readonly cards = computed(() => [...this.approvals.cards().values()]);
  protected readonly starting = signal(false);
  protected readonly cursor = signal<string | null>(null);
  readonly #router = inject(Router);
  private readonly list = viewChild<VirtualList<Row>>(VirtualList);
  private readonly search = viewChild.required<ElementRef<HTMLInputElement>>('search');

  protected readonly statusFilter = computed<StatusFilter>(
    () => STATUS_FILTERS.find((word) => word === this.status()) ?? 'all',
  );
  protected readonly kindFilter = computed<KindFilter>(
    () => KIND_FILTERS.find((word) => word === this.kind()) ?? 'all',
  );
  readonly #filter = computed<RunFilter>(() => ({
    text: this.q() ?? '',
    status: this.statusFilter(),
    kind: this.kindFilter(),
  }));
  protected readonly filtered = computed(
    () => (this.q() ?? '') !== '' || this.statusFilter() !== 'all' || this.kindFilter() !== 'all',
  );
  protected readonly sections = computed(() => sectioned(this.store.rows().values(), this.#filter()));
  protected readonly rows = computed<Row[]>(() =>
    this.sections().flatMap(({ section, rows }): Row[] => [
      {
        key: `s-${section}`,
        type: 'head',
        section,
        name: this.t().runs.sections[section],
        count: rows.length,
      },
      ...rows.map((run) => ({ key: run.id, type: 'run' as const, run })),
    ]),
  );
  protected readonly count = computed(() => this.sections().reduce((sum, { rows }) => sum + rows.length, 0));
  protected readonly statusTabs = computed(() => {
    const { runs, status } = this.t();
    const names: Record<StatusFilter, string> = {
      all: runs.all,
      needsYou: runs.needsYou,
      active: runs.active,
      ended: runs.ended,
      failed: status.failed,
    };
    const all = [...this.store.rows().values()];
    return STATUS_FILTERS.map((id) => ({
      id,
      name: names[id],
      count: id === 'needsYou' || id === 'active' ? all.filter((run) => sectionOf(run) === id).length : 0,
    }));
  });
  protected readonly kinds = computed(() => {
    const { kindAll, kindTeam, kindPlain } = this.t().runs;
    const names: Record<KindFilter, string> = { all: kindAll, team: kindTeam, plain: kindPlain };
    return KIND_FILTERS.map((id) => ({ id, name: names[id] }));
  });

  constructor() {
    const down = (): void => {
      this.#move(1);
    };
    const up = (): void => {
      this.#move(-1);
    };
    keys({
      j: down,
      k: up,
      ArrowDown: down,
      ArrowUp: up,
      Enter: (event) => {
        const id = this.cursor();
        if (event.target instanceof HTMLElement && event.target.closest('a, button') !== null)
          (event.target.closest('a, button') as HTMLElement).click();
        else if (id !== null) void this.#router.navigate(['/runs', id]);
      },
      '/': () => {
        this.search().nativeElement.focus();
      },
      n: () => {
        this.starting.set(true);
      },
      Escape: (event) => {
        if (event.target === this.search().nativeElement) this.search().nativeElement.blur();
        else if (this.filtered()) this.clear();
      },
    });
  }

  protected set(change: { q?: string; status?: string; kind?: string }): void {
    const queryParams = Object.fromEntries(
      Object.entries(change).map(([name, value]) => [name, value === '' || value === 'all' ? null : value]),
    );
    const replaceUrl = 'q' in change;
    void this.#router.navigate([], { queryParams, queryParamsHandling: 'merge', replaceUrl });
  }

  protected clear(): void {
    this.set({ q: '', status: '', kind: '' });
  }

  protected started(id: string): void {
    this.starting.set(false);
    void this.#router.navigate(['/runs', id]);
  }

  #move(by: number): void {
    const runs = this.rows().filter((row) => row.type === 'run');
    const at = runs.findIndex((row) => row.key === this.cursor());
    const next = runs[at === -1 ? (by === 1 ? 0 : runs.length - 1) : at + by];
    if (next === undefined) return;
    this.cursor.set(next.key);
    this.list()?.reveal(next.key);
  }
}
