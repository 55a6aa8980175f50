// Cards of approvals follow the stream and the daemon's own word, whichever comes first; an end is an end.
import type { Approval } from '#machines/nouns/approval';
import type { EventV1 } from '#machines/nouns/event';
import {
  applyToCards,
  changed,
  isDecidedHere,
  waitingOf,
  withPending,
  withTruth,
  type Cards,
} from './approvals-model.ts';

const AT = '2026-01-01T00:00:00.000Z';
const event = (payload: Record<string, unknown>, source = 'engine'): EventV1 => ({
  schema_version: '1',
  ts: AT,
  run_id: 'r1',
  kind: 'status',
  task_id: null,
  step: 'deploy',
  payload,
  metadata: { source, agent: 'calc' },
  team_run_id: 't1',
  id: 'e',
  seq: 1,
});
const asked = (id = 'p1'): EventV1 =>
  event({
    state: 'waiting-approval',
    text: 'push',
    data: {
      approval_id: id,
      kind: 'permission',
      tool: 'exec',
      operation: { a: 1 },
      operation_hash: 'ab',
      expires_at: AT,
    },
  });
const decided = (decision: string, id = 'p1', source = 'engine'): EventV1 =>
  event(
    {
      state: 'approval-decided',
      data: { approval_id: id, decision, by: { kind: 'socket', role: 'owner', detail: 'uid:1' } },
    },
    source,
  );
const none: Cards = new Map();
const only = (cards: Cards) => cards.get('p1');

describe('cards of approvals', () => {
  it('come with the event that asks, whole, and once', () => {
    const cards = applyToCards(none, [asked(), asked()]);
    expect(cards.size).toBe(1);
    expect(only(cards)?.approval).toMatchObject({
      agent: 'calc',
      step: 'deploy',
      team_run_id: 't1',
      operation: { a: 1 },
      operation_hash: 'ab',
    });
    expect(applyToCards(cards, [asked()])).toBe(cards);
  });

  it('end with the event that decides, say who did, and stay ended', () => {
    const cards = applyToCards(none, [asked(), decided('approved'), decided('expired')]);
    expect(only(cards)).toMatchObject({ phase: 'ended', approval: { state: 'approved' } });
    expect(only(cards)?.approval.decided_by?.detail).toBe('uid:1');
    expect(changed(cards, 'p1', { phase: 'unsure' })).toBe(cards);
    expect(waitingOf(cards.values())).toEqual([]);
  });

  it('believe the engine alone', () => {
    expect(applyToCards(none, [{ ...asked(), metadata: { source: 'agent' } }])).toBe(none);
    const cards = applyToCards(none, [asked()]);
    expect(
      applyToCards(cards, [decided('approved', 'p1', 'client'), decided('x'), decided('approved', 'p2')]),
    ).toEqual(cards);
  });

  it('were decided here when what was pressed here is what came of it', () => {
    const pressed = changed(applyToCards(none, [asked()]), 'p1', { phase: 'resolving', pressed: 'allow' });
    const here = only(applyToCards(pressed, [decided('approved')]));
    const elsewhere = only(applyToCards(pressed, [decided('rejected')]));
    expect([here, elsewhere].map((card) => card !== undefined && isDecidedHere(card))).toEqual([true, false]);
  });

  it('after a cut wait for the daemon’s own word', () => {
    const unsure = changed(applyToCards(none, [asked()]), 'p1', { phase: 'unsure', pressed: 'allow' });
    const approval = only(unsure)?.approval as Approval;
    expect(only(withTruth(unsure, approval))?.phase).toBe('pending');
    expect(only(withTruth(unsure, { ...approval, state: 'approved' }))?.phase).toBe('ended');
    const other = { ...approval, approval_id: 'p0' };
    expect([...withPending(unsure, [approval, other]).keys()]).toEqual(['p1', 'p0']);
    expect(withTruth(none, approval)).toBe(none);
  });
});
