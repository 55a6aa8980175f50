// The list of runs follows the events: statuses and progress at once, sections and filters right.
import type { EventV1 } from '#machines/nouns/event';
import { applyToRows, fits, type RunRow, sectioned } from './runs-model.ts';

const row = (id: string, change: Partial<RunRow> = {}): RunRow => ({
  id,
  kind: 'team',
  name: 'code-fix',
  status: 'running',
  step: 'analyze',
  done: 0,
  total: 4,
  origin: 'code-fix@3fa9c1d',
  createdAt: `2026-01-01T00:00:0${id.slice(-1)}.000Z`,
  updatedAt: '2026-01-01T00:00:00.000Z',
  endedAt: null,
  waiting: 0,
  ...change,
});

const event = (run_id: string, payload: Record<string, unknown>, change: Partial<EventV1> = {}): EventV1 => ({
  schema_version: '1',
  ts: '2026-01-01T00:01:00.000Z',
  run_id,
  kind: 'status',
  task_id: null,
  step: null,
  payload,
  metadata: { source: 'engine' },
  team_run_id: run_id,
  id: 'e',
  seq: 1,
  ...change,
});

const rowsOf = (...rows: RunRow[]): ReadonlyMap<string, RunRow> => new Map(rows.map((one) => [one.id, one]));
const ALL = { text: '', status: 'all', kind: 'all' } as const;

describe('rows and events', () => {
  it('a completed step moves status, step and progress, and asks for the whole truth', () => {
    const { rows, stale } = applyToRows(rowsOf(row('r1')), [
      event('r1', {
        state: 'running',
        event: 'step_complete',
        from: 'running.analyze',
        to: 'running.modify',
      }),
    ]);
    expect(rows.get('r1')).toMatchObject({ status: 'running', step: 'modify', done: 1 });
    expect(stale).toBe(true);
  });

  it('an end is an end', () => {
    const { rows } = applyToRows(rowsOf(row('r1')), [event('r1', { state: 'failed', event: 'step_fail' })]);
    expect(rows.get('r1')).toMatchObject({ status: 'failed', endedAt: '2026-01-01T00:01:00.000Z' });
  });

  it('deltas, tools and the words of agents change nothing and cost no reading', () => {
    const before = rowsOf(row('r1'));
    const { rows, stale } = applyToRows(before, [
      event('a1', { role: 'agent', text: 'x' }, { kind: 'message', team_run_id: 'r1' }),
      event('r1', { state: 'failed' }, { metadata: { source: 'client' } }),
    ]);
    expect(rows).toBe(before);
    expect(stale).toBe(false);
  });

  it('an unknown run makes the list stale', () => {
    expect(applyToRows(rowsOf(), [event('r9', { state: 'pending' })]).stale).toBe(true);
  });
});

describe('sections and filters', () => {
  const rows = [
    row('r1', { status: 'completed' }),
    row('r2'),
    row('r3', { status: 'paused' }),
    row('r4', { status: 'working', kind: 'plain', name: 'calc', step: null, origin: null }),
  ];

  it('shows what needs someone first, then what is at work, the newest first', () => {
    expect(sectioned(rows, ALL).map((part) => [part.section, part.rows.map(({ id }) => id)])).toEqual([
      ['needsYou', ['r3']],
      ['active', ['r4', 'r2']],
      ['ended', ['r1']],
    ]);
  });

  it('filters by section, status, kind and text together', () => {
    expect(rows.filter((one) => fits(one, { ...ALL, status: 'active' })).map(({ id }) => id)).toEqual([
      'r2',
      'r4',
    ]);
    expect(
      rows.filter((one) => fits(one, { ...ALL, kind: 'plain', text: 'CAL' })).map(({ id }) => id),
    ).toEqual(['r4']);
    expect(rows.filter((one) => fits(one, { ...ALL, text: 'nothing like it' }))).toEqual([]);
  });
});

describe('rows that wait for a person', () => {
  const words = (state: string, run_id: string, team_run_id: string | null): EventV1 =>
    event(run_id, { state, data: { approval_id: 'p1' } }, { team_run_id });

  it('stand with what needs someone, from the event that asks to the one that ends it', () => {
    const rows = rowsOf(row('r1'), row('r2', { kind: 'plain', status: 'working' }));
    const asked = applyToRows(rows, [
      words('waiting-approval', 'call', 'r1'),
      words('waiting-approval', 'r2', null),
    ]).rows;
    expect(
      sectioned(asked.values(), ALL).map(({ section, rows: inside }) => [section, inside.length]),
    ).toEqual([['needsYou', 2]]);
    const after = applyToRows(asked, [words('approval-decided', 'call', 'r1')]).rows;
    expect(after.get('r1')?.waiting).toBe(0);
    expect(sectioned(after.values(), { ...ALL, status: 'needsYou' })[0]?.rows).toHaveLength(1);
  });
});
