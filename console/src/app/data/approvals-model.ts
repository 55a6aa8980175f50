// Cards of what agents ask: those that wait, those just decided here, elsewhere or by the clock. Pure.
import {
  APPROVAL_KINDS,
  APPROVAL_STATES,
  APPROVAL_WORDS,
  type ApprovalState,
} from '#machines/nouns/approval-words';
import type { Approval } from '#machines/nouns/approval';
import type { EventV1 } from '#machines/nouns/event';
import type { ShownProblem } from './problem.ts';

/** unsure: it was sent, and the daemon did not answer. Nothing can be pressed until it says what became of it. */
export type CardPhase = 'pending' | 'resolving' | 'unsure' | 'ended';

export interface ApprovalCard {
  readonly approval: Approval;
  readonly phase: CardPhase;
  /** What was pressed on this page; null when nothing was. */
  readonly pressed: 'allow' | 'deny' | null;
  readonly problem: ShownProblem | null;
}

/** What a person decided on a card. */
export interface Decided {
  readonly decision: 'allow' | 'deny';
  readonly answer: string | null;
  /** What the agent is told with a no; null when nothing was written. */
  readonly reason: string | null;
}

/** By approval id, oldest first. */
export type Cards = ReadonlyMap<string, ApprovalCard>;

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** What an event of the engine asks of people; null for every other event. */
const askedBy = (event: EventV1): Approval | null => {
  const data = objectOf(event.payload['data']);
  const id = textOf(data['approval_id']);
  if (event.payload['state'] !== APPROVAL_WORDS.asked || id === null) return null;
  return {
    approval_id: id,
    run_id: event.run_id,
    team_run_id: event.team_run_id,
    step: event.step,
    agent: textOf(event.metadata['agent']) ?? '',
    kind: APPROVAL_KINDS.find((kind) => kind === data['kind']) ?? 'permission',
    title: textOf(event.payload['text']) ?? '',
    tool: textOf(data['tool']),
    operation: data['operation'] ?? null,
    operation_hash: textOf(data['operation_hash']) ?? '',
    state: 'pending',
    requested_at: event.ts,
    expires_at: textOf(data['expires_at']) ?? event.ts,
    decided_at: null,
    decided_by: null,
    answer: null,
    reason: null,
    signed: false,
  };
};

const isState = (word: unknown): word is ApprovalState => APPROVAL_STATES.some((state) => state === word);

/** The card after the engine said how it ended. */
const endedBy = (card: ApprovalCard, event: EventV1): ApprovalCard => {
  const { decision, by, answer, reason } = objectOf(event.payload['data']);
  if (!isState(decision)) return card;
  return ended(card, {
    ...card.approval,
    state: decision,
    decided_at: event.ts,
    decided_by: (by as Approval['decided_by'] | undefined) ?? null,
    answer: textOf(answer),
    reason: textOf(reason),
  });
};

const ended = (card: ApprovalCard, approval: Approval): ApprovalCard => ({
  ...card,
  approval,
  phase: 'ended',
  problem: null,
});

const fresh = (approval: Approval): ApprovalCard => ({
  approval,
  phase: 'pending',
  pressed: null,
  problem: null,
});

/** The cards after a batch of events; the same map when nothing of it is about approvals. */
export const applyToCards = (cards: Cards, events: readonly EventV1[]): Cards => {
  let next: Map<string, ApprovalCard> | null = null;
  for (const event of events) {
    if (event.kind !== 'status' || event.metadata['source'] !== 'engine') continue;
    const asked = askedBy(event);
    if (asked !== null && !(next ?? cards).has(asked.approval_id)) {
      next ??= new Map(cards);
      next.set(asked.approval_id, fresh(asked));
    }
    if (event.payload['state'] !== APPROVAL_WORDS.decided) continue;
    const id = textOf(objectOf(event.payload['data'])['approval_id']);
    const card = id === null ? undefined : (next ?? cards).get(id);
    if (id === null || card === undefined || card.phase === 'ended') continue;
    next ??= new Map(cards);
    next.set(id, endedBy(card, event));
  }
  return next ?? cards;
};

/** The cards after the daemon listed what waits: new ones come, known ones stay as they are. */
export const withPending = (cards: Cards, pending: readonly Approval[]): Cards =>
  new Map([
    ...cards,
    ...pending
      .filter(({ approval_id }) => !cards.has(approval_id))
      .toReversed()
      .map((approval) => [approval.approval_id, fresh(approval)] as const),
  ]);

/** The cards after the daemon told of one: it still waits, or it has ended. */
export const withTruth = (cards: Cards, approval: Approval): Cards => {
  const card = cards.get(approval.approval_id);
  if (card === undefined) return cards;
  const after =
    approval.state === 'pending' ? { ...card, approval, phase: 'pending' as const } : ended(card, approval);
  return new Map(cards).set(approval.approval_id, after);
};

/** The cards after something was pressed, or failed. */
export const changed = (cards: Cards, id: string, change: Partial<ApprovalCard>): Cards => {
  const card = cards.get(id);
  // What the stream has ended meanwhile stays so.
  return card === undefined || card.phase === 'ended'
    ? cards
    : new Map(cards).set(id, { ...card, ...change });
};

/** Cards that wait for somebody, those that are being decided included. */
export const waitingOf = (cards: Iterable<ApprovalCard>): readonly ApprovalCard[] =>
  [...cards].filter(({ phase }) => phase !== 'ended');

/** Whether it was this page whose decision counted. */
export const isDecidedHere = ({ pressed, approval }: ApprovalCard): boolean =>
  (pressed === 'allow' && approval.state === 'approved') ||
  (pressed === 'deny' && approval.state === 'rejected');
