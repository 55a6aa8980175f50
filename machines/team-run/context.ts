// What a team run's machine remembers and hears: its context and its events.
import type { Failure } from '../nouns/error.ts';
import type { WorkStep } from '../nouns/team.ts';

/** A step's good outcome: where its output is stored, and the few fields that guards read. */
export interface OutputRef {
  /** Id of the event that carries the output. */
  readonly ref: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type HeldOutcome =
  { readonly ok: true; readonly output: OutputRef } | { readonly ok: false; readonly error: Failure };

export interface StepMemory {
  /** Rises with every invocation of the step, for ever: part of the idempotency key. */
  readonly execution: number;
  /** Attempts begun, for people. */
  readonly attempt: number;
  readonly retriesLeft: number;
  /** Key of the invocation in flight. */
  readonly inFlight: string | null;
  /** The invocation in flight is being stopped by `pause --now`: its failure is no failure of the step. */
  readonly discard: boolean;
  /** An outcome that came and has not been acted on yet. */
  readonly held: HeldOutcome | null;
  readonly output: OutputRef | null;
}

export interface RunFailure {
  readonly step: string | null;
  readonly attempt: number | null;
  readonly key: string | null;
  readonly error: Failure;
}

export interface RunContext {
  readonly teamRunId: string;
  /** Time of the last event, milliseconds: the only clock that a machine has. */
  readonly at: number;
  readonly steps: Readonly<Record<string, StepMemory>>;
  /** While retrying: the step, and when its next attempt is due. */
  readonly retry: { readonly step: string; readonly delayMs: number; readonly dueAt: number } | null;
  readonly failure: RunFailure | null;
  readonly cancel: { readonly reason: string | null; readonly confirmed: boolean } | null;
}

/** Every event carries `at`, milliseconds, strictly rising per run. */
export type RunEvent =
  | { readonly type: 'run'; readonly at: number }
  | {
      readonly type: 'step_complete';
      readonly at: number;
      readonly step: string;
      readonly key: string;
      readonly output: OutputRef;
    }
  | {
      readonly type: 'step_fail';
      readonly at: number;
      readonly step: string;
      readonly key: string;
      readonly error: Failure;
      /** For a cancelled invocation: whether the agent itself confirmed its end. */
      readonly confirmed?: boolean;
    }
  | { readonly type: 'pause'; readonly at: number; readonly now: boolean }
  | { readonly type: 'resume'; readonly at: number }
  | { readonly type: 'cancel'; readonly at: number; readonly reason: string | null }
  | { readonly type: 'budget_exceeded'; readonly at: number; readonly budget: string };

export interface RunInput {
  readonly teamRunId: string;
  readonly at: number;
}

/** The idempotency key of one execution of a step. */
export const stepKey = (teamRunId: string, step: string, execution: number): string =>
  `${teamRunId}/${step}/${execution}`;

/** The memory of a step that has not begun. */
export const freshStep = (step: WorkStep): StepMemory => ({
  execution: 0,
  attempt: 0,
  retriesLeft: step.retry?.max ?? 0,
  inFlight: null,
  discard: false,
  held: null,
  output: null,
});
