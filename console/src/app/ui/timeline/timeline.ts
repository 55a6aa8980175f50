// The timeline of a run: windowed rows grouped by attempt, filtered by kind, following the end while it is live.
import {
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  input,
  linkedSignal,
  output,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import type { View } from '#api/contract/view';
import { EVENT_KIND_LIST } from '../event-kinds.ts';
import type { EventKind, EventV1 } from '#machines/nouns/event';
import { keys } from '../../util/keys.ts';
import { texts } from '../../util/texts/texts.ts';
import { Duration } from '../duration.ts';
import { EmptyState } from '../empty-state.ts';
import { Icon } from '../icon.ts';
import { KIND_ICONS } from '../icons.ts';
import { StatusPill } from '../status-pill.ts';
import { TextBlock } from '../text-block.ts';
import { VirtualList } from '../virtual-list.ts';
import { TimelineItemRow } from './timeline-item.ts';
import { countEvents, rawRows, type RawRow, type TimelineRow, timelineRows } from './timeline-rows.ts';

@Component({
  selector: 'am-timeline',
  imports: [VirtualList, TimelineItemRow, Icon, StatusPill, Duration, EmptyState, TextBlock],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './timeline.html',
  styleUrl: './timeline.css',
})
export class Timeline {
  readonly view = input.required<View>();
  readonly events = input.required<ReadonlyMap<number, EventV1>>();
  /** The run goes on: more events are expected. */
  readonly live = input(false);
  /** seq of the selected item. */
  readonly selected = input<number | null>(null);
  readonly chosen = output<number>();
  readonly stepChosen = output<string>();

  protected readonly t = texts();
  protected readonly kinds = EVENT_KIND_LIST;
  protected readonly kindIcons = KIND_ICONS;
  protected readonly filter = signal<ReadonlySet<EventKind>>(new Set());
  protected readonly raw = signal(false);
  protected readonly following = linkedSignal(() => this.live());
  readonly #folded = signal<ReadonlySet<string>>(new Set());
  readonly #turned = signal<ReadonlySet<number>>(new Set());
  readonly #openRaw = signal<ReadonlySet<string>>(new Set());
  private readonly list = viewChild<VirtualList<TimelineRow>>(VirtualList);

  protected readonly total = computed(() => this.events().size);
  protected readonly shownCount = computed(() => countEvents(this.view().items, this.filter()));
  protected readonly counts = computed(() => {
    const counts = new Map<EventKind, number>();
    for (const event of this.events().values()) counts.set(event.kind, (counts.get(event.kind) ?? 0) + 1);
    return counts;
  });
  protected readonly rows = computed<TimelineRow[]>(() =>
    this.raw()
      ? rawRows(this.events(), this.filter())
      : timelineRows(this.view(), {
          kinds: this.filter(),
          folded: this.#folded(),
          turned: this.#turned(),
        }),
  );
  /** Events that came since someone scrolled up. */
  protected readonly unseen = computed(() =>
    this.following() ? 0 : Math.max(0, this.total() - this.#seen()),
  );
  readonly #seen = signal(0);

  constructor() {
    const move = (event: KeyboardEvent): void => {
      this.onKey(event);
    };
    keys({
      j: move,
      k: move,
      e: () => {
        this.jump();
      },
    });
    effect(() => {
      if (this.following()) this.#seen.set(this.total());
    });
    effect(() => {
      const seq = this.selected();
      if (seq !== null) untracked(() => this.list()?.reveal(`i${String(seq)}`));
    });
  }

  /** Shows the end and stays there. */
  jump(): void {
    this.following.set(true);
    this.list()?.toEnd();
  }

  protected toggleKind(kind: EventKind): void {
    this.filter.update((kinds) => toggled(kinds, kind));
  }

  protected fold(runId: string): void {
    this.#folded.update((folded) => toggled(folded, runId));
  }

  protected turn(seq: number): void {
    this.#turned.update((turned) => toggled(turned, seq));
  }

  protected turnRaw(row: RawRow): void {
    this.#openRaw.update((open) => toggled(open, row.key));
  }

  protected isOpenRaw(row: RawRow): boolean {
    return this.#openRaw().has(row.key);
  }

  protected json(event: EventV1): string {
    return JSON.stringify(event);
  }

  protected onKey(event: KeyboardEvent): void {
    const step =
      event.key === 'j' || event.key === 'ArrowDown'
        ? 1
        : event.key === 'k' || event.key === 'ArrowUp'
          ? -1
          : 0;
    const items = this.rows().filter((row) => row.type === 'item');
    const at = items.findIndex((row) => row.item.seq === this.selected());
    const here = items[at];
    if (step !== 0) {
      const next = items[at === -1 ? (step === 1 ? 0 : items.length - 1) : at + step];
      if (next !== undefined) this.chosen.emit(next.item.seq);
    } else if ((event.key === 'Enter' || event.key === ' ') && here !== undefined) this.turn(here.item.seq);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

const toggled = <T>(set: ReadonlySet<T>, value: T): ReadonlySet<T> => {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
};
