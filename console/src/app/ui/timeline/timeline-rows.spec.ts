// The timeline groups by attempt, joins what belongs together, and stands for every event of the log.
import { applyEvents, emptyView, type View } from '#api/contract/view';
import type { EventKind, EventV1 } from '#machines/nouns/event';
import { countEvents, rawRows, type RowOptions, timelineRows } from './timeline-rows.ts';

const TEAM = 'team';
let seq = 0;
const event = (
  run_id: string,
  kind: EventKind,
  payload: Record<string, unknown>,
  metadata: Record<string, unknown> = {},
): EventV1 => ({
  schema_version: '1',
  ts: new Date(Date.UTC(2026, 0, 1, 0, 0, ++seq)).toISOString(),
  run_id,
  kind,
  task_id: null,
  step: run_id === TEAM ? null : 'modify',
  payload,
  metadata: { source: 'engine', agent: 'fixer', attempt: run_id === 'a2' ? 2 : 1, ...metadata },
  team_run_id: TEAM,
  id: `e${String(seq)}`,
  seq,
});

const LOG = [
  event(TEAM, 'status', { state: 'running', event: 'run', from: 'pending', to: 'running.modify' }),
  event('a1', 'status', { state: 'submitted', text: 'Fix it' }),
  event('a1', 'tool', { name: 'read', phase: 'start', call_id: 'c', input: { path: 'x' } }),
  event('a1', 'tool', { name: 'read', phase: 'end', call_id: 'c', output: 'text' }),
  event('a1', 'error', { code: 'agent_failed', message: 'no idea' }),
  event(TEAM, 'status', { state: 'retrying', event: 'step_fail', from: 'running.modify', to: 'retrying' }),
  event('a2', 'message', { role: 'agent', text: 'one ' }, { delta: true }),
  event('a2', 'message', { role: 'agent', text: 'two' }, { delta: true }),
  event('a2', 'message', { role: 'agent', text: 'one two\nthree' }, { final: true }),
];
const NONE: RowOptions = { kinds: new Set(), folded: new Set(), turned: new Set() };
const view: View = applyEvents(emptyView(), LOG);
const shape = (options: RowOptions): string[] =>
  timelineRows(view, options).map((row) =>
    row.type === 'group' ? `[${row.runId}]` : row.type === 'item' ? row.item.word : 'raw',
  );

describe('timeline rows', () => {
  it('puts each attempt under its heading, between the transitions of the run', () => {
    expect(shape(NONE)).toEqual([
      'run',
      '[a1]',
      'submitted',
      'end',
      'agent_failed',
      'step_fail',
      '[a2]',
      'agent',
    ]);
  });

  it('joins a tool and the pieces of an answer into one row each, and loses no event', () => {
    const rows = timelineRows(view, NONE).flatMap((row) => (row.type === 'item' ? [row.item] : []));
    expect(rows.find(({ kind }) => kind === 'tool')?.tool).toMatchObject({
      input: { path: 'x' },
      output: 'text',
    });
    expect(rows.at(-1)?.text).toBe('one two\nthree');
    expect(rows.flatMap(({ seqs }) => seqs).toSorted((a, b) => a - b)).toEqual(LOG.map((one) => one.seq));
    expect(countEvents(view.items, new Set())).toBe(LOG.length);
  });

  it('opens errors, folds long texts, and turns either over when asked', () => {
    const open = (options: RowOptions): (string | boolean)[][] =>
      timelineRows(view, options).flatMap((row) =>
        row.type === 'item' && row.foldable ? [[row.item.kind, row.open]] : [],
      );
    expect(open(NONE)).toEqual([
      ['tool', false],
      ['error', true],
      ['message', false],
    ]);
    const error = view.items.find(({ kind }) => kind === 'error')?.seq ?? 0;
    expect(open({ ...NONE, turned: new Set([error]) })[1]).toEqual(['error', false]);
  });

  it('a folded heading hides its rows and tells how many events they are', () => {
    const rows = timelineRows(view, { ...NONE, folded: new Set(['a1']) });
    expect(rows.filter((row) => row.type === 'group').map(({ events }) => events)).toEqual([4, 3]);
    expect(shape({ ...NONE, folded: new Set(['a1']) })).toEqual([
      'run',
      '[a1]',
      'step_fail',
      '[a2]',
      'agent',
    ]);
  });

  it('filters by kind, and drops headings under which nothing is left', () => {
    const kinds = new Set<EventKind>(['error']);
    expect(shape({ ...NONE, kinds })).toEqual(['[a1]', 'agent_failed']);
    expect(countEvents(view.items, kinds)).toBe(1);
  });

  it('shows each event of the log by itself when asked for them raw', () => {
    const events = new Map(LOG.map((one) => [one.seq, one]));
    expect(rawRows(events, new Set()).map((row) => row.event.seq)).toEqual(LOG.map((one) => one.seq));
  });
});
