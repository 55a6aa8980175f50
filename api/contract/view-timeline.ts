// The timeline half of the view: which line an event becomes, and which events share a line.
import type { EventV1 } from '#machines/nouns/event';
import { approvalContent, waitOf } from './view-approvals.ts';
import {
  isTeamRunEvent,
  numberOf,
  objectOf,
  textOf,
  type Draft,
  type Severity,
  type TimelineItem,
} from './view-model.ts';

const GOOD = new Set(['completed', 'step_complete', 'resume']);
const BAD = new Set(['failed', 'step_fail', 'budget_exceeded', 'blocked', 'rejected']);
const WARN = new Set([
  'cancelled',
  'canceled',
  'cancelling',
  'cancel',
  'cancel_timeout',
  'retrying',
  'paused',
  'pause',
]);

const severityOf = (word: string): Severity =>
  BAD.has(word) ? 'bad' : GOOD.has(word) ? 'good' : WARN.has(word) ? 'warn' : 'info';

/** JSON for people to read; never throws. */
const shown = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

type Content = Pick<
  TimelineItem,
  'word' | 'title' | 'text' | 'severity' | 'transition' | 'tool' | 'artifact'
>;
const plain = { transition: null, tool: null, artifact: null } as const;

const statusContent = (event: EventV1): Content => {
  const approval = approvalContent(event);
  if (approval !== null) return { ...plain, ...approval };
  const state = textOf(event.payload['state']) ?? 'status';
  const machineEvent = isTeamRunEvent(event) ? textOf(event.payload['event']) : null;
  const [from, to] = [textOf(event.payload['from']), textOf(event.payload['to'])];
  const word = machineEvent ?? state;
  const twice = objectOf(event.payload['data'])['may_have_run_twice'] === true;
  return {
    ...plain,
    word,
    title: word.replaceAll('_', ' '),
    text: [textOf(event.payload['text']) ?? '', twice ? 'may have run twice' : '']
      .filter(Boolean)
      .join(' · '),
    severity: twice ? 'warn' : severityOf(machineEvent === null || machineEvent === 'run' ? state : word),
    transition: from === null && to === null ? null : { from: from ?? '', to: to ?? '' },
  };
};

const toolContent = (event: EventV1): Content => {
  const { payload, metadata } = event;
  const name = textOf(payload['name']) ?? textOf(metadata['name']) ?? 'tool';
  const word = textOf(payload['phase']) ?? textOf(metadata['phase']) ?? 'update';
  const { input = null, output = null, error = null } = payload;
  return {
    ...plain,
    word,
    title: name,
    text: shown(error ?? output ?? input),
    severity: error === null ? 'info' : 'bad',
    tool: { name, callId: textOf(payload['call_id']), input, output, error },
  };
};

