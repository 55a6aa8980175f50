// What a trace shows: the shapes that view.ts computes from events. The CLI and the console render these and nothing else.
import type { EventKind, EventV1 } from '#machines/nouns/event';
import type { ApprovalKind, ApprovalState } from '#machines/nouns/approval-words';
import type { InvocationState, StepState } from '#machines/nouns/run';

export type Severity = 'info' | 'good' | 'warn' | 'bad';

/** One line of the timeline: an event, or several that belong together (pieces of an answer, a tool from start to end, a state and its repetitions). */
export interface TimelineItem {
  /** seq of its first event: its identity and its place in the timeline. */
  readonly seq: number;
  /** seq of every event that it stands for, ascending. */
  readonly seqs: readonly number[];
  /** Id of its first event. */
  readonly eventId: string;
  readonly ts: string;
  /** When its last event happened; equal to `ts` for a single event and for a state. */
  readonly endTs: string;
  readonly runId: string;
  readonly step: string | null;
  readonly attempt: number | null;
  readonly agent: string | null;
  readonly kind: EventKind;
  /** The machine's word for it, for translation and icons: a state, a transition's event, a tool's phase, an error code. */
  readonly word: string;
  /** Short, English, for people. */
  readonly title: string;
  /** Long, as the agent or the engine wrote it; may hold anything, so escape it where it is shown. */
  readonly text: string;
  readonly severity: Severity;
  /** It came after the end of its run and changed nothing. */
  readonly late: boolean;
  /** More of it is expected: an answer in pieces, a tool at work. */
  readonly open: boolean;
  /** It is the whole answer of its call. */
  readonly final: boolean;
  readonly transition: { readonly from: string; readonly to: string } | null;
  readonly tool: ToolUse | null;
  readonly artifact: ArtifactUse | null;
}

export interface ToolUse {
  readonly name: string;
  readonly callId: string | null;
  readonly input: unknown;
  readonly output: unknown;
  readonly error: unknown;
}

export interface ArtifactUse {
  readonly name: string | null;
  readonly mime: string | null;
  /** `sha256:<hex>` when its content is stored beside the log. */
  readonly ref: string | null;
  readonly data: unknown;
}

/** One call to one agent. */
export interface AttemptView {
  readonly runId: string;
  /** 1, 2, … */
  readonly attempt: number;
  readonly agent: string | null;
  /** The agent on whose behalf it was asked. */
  readonly from: string | null;
  readonly state: InvocationState;
  readonly taskId: string | null;
  /** As recorded: cut when it is long, `promptChars` tells the whole length. */
  readonly prompt: string | null;
  readonly promptChars: number | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly error: AttemptError | null;
  /** The answer: the last whole message so far, or the final text once the agent has given it. */
  readonly answer: string | null;
  readonly answerIsFinal: boolean;
  readonly mayHaveRunTwice: boolean;
  readonly cancelConfirmed: boolean | null;
  /** The engine runs it: then only the engine's events change its state. */
  readonly managed: boolean;
}

export interface AttemptError {
  readonly code: string;
  readonly message: string;
  readonly eventId: string;
}

export interface StepTrack {
  readonly id: string;
  readonly role: string | null;
  /** The agent of the last attempt. */
  readonly agent: string | null;
  readonly state: StepState;
  readonly attempts: readonly AttemptView[];
}

/** What an agent asked a person. */
export interface ApprovalView {
  readonly id: string;
  /** seq of the event that asked. */
  readonly seq: number;
  readonly runId: string;
  readonly step: string | null;
  readonly agent: string | null;
  readonly kind: ApprovalKind;
  /** In the agent’s own words. */
  readonly title: string;
  readonly tool: string | null;
  /** Whole. */
  readonly operation: unknown;
  readonly hash: string;
  readonly state: ApprovalState;
  readonly requestedAt: string;
  readonly expiresAt: string | null;
  readonly decidedAt: string | null;
  /** Who decided; null when nobody did. */
  readonly by: string | null;
  readonly answer: string | null;
  readonly reason: string | null;
}

/** Where and why it failed, and what to do next. */
export interface FailureView {
  readonly step: string | null;
  readonly attempt: number | null;
  readonly runId: string;
  readonly eventId: string;
  readonly code: string;
  readonly message: string;
  readonly cause: string | null;
  readonly next: string;
}

export interface TemplateView {
  readonly name: string;
  readonly hash: string | null;
  readonly origin: string | null;
  readonly commit: string | null;
}

export interface View {
  /** Null for a plain run or a task. */
  readonly teamRunId: string | null;
  /** Status of the team run, or the state of the (last) call where there is no team; null before the first event. */
  readonly status: string | null;
  readonly template: TemplateView | null;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly steps: readonly StepTrack[];
  /** Calls that belong to no step: plain runs and tasks. */
  readonly calls: readonly AttemptView[];
  /** What agents asked people, in order. */
  readonly approvals: readonly ApprovalView[];
  /** Active states of the chart with their ancestors, outermost first: `running`, `running.analyze`. */
  readonly activeStates: readonly string[];
  readonly items: readonly TimelineItem[];
  readonly failure: FailureView | null;
  readonly lastSeq: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Index in `items` of what later events may continue, by run and call. Internal to the reducer. */
  readonly openItems: ReadonlyMap<string, number>;
}

/** The view while a batch is applied: the same fields, replaceable; nested values are never mutated. */
export interface Draft {
  teamRunId: string | null;
  status: string | null;
  template: TemplateView | null;
  inputs: Readonly<Record<string, unknown>>;
  steps: readonly StepTrack[];
  calls: readonly AttemptView[];
  approvals: readonly ApprovalView[];
  activeStates: readonly string[];
  items: TimelineItem[];
  failure: FailureView | null;
  lastSeq: number;
  startedAt: string | null;
  endedAt: string | null;
  openItems: Map<string, number>;
}

/** Text of a payload field; null when it is anything else. */
export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** A finite number of a payload field; null when it is anything else. */
export const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

/** A plain object of a payload field; empty when it is anything else. */
export const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

/** Whether an event is the team run's own (a transition or its failure), not one of its calls'. */
export const isTeamRunEvent = (event: EventV1): boolean =>
  event.team_run_id !== null && event.team_run_id === event.run_id;

/** What to do next when an agent failed in words of its own. */
export const READ_THE_TRACE = 'Read the message of the agent in the trace.';
