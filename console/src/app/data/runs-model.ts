// Rows of the runs list: team runs and single calls in one shape, and what the live events do to them. Pure.
import { APPROVAL_WORDS } from '#machines/nouns/approval-words';
import type { EventV1 } from '#machines/nouns/event';
import type { Invocation, InvocationState, TeamRunStatus, TeamRunSummary } from '#machines/nouns/run';

export type RunStatus = TeamRunStatus | InvocationState;

export interface RunRow {
  readonly id: string;
  readonly kind: 'team' | 'plain';
  /** The team's name, or the agent that was called. */
  readonly name: string;
  readonly status: RunStatus;
  readonly step: string | null;
  readonly done: number;
  /** Steps in all; 0 for a single call. */
  readonly total: number;
  /** `template@hash` of a team run, the asking agent of a call. */
  readonly origin: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly endedAt: string | null;
  /** How many approvals of it wait for a person. */
  readonly waiting: number;
}

/** Which section of the list a status belongs to. */
export const SECTION_OF: Readonly<Record<RunStatus, 'needsYou' | 'active' | 'ended'>> = {
  waiting_approval: 'needsYou',
  blocked: 'needsYou',
  paused: 'needsYou',
  pending: 'active',
  queued: 'active',
  running: 'active',
  working: 'active',
  retrying: 'active',
  cancelling: 'active',
  completed: 'ended',
  failed: 'ended',
  cancelled: 'ended',
};
export type Section = (typeof SECTION_OF)[RunStatus];

/** Which section a row stands in: whatever asks a person needs one. */
export const sectionOf = ({ status, waiting }: Pick<RunRow, 'status' | 'waiting'>): Section =>
  waiting > 0 && SECTION_OF[status] === 'active' ? 'needsYou' : SECTION_OF[status];

export const isRunStatus = (word: unknown): word is RunStatus =>
  typeof word === 'string' && Object.hasOwn(SECTION_OF, word);

/** The row of a team run. */
export const teamRow = (run: TeamRunSummary): RunRow => ({
  id: run.team_run_id,
  kind: 'team',
  name: run.team,
  status: run.status,
  step: run.step,
  done: run.steps_done,
  total: run.steps_total,
  origin: `${run.template.name}@${run.template.hash.slice(0, 7)}`,
  createdAt: run.created_at,
  updatedAt: run.updated_at,
  endedAt: run.ended_at,
  waiting: run.pending_approvals.length,
});

/** The row of a single call. */
export const plainRow = (call: Invocation): RunRow => ({
  id: call.run_id,
  kind: 'plain',
  name: call.agent,
  status: call.state,
  step: null,
  done: call.state === 'completed' ? 1 : 0,
  total: 0,
  origin: call.from,
  createdAt: call.created_at,
  updatedAt: call.ended_at ?? call.started_at ?? call.created_at,
  endedAt: call.ended_at,
  waiting: call.pending_approvals.length,
});

const statusOf = (event: EventV1): RunStatus | null => {
  const word = event.payload['state'];
  if (word === 'submitted') return 'queued';
  return isRunStatus(word) ? word : null;
};

const patched = (row: RunRow, event: EventV1): RunRow => {
  const status = statusOf(event);
  if (event.kind !== 'status' || status === null || event.metadata['source'] !== 'engine') return row;
  const to = event.payload['to'];
  const leaf = typeof to === 'string' ? to.split('.').at(-1) : undefined;
  return {
    ...row,
    status,
    step: row.kind === 'team' && status === 'running' && leaf !== undefined ? leaf : row.step,
    done: event.payload['event'] === 'step_complete' ? Math.min(row.done + 1, row.total) : row.done,
    updatedAt: event.ts,
    endedAt: SECTION_OF[status] === 'ended' ? event.ts : null,
  };
};

/** One question more, or one less. */
const waitsBy = ({ kind, payload, metadata }: EventV1): number => {
  if (kind !== 'status' || metadata['source'] !== 'engine') return 0;
  if (payload['state'] === APPROVAL_WORDS.asked) return 1;
  const data = payload['data'] as { readonly approval_id?: unknown } | undefined;
  return payload['state'] === APPROVAL_WORDS.decided && typeof data?.approval_id === 'string' ? -1 : 0;
};

export interface Applied {
  readonly rows: ReadonlyMap<string, RunRow>;
  /** Something changed that only the daemon can tell whole: read the list again. */
  readonly stale: boolean;
}

/** The rows after a batch: known ones follow their own status events at once, unknown ones make the list stale. */
export const applyToRows = (rows: ReadonlyMap<string, RunRow>, events: readonly EventV1[]): Applied => {
  let next: Map<string, RunRow> | null = null;
  let stale = false;
  for (const event of events) {
    const asks = waitsBy(event);
    const asking = asks === 0 ? undefined : (next ?? rows).get(event.team_run_id ?? event.run_id);
    if (asking !== undefined) {
      next ??= new Map(rows);
      next.set(asking.id, { ...asking, waiting: Math.max(0, asking.waiting + asks) });
      stale = true;
    }
    if (event.team_run_id !== null && event.team_run_id !== event.run_id) continue;
    const row = (next ?? rows).get(event.run_id);
    if (row === undefined) {
      stale ||= event.kind === 'status';
      continue;
    }
    const after = patched(row, event);
    if (after === row) continue;
    next ??= new Map(rows);
    next.set(row.id, after);
    stale = true;
  }
  return { rows: next ?? rows, stale };
};

export interface RunFilter {
  readonly text: string;
  readonly status: Section | 'all' | RunStatus;
  readonly kind: RunRow['kind'] | 'all';
}

/** Whether a row fits the filters; the text looks at names, ids, steps and origins. */
export const fits = (row: RunRow, filter: RunFilter): boolean => {
  if (filter.kind !== 'all' && row.kind !== filter.kind) return false;
  if (filter.status !== 'all' && row.status !== filter.status && sectionOf(row) !== filter.status)
    return false;
  const text = filter.text.trim().toLowerCase();
  return (
    text === '' ||
    [row.name, row.id, row.step, row.origin].some((part) => part?.toLowerCase().includes(text) === true)
  );
};

const ORDER: readonly Section[] = ['needsYou', 'active', 'ended'];

/** The fitting rows in their sections: what needs someone, what is at work, what has ended; the newest first in each. */
export const sectioned = (
  rows: Iterable<RunRow>,
  filter: RunFilter,
): readonly { readonly section: Section; readonly rows: readonly RunRow[] }[] => {
  const fitting = [...rows].filter((row) => fits(row, filter));
  // UUIDv7 ids sort by time; created_at first because others may choose their own ids.
  fitting.sort((a, b) => b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id));
  return ORDER.map((section) => ({
    section,
    rows: fitting.filter((row) => sectionOf(row) === section),
  })).filter((part) => part.rows.length > 0);
};