/** A file in one line: its name, and what is known of it. */
const fileWords = (file: Readonly<Record<string, unknown>>): string => {
  const bytes = numberOf(file['bytes']);
  const facts = [
    textOf(file['mime']),
    bytes === null ? null : `${String(bytes)} bytes`,
    textOf(file['url']),
  ].filter((fact) => fact !== null);
  return `${textOf(file['name']) ?? 'file'}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
};

const artifactContent = ({ payload }: EventV1): Content => {
  const [name, mime, ref] = [textOf(payload['name']), textOf(payload['mime']), textOf(payload['ref'])];
  const { data = null } = payload;
  const files = (Array.isArray(payload['files']) ? payload['files'] : []).map(objectOf);
  return {
    ...plain,
    word: 'artifact',
    title: name ?? textOf(files[0]?.['name']) ?? mime ?? 'artifact',
    text: textOf(payload['text']) ?? (shown(data) || (ref ?? files.map(fileWords).join('\n'))),
    severity: 'info',
    artifact: { name, mime, ref, data },
  };
};

const contentOf = (event: EventV1): Content => {
  const { payload } = event;
  const text = textOf(payload['text']) ?? '';
  switch (event.kind) {
    case 'status':
      return statusContent(event);
    case 'tool':
      return toolContent(event);
    case 'artifact':
      return artifactContent(event);
    case 'message': {
      const role = textOf(payload['role']) ?? 'message';
      return { ...plain, word: role, title: role, text, severity: 'info' };
    }
    case 'reasoning':
      return { ...plain, word: 'reasoning', title: 'reasoning', text, severity: 'info' };
    case 'error': {
      const code = textOf(payload['code']) ?? 'error';
      return { ...plain, word: code, title: code, text: textOf(payload['message']) ?? text, severity: 'bad' };
    }
  }
};

const itemOf = (event: EventV1, open: boolean): TimelineItem => ({
  seq: event.seq,
  seqs: [event.seq],
  eventId: event.id,
  ts: event.ts,
  endTs: event.ts,
  runId: event.run_id,
  step: event.step,
  attempt: numberOf(event.metadata['attempt']),
  agent: textOf(event.metadata['agent']),
  kind: event.kind,
  late: event.metadata['late'] === true,
  open,
  final: event.metadata['final'] === true,
  ...contentOf(event),
});

/** How an event joins others: the name of its open line, whether it ends it, and what becomes of the text. */
const joinOf = (event: EventV1): { key: string; ends: boolean; text: 'append' | 'replace' } | null => {
  const { payload, metadata } = event;
  if (event.kind === 'message' && (metadata['delta'] === true || metadata['final'] === true)) {
    const final = metadata['final'] === true;
    return { key: `message ${event.run_id}`, ends: final, text: final ? 'replace' : 'append' };
  }
  if (event.kind === 'reasoning' && (metadata['delta'] === true || payload['ended'] === true))
    return { key: `reasoning ${event.run_id}`, ends: payload['ended'] === true, text: 'append' };
  if (event.kind !== 'tool') return null;
  const call =
    textOf(payload['call_id']) ?? `name ${textOf(payload['name']) ?? textOf(metadata['name']) ?? ''}`;
  const ends = (textOf(payload['phase']) ?? textOf(metadata['phase'])) === 'end';
  return { key: `tool ${event.run_id} ${call}`, ends, text: 'replace' };
};

const joined = (
  item: TimelineItem,
  event: EventV1,
  ends: boolean,
  how: 'append' | 'replace',
): TimelineItem => {
  const next = contentOf(event);
  const tool =
    item.tool === null || next.tool === null
      ? item.tool
      : {
          ...next.tool,
          callId: item.tool.callId ?? next.tool.callId,
          input: next.tool.input ?? item.tool.input,
          output: next.tool.output ?? item.tool.output,
          error: next.tool.error ?? item.tool.error,
        };
  return {
    ...item,
    seqs: [...item.seqs, event.seq],
    endTs: event.ts,
    word: next.word,
    text: how === 'append' ? item.text + next.text : next.text || item.text,
    severity: next.severity === 'info' ? item.severity : next.severity,
    open: !ends,
    final: item.final || event.metadata['final'] === true,
    tool,
  };
};

/** Names the line on which the engine says that a call is in a state. */
const stateKey = (event: EventV1): string | null => {
  const state = textOf(event.payload['state']);
  return event.kind === 'status' && state !== null && !isTeamRunEvent(event)
    ? `state ${event.run_id} ${state}`
    : null;
};

/** Whether an agent says no more than the name of a state; the engine has mostly said the same just before. */
const isBareState = ({ payload, metadata }: EventV1): boolean =>
  metadata['source'] === 'agent' &&
  metadata['late'] !== true &&
  Object.entries(payload).every(([name, value]) => name === 'state' || (name === 'text' && value === ''));

/** Lets the engine's line stand for an agent's bare repetition of its state. Answers whether it does. */
const foldState = (draft: Draft, event: EventV1): boolean => {
  const key = stateKey(event);
  if (key === null) return false;
  const at = draft.openItems.get(key);
  const item = at === undefined ? undefined : draft.items[at];
  if (at !== undefined && item !== undefined && isBareState(event)) {
    // A state begins once: its line has no end that a repetition would move.
    draft.items[at] = { ...item, seqs: [...item.seqs, event.seq] };
    return true;
  }
  if (event.metadata['source'] === 'engine') draft.openItems.set(key, draft.items.length);
  return false;
};

/** A line that waits for a person lasts until somebody, or the clock, decided. Answers whether one begins here. */
const foldWait = (draft: Draft, event: EventV1): boolean => {
  const wait = waitOf(event);
  if (wait === null) return false;
  const at = draft.openItems.get(wait.key);
  const item = at === undefined ? undefined : draft.items[at];
  if (wait.begins) draft.openItems.set(wait.key, draft.items.length);
  else if (at !== undefined && item !== undefined) {
    draft.items[at] = { ...item, endTs: event.ts, open: false };
    draft.openItems.delete(wait.key);
  }
  return wait.begins;
};

/** Puts the event on the timeline: on the line that it continues or repeats, or on a new one. */
export const applyToTimeline = (draft: Draft, event: EventV1): void => {
  if (foldState(draft, event)) return;
  const waits = foldWait(draft, event);
  const join = joinOf(event);
  const at = join === null ? undefined : draft.openItems.get(join.key);
  const item = at === undefined ? undefined : draft.items[at];
  const late = event.metadata['late'] === true;
  if (join !== null && at !== undefined && item !== undefined && item.late === late) {
    draft.items[at] = joined(item, event, join.ends, join.text);
    if (join.ends) draft.openItems.delete(join.key);
    return;
  }
  const open = join !== null && !join.ends && !late;
  if (open) draft.openItems.set(join.key, draft.items.length);
  draft.items.push(itemOf(event, open || waits));
};

/** Ends every open line of a run: it is over, nothing more comes. */
export const closeItemsOf = (draft: Draft, runId: string): void => {
  for (const [key, at] of draft.openItems) {
    const item = draft.items[at];
    if (item?.runId !== runId) continue;
    draft.items[at] = { ...item, open: false };
    draft.openItems.delete(key);
  }
};
