// The calls half of the view: attempts of steps and plain runs, their states, answers and errors.
import { ERRORS, isErrorCode } from '#machines/nouns/error-codes';
import type { EventV1 } from '#machines/nouns/event';
import type { InvocationState, StepState } from '#machines/nouns/run';
import { closeItemsOf } from './view-timeline.ts';
import {
  numberOf,
  objectOf,
  READ_THE_TRACE,
  textOf,
  type AttemptView,
  type Draft,
  type StepTrack,
} from './view-model.ts';

const ENDED: ReadonlySet<string> = new Set<InvocationState>(['completed', 'failed', 'cancelled']);

/** States of calls by the word of a status event; the later ones are words of logs that others wrote. */
const STATE_OF: ReadonlyMap<string, InvocationState> = new Map([
  ['submitted', 'queued'],
  ['working', 'working'],
  ['cancelling', 'cancelling'],
  ['completed', 'completed'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['running', 'working'],
  ['canceled', 'cancelled'],
  ['rejected', 'failed'],
]);

/** Whether a call has ended. */
export const isEndedCall = (call: AttemptView): boolean => ENDED.has(call.state);

const begun = (event: EventV1, attempt: number): AttemptView => ({
  runId: event.run_id,
  attempt: numberOf(event.metadata['attempt']) ?? attempt,
  agent: textOf(event.metadata['agent']),
  from: textOf(event.metadata['from']),
  state: 'working',
  taskId: null,
  prompt: null,
  promptChars: null,
  startedAt: event.ts,
  endedAt: null,
  error: null,
  answer: null,
  answerIsFinal: false,
  mayHaveRunTwice: false,
  cancelConfirmed: null,
  managed: event.metadata['source'] === 'engine',
});

/** Whether this event may change the call's state: the engine's word is law where the engine runs the call. */
const decides = (call: AttemptView, event: EventV1): boolean => {
  if (event.metadata['late'] === true) return false;
  const source = event.metadata['source'];
  return call.managed ? source === 'engine' : source !== 'agent';
};

const withStatus = (call: AttemptView, event: EventV1): AttemptView => {
  const word = textOf(event.payload['state']) ?? '';
  const state = STATE_OF.get(word) ?? call.state;
  const data = objectOf(event.payload['data']);
  const confirmed = data['cancel_confirmed'];
  return {
    ...call,
    state: isEndedCall(call) ? call.state : state,
    endedAt: isEndedCall(call) ? call.endedAt : ENDED.has(state) ? event.ts : null,
    mayHaveRunTwice: call.mayHaveRunTwice || data['may_have_run_twice'] === true,
    cancelConfirmed: typeof confirmed === 'boolean' ? confirmed : call.cancelConfirmed,
    ...(word === 'submitted'
      ? { prompt: textOf(event.payload['text']), promptChars: numberOf(data['prompt_chars']) }
      : {}),
  };
};

const withMessage = (call: AttemptView, event: EventV1): AttemptView => {
  const { payload, metadata } = event;
  const final = metadata['final'] === true;
  if (metadata['delta'] === true || metadata['late'] === true || payload['role'] === 'user') return call;
  return call.answerIsFinal && !final
    ? call
    : { ...call, answer: textOf(payload['text']), answerIsFinal: final };
};

const withEvent = (call: AttemptView, event: EventV1): AttemptView => {
  const known: AttemptView = {
    ...call,
    taskId: event.task_id ?? call.taskId,
    // The first event may name a skill; later ones name the agent that took it.
    agent: textOf(event.metadata['agent']) ?? call.agent,
    from: call.from ?? textOf(event.metadata['from']),
  };
  if (event.kind === 'message') return withMessage(known, event);
  if (!decides(known, event)) return known;
  if (event.kind === 'status') return withStatus(known, event);
  if (event.kind !== 'error') return known;
  const error = {
    code: textOf(event.payload['code']) ?? 'error',
    message: textOf(event.payload['message']) ?? '',
    eventId: event.id,
  };
  // A log of others may end with the error itself; the engine always says `failed` after it.
  return known.managed ? { ...known, error } : { ...known, error, state: 'failed', endedAt: event.ts };
};

const upsert = (
  calls: readonly AttemptView[],
  event: EventV1,
): { readonly calls: readonly AttemptView[]; readonly call: AttemptView } => {
  const at = calls.findIndex((call) => call.runId === event.run_id);
  const call = withEvent(calls[at] ?? begun(event, calls.length + 1), event);
  return { calls: at === -1 ? [...calls, call] : calls.with(at, call), call };
};

/** The step's track, made when no list of steps has named it (a log without its beginning). */
export const updateStep = (draft: Draft, id: string, change: (step: StepTrack) => StepTrack): void => {
  const at = draft.steps.findIndex((step) => step.id === id);
  const fresh: StepTrack = { id, role: null, agent: null, state: 'pending', attempts: [] };
  const changed = change(draft.steps[at] ?? fresh);
  draft.steps = at === -1 ? [...draft.steps, changed] : draft.steps.with(at, changed);
};

const stepStateWhen = (step: StepTrack, call: AttemptView): StepState =>
  !isEndedCall(call) && step.state !== 'completed' ? 'running' : step.state;

const applyAlone = (draft: Draft, call: AttemptView): void => {
  draft.status = call.state;
  draft.endedAt = call.endedAt;
  if (call.error === null || call.state !== 'failed' || draft.failure?.eventId === call.error.eventId) return;
  const { code, message, eventId } = call.error;
  draft.failure = {
    step: null,
    attempt: call.attempt,
    runId: call.runId,
    eventId,
    code,
    message,
    cause: null,
    next: isErrorCode(code) ? ERRORS[code].remedy : READ_THE_TRACE,
  };
};

/** Applies an event of a call: to its attempt, and to the step that the attempt belongs to. */
export const applyToCalls = (draft: Draft, event: EventV1): void => {
  const ofStep = event.team_run_id !== null && event.step !== null;
  const track = ofStep ? draft.steps.find((step) => step.id === event.step) : undefined;
  const { calls, call } = upsert(ofStep ? (track?.attempts ?? []) : draft.calls, event);
  if (ofStep && event.step !== null)
    updateStep(draft, event.step, (step) => ({
      ...step,
      attempts: calls,
      agent: call.agent ?? step.agent,
      state: stepStateWhen(step, call),
    }));
  else draft.calls = calls;
  // Without a word of the team run itself (a plain run, a task, the trace of one attempt) the call is all there is.
  if (draft.activeStates.length === 0) applyAlone(draft, call);
  if (isEndedCall(call)) closeItemsOf(draft, event.run_id);
};
