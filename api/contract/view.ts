// ONE pure reducer from events to what is shown. The CLI's trace and the console both use it, so they cannot disagree.
import { ERRORS, isErrorCode } from '#machines/nouns/error-codes';
import type { EventV1 } from '#machines/nouns/event';
import type { StepState, TeamRunStatus } from '#machines/nouns/run';
import { applyToApprovals } from './view-approvals.ts';
import { applyToCalls, updateStep } from './view-calls.ts';
import {
  isTeamRunEvent,
  numberOf,
  objectOf,
  READ_THE_TRACE,
  textOf,
  type Draft,
  type StepTrack,
  type View,
} from './view-model.ts';
import { applyToTimeline } from './view-timeline.ts';

export type {
  ApprovalView,
  ArtifactUse,
  AttemptView,
  FailureView,
  Severity,
  StepTrack,
  TemplateView,
  TimelineItem,
  ToolUse,
  View,
} from './view-model.ts';

const ENDED: ReadonlySet<string> = new Set<TeamRunStatus>(['completed', 'failed', 'cancelled']);

/** The view before any event. */
export const emptyView = (): View => ({
  teamRunId: null,
  status: null,
  template: null,
  inputs: {},
  steps: [],
  calls: [],
  approvals: [],
  activeStates: [],
  items: [],
  failure: null,
  lastSeq: 0,
  startedAt: null,
  endedAt: null,
  openItems: new Map(),
});

/** `a.b, c` -> a, a.b, c: every active state with its ancestors, outermost first. */
const statesOf = (path: string): readonly string[] => {
  const states = new Set<string>();
  for (const leaf of path.split(/[\s,]+/).filter((part) => part !== '')) {
    const names = leaf.split('.');
    names.forEach((_, depth) => states.add(names.slice(0, depth + 1).join('.')));
  }
  return [...states];
};

const applyCreated = (draft: Draft, data: Readonly<Record<string, unknown>>): void => {
  const template = objectOf(data['template']);
  draft.inputs = objectOf(data['inputs']);
  draft.template = {
    name: textOf(template['name']) ?? '',
    hash: textOf(template['hash']),
    origin: textOf(template['origin']),
    commit: textOf(template['commit']),
  };
  const steps = Array.isArray(data['steps']) ? data['steps'] : [];
  const named = steps.flatMap((step: unknown): StepTrack[] => {
    const id = textOf(objectOf(step)['id']);
    if (id === null) return [];
    const known = draft.steps.find((track) => track.id === id);
    const role = textOf(objectOf(step)['role']);
    return [
      known === undefined ? { id, role, agent: null, state: 'pending', attempts: [] } : { ...known, role },
    ];
  });
  draft.steps = [...named, ...draft.steps.filter((track) => !named.some((step) => step.id === track.id))];
};

/** What becomes of a step that has not ended when its run ends. */
const atEnd = (state: StepState, status: string): StepState => {
  if (state === 'running' || state === 'retrying') return status === 'completed' ? 'completed' : 'cancelled';
  return state === 'pending' && status === 'completed' ? 'skipped' : state;
};

const setStep = (draft: Draft, id: string | null, state: StepState): void => {
  if (id !== null) updateStep(draft, id, (step) => ({ ...step, state }));
};

const applyTransition = (draft: Draft, event: EventV1): void => {
  const status = textOf(event.payload['state']);
  const machineEvent = textOf(event.payload['event']);
  const to = textOf(event.payload['to']);
  const data = objectOf(event.payload['data']);
  if (machineEvent === 'created') applyCreated(draft, data);
  if (status !== null) draft.status = status;
  if (to !== null) draft.activeStates = statesOf(to);
  else if (status !== null) draft.activeStates = [status];
  if (machineEvent === 'step_complete') setStep(draft, event.step, 'completed');
  if (machineEvent === 'step_fail' && status === 'retrying') setStep(draft, event.step, 'retrying');
  // Stopped by `pause --now`: it begins again with the run.
  if (machineEvent === 'step_fail' && status === 'paused' && objectOf(data['error'])['code'] === 'cancelled')
    setStep(draft, event.step, 'pending');
  if (status !== null && ENDED.has(status)) {
    if (status === 'failed' && machineEvent !== 'step_complete') setStep(draft, event.step, 'failed');
    draft.steps = draft.steps.map((step) => ({ ...step, state: atEnd(step.state, status) }));
    draft.endedAt = event.ts;
  }
};

/** What to do next, in the words of whoever knows best: the engine, else the catalogue. */
const nextOf = (event: EventV1, code: string): string =>
  textOf(event.metadata['next']) ??
  textOf(event.payload['next']) ??
  (isErrorCode(code) ? ERRORS[code].remedy : READ_THE_TRACE);

const applyFailure = (draft: Draft, event: EventV1): void => {
  const code = textOf(event.payload['code']) ?? 'error';
  const cause = event.payload['cause'];
  draft.failure = {
    step: event.step,
    attempt: numberOf(event.metadata['attempt']),
    runId: textOf(event.metadata['failed_run_id']) ?? event.run_id,
    eventId: textOf(event.metadata['failed_event_id']) ?? event.id,
    code,
    message: textOf(event.payload['message']) ?? '',
    cause: cause === undefined || cause === null ? null : (textOf(cause) ?? JSON.stringify(cause)),
    next: nextOf(event, code),
  };
};

const applyOne = (draft: Draft, event: EventV1): void => {
  draft.lastSeq = event.seq;
  draft.startedAt ??= event.ts;
  draft.teamRunId ??= event.team_run_id;
  applyToTimeline(draft, event);
  if (!isTeamRunEvent(event)) {
    applyToApprovals(draft, event);
    applyToCalls(draft, event);
    return;
  }
  // Anyone may record an event under the id of a run; only the engine's own move it.
  if (event.metadata['source'] !== 'engine' || event.metadata['late'] === true) return;
  if (event.kind === 'status') applyTransition(draft, event);
  if (event.kind === 'error') applyFailure(draft, event);
};

/**
 * The view after the events of a batch, which are ascending by seq. Pure; events at or below `lastSeq` are already in
 * it and change nothing, so replaying any part twice is replaying it once. Unknown payloads show as they are.
 */
export const applyEvents = (view: View, events: readonly EventV1[]): View => {
  const first = events.findIndex((event) => event.seq > view.lastSeq);
  if (first === -1) return view;
  const draft: Draft = { ...view, items: [...view.items], openItems: new Map(view.openItems) };
  for (const event of events.slice(first)) if (event.seq > draft.lastSeq) applyOne(draft, event);
  return draft;
};

/** The view after one event; use `applyEvents` for many, it copies the timeline once. */
export const applyEvent = (view: View, event: EventV1): View => applyEvents(view, [event]);
