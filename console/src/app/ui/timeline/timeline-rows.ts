// The timeline's rows: transitions of the run, and under a heading for each attempt what its agent did. Pure.
import type { AttemptView, TimelineItem, View } from '#api/contract/view';
import type { EventKind, EventV1 } from '#machines/nouns/event';

export interface GroupRow {
  readonly key: string;
  readonly type: 'group';
  readonly runId: string;
  readonly step: string | null;
  readonly call: AttemptView | null;
  readonly folded: boolean;
  /** Events under it. */
  readonly events: number;
}

export interface ItemRow {
  readonly key: string;
  readonly type: 'item';
  readonly item: TimelineItem;
  /** Under a heading. */
  readonly inside: boolean;
  readonly open: boolean;
  readonly foldable: boolean;
}

export interface RawRow {
  readonly key: string;
  readonly type: 'raw';
  readonly event: EventV1;
}

export type TimelineRow = GroupRow | ItemRow | RawRow;

export interface RowOptions {
  /** Kinds that are shown; all when empty. */
  readonly kinds: ReadonlySet<EventKind>;
  /** Run ids whose heading is folded. */
  readonly folded: ReadonlySet<string>;
  /** seq of items whose fold someone has turned over. */
  readonly turned: ReadonlySet<number>;
}

/** Text longer than a row can show: more lines, or too many characters. */
const ONE_ROW_CHARS = 90;
export const isLong = (text: string): boolean => text.length > ONE_ROW_CHARS || text.includes('\n');

/** Errors are open from the start; everything else that is long is folded until it is asked for. */
export const startsOpen = (item: TimelineItem): boolean => item.kind === 'error';

const itemRow = (item: TimelineItem, inside: boolean, turned: ReadonlySet<number>): ItemRow => ({
  key: `i${String(item.seq)}`,
  type: 'item',
  item,
  inside,
  foldable: isLong(item.text) || startsOpen(item) || item.tool !== null,
  open: startsOpen(item) !== turned.has(item.seq),
});

const callsOf = (view: View): Map<string, { step: string | null; call: AttemptView }> =>
  new Map<string, { step: string | null; call: AttemptView }>([
    ...view.calls.map((call) => [call.runId, { step: null, call }] as const),
    ...view.steps.flatMap((step) =>
      step.attempts.map((call) => [call.runId, { step: step.id, call }] as const),
    ),
  ]);

/** The rows of a view, in the order of the log; what belongs to one attempt stands together under its heading. */
export const timelineRows = (view: View, options: RowOptions): TimelineRow[] => {
  const { kinds, folded, turned } = options;
  const calls = callsOf(view);
  const groups = new Map<string, TimelineItem[]>();
  const order: (TimelineItem | string)[] = [];
  for (const item of view.items) {
    const own = view.teamRunId !== null && item.runId === view.teamRunId;
    if (own) {
      order.push(item);
      continue;
    }
    const group = groups.get(item.runId);
    if (group === undefined) {
      groups.set(item.runId, [item]);
      order.push(item.runId);
    } else group.push(item);
  }
  const shown = (item: TimelineItem): boolean => kinds.size === 0 || kinds.has(item.kind);
  return order.flatMap((part): TimelineRow[] => {
    if (typeof part !== 'string') return shown(part) ? [itemRow(part, false, turned)] : [];
    const items = (groups.get(part) ?? []).filter(shown);
    if (items.length === 0) return [];
    const known = calls.get(part);
    const isFolded = folded.has(part);
    const head: GroupRow = {
      key: `g${part}`,
      type: 'group',
      runId: part,
      step: known?.step ?? items[0]?.step ?? null,
      call: known?.call ?? null,
      folded: isFolded,
      events: items.reduce((sum, item) => sum + item.seqs.length, 0),
    };
    return isFolded ? [head] : [head, ...items.map((item) => itemRow(item, true, turned))];
  });
};

/** Every event of the log as a row of its own. */
export const rawRows = (events: ReadonlyMap<number, EventV1>, kinds: ReadonlySet<EventKind>): RawRow[] =>
  [...events.values()]
    .filter((event) => kinds.size === 0 || kinds.has(event.kind))
    .map((event) => ({ key: `r${String(event.seq)}`, type: 'raw', event }));

/** How many events of the log the rows of some kinds stand for. */
export const countEvents = (items: View['items'], kinds: ReadonlySet<EventKind>): number =>
  items.reduce((sum, item) => (kinds.size === 0 || kinds.has(item.kind) ? sum + item.seqs.length : sum), 0);
