// The approvals half of the view: what agents asked people, and what became of it.
import {
  APPROVAL_KINDS,
  APPROVAL_STATES,
  APPROVAL_WORDS,
  type ApprovalState,
} from '#machines/nouns/approval-words';
import type { EventV1 } from '#machines/nouns/event';
import { objectOf, textOf, type ApprovalView, type Draft, type Severity } from './view-model.ts';

const SEVERITY: Readonly<Record<string, Severity>> = {
  approved: 'good',
  rejected: 'bad',
  refused: 'bad',
  expired: 'warn',
};

/** A recorded caller in two words: `socket uid:1000`; of a browser only its first word, the rest is a paragraph. */
export const whoText = ({ kind, detail }: { readonly kind: string; readonly detail: string }): string =>
  [kind, kind === 'loopback' ? (detail.split(' ')[0] ?? '') : detail].filter((part) => part !== '').join(' ');

/** `socket uid:1000` of a recorded caller; null when nobody decided. */
const whoOf = (by: unknown): string | null => {
  const { kind, detail } = objectOf(by);
  return typeof kind === 'string' ? whoText({ kind, detail: textOf(detail) ?? '' }) : null;
};

const isState = (word: string | null): word is ApprovalState =>
  APPROVAL_STATES.some((state) => state === word);

/** What the engine says of approvals; anyone may record such words, and only the engine's count. */
const wordOf = (event: EventV1): string | null =>
  event.kind === 'status' && event.metadata['source'] === 'engine' ? textOf(event.payload['state']) : null;

/** The line that waits for a person, by its name, and whether this event begins or ends it; null for every other event. */
export const waitOf = (event: EventV1): { readonly key: string; readonly begins: boolean } | null => {
  const word = wordOf(event);
  const id = textOf(objectOf(event.payload['data'])['approval_id']);
  return id === null || (word !== APPROVAL_WORDS.asked && word !== APPROVAL_WORDS.decided)
    ? null
    : { key: `approval ${id}`, begins: word === APPROVAL_WORDS.asked };
};

/** How a line of the timeline says it; null when the event is about no approval. */
export const approvalContent = (
  event: EventV1,
): {
  readonly word: string;
  readonly title: string;
  readonly text: string;
  readonly severity: Severity;
} | null => {
  const word = wordOf(event);
  const title = textOf(event.payload['text']) ?? '';
  if (word === APPROVAL_WORDS.asked)
    return { word, title: 'waiting for a person', text: title, severity: 'warn' };
  if (word !== APPROVAL_WORDS.decided) return null;
  const data = objectOf(event.payload['data']);
  const decision = textOf(data['decision']) ?? 'decided';
  const who = whoOf(data['by']);
  const said = [textOf(data['answer']), textOf(data['reason'])].filter(Boolean);
  return {
    word: `approval-${decision}`,
    title: who === null ? decision : `${decision} by ${who}`,
    text: [title, ...said].filter(Boolean).join(' · '),
    severity: SEVERITY[decision] ?? 'info',
  };
};

const asked = (event: EventV1, id: string): ApprovalView => {
  const data = objectOf(event.payload['data']);
  return {
    id,
    seq: event.seq,
    runId: event.run_id,
    step: event.step,
    agent: textOf(event.metadata['agent']),
    kind: APPROVAL_KINDS.find((kind) => kind === data['kind']) ?? 'permission',
    title: textOf(event.payload['text']) ?? '',
    tool: textOf(data['tool']),
    operation: data['operation'] ?? null,
    hash: textOf(data['operation_hash']) ?? '',
    state: 'pending',
    requestedAt: event.ts,
    expiresAt: textOf(data['expires_at']),
    decidedAt: null,
    by: null,
    answer: null,
    reason: null,
  };
};

/** Applies an event of a call to what its agent asked. */
export const applyToApprovals = (draft: Draft, event: EventV1): void => {
  const word = wordOf(event);
  if (word !== APPROVAL_WORDS.asked && word !== APPROVAL_WORDS.decided) return;
  const data = objectOf(event.payload['data']);
  const id = textOf(data['approval_id']);
  // What was refused before anybody was asked is only a line of the timeline.
  if (id === null) return;
  const at = draft.approvals.findIndex((approval) => approval.id === id);
  if (word === APPROVAL_WORDS.asked) {
    if (at === -1) draft.approvals = [...draft.approvals, asked(event, id)];
    return;
  }
  const known = draft.approvals[at];
  const state = textOf(data['decision']);
  if (known?.state !== 'pending' || !isState(state)) return;
  draft.approvals = draft.approvals.with(at, {
    ...known,
    state,
    decidedAt: event.ts,
    by: whoOf(data['by']),
    answer: textOf(data['answer']),
    reason: textOf(data['reason']),
  });
};
