// The parts of a team run's machine: its guards, its actions and its delays. compile.ts puts them together.
import { assign, setup } from 'xstate';
import { failure } from '../nouns/error.ts';
import { LIMITS } from '../nouns/limits.ts';
import type { WorkStep } from '../nouns/team.ts';
import { backoffMs, isRetryable } from './backoff.ts';
import {
  freshStep,
  type RunContext,
  type RunEvent,
  type RunInput,
  type StepMemory,
  stepKey,
} from './context.ts';

/** Says which step a guard or an action is about. */
export interface OfStep {
  readonly step: string;
}

/** What a transition tells people, beside its XState event. */
export interface TransitionMeta {
  /** The event in the words of the state table. */
  readonly label: string;
  readonly guard?: string;
}

const changeStep = (
  context: RunContext,
  id: string,
  change: Partial<StepMemory>,
): Pick<RunContext, 'steps'> => {
  const memory = context.steps[id];
  return memory === undefined
    ? { steps: context.steps }
    : { steps: { ...context.steps, [id]: { ...memory, ...change } } };
};

const keysInFlight = (context: RunContext): string[] =>
  Object.values(context.steps).flatMap(({ inFlight }) => (inFlight === null ? [] : [inFlight]));

/** Whether an outcome belongs to an invocation that this run waits for. */
const isExpected = (context: RunContext, event: RunEvent): boolean =>
  (event.type === 'step_complete' || event.type === 'step_fail') &&
  context.steps[event.step]?.inFlight === event.key;

/** The outcome of an expected invocation is kept until a step's own rules act on it. */
const holdOutcome = (
  context: RunContext,
  event: RunEvent,
  steps: ReadonlyMap<string, WorkStep>,
): Partial<RunContext> => {
  if (event.type === 'step_complete')
    return changeStep(context, event.step, {
      inFlight: null,
      discard: false,
      held: { ok: true, output: event.output },
    });
  if (event.type !== 'step_fail') return {};
  const memory = context.steps[event.step];
  const runsAgain =
    memory?.discard === true ||
    (event.error.code === 'outcome_unknown' && steps.get(event.step)?.on_unknown === 'retry');
  return changeStep(context, event.step, {
    inFlight: null,
    discard: false,
    held: runsAgain ? null : { ok: false, error: event.error },
  });
};

/** Guards, actions and delays over the steps of one template. */
export const partsOf = (workSteps: readonly WorkStep[]) => {
  const steps = new Map(workSteps.map((step) => [step.id, step]));
  const canRetry = (context: RunContext, id: string): boolean => {
    const memory = context.steps[id];
    const step = steps.get(id);
    if (memory?.held?.ok !== false || step === undefined) return false;
    return memory.retriesLeft > 0 && isRetryable(step, memory.held.error);
  };
  return setup({
    types: {
      context: {} as RunContext,
      events: {} as RunEvent,
      input: {} as RunInput,
      meta: {} as TransitionMeta,
    },
    guards: {
      heldGood: ({ context }, { step }: OfStep) => context.steps[step]?.held?.ok === true,
      heldBad: ({ context }, { step }: OfStep) => context.steps[step]?.held?.ok === false,
      heldBadCanRetry: ({ context }, { step }: OfStep) => canRetry(context, step),
      idle: ({ context }, { step }: OfStep) => {
        const memory = context.steps[step];
        return memory?.inFlight === null && memory.held === null;
      },
      isExpected: ({ context, event }) => isExpected(context, event),
      isNow: ({ event }) => event.type === 'pause' && event.now,
      nothingInFlight: ({ context }) => keysInFlight(context).length === 0,
    },
    actions: {
      /** Effect for the engine: begin the invocation with this key. */
      invokeStep: (_, _params: { step: string; key: string; execution: number; attempt: number }) =>
        undefined,
      /** Effect for the engine: stop these invocations; their outcomes still come. */
      cancelInvocations: (_, _params: { keys: readonly string[] }) => undefined,
      tick: assign(({ event }) => ({ at: event.at })),
      beginExecution: assign(({ context }, { step }: OfStep) => {
        const memory = context.steps[step];
        if (memory === undefined) return {};
        const execution = memory.execution + 1;
        return changeStep(context, step, {
          execution,
          attempt: memory.attempt + 1,
          inFlight: stepKey(context.teamRunId, step, execution),
        });
      }),
      hold: assign(({ context, event }) => holdOutcome(context, event, steps)),
      acceptOutput: assign(({ context }, { step }: OfStep) => {
        const held = context.steps[step]?.held;
        return held?.ok === true ? changeStep(context, step, { held: null, output: held.output }) : {};
      }),
      countRetry: assign(({ context }, { step: id }: OfStep) => {
        const memory = context.steps[id];
        const step = steps.get(id);
        if (memory === undefined || step === undefined) return {};
        const retriesLeft = memory.retriesLeft - 1;
        const used = (step.retry?.max ?? 0) - retriesLeft;
        const delayMs = backoffMs(step, used, stepKey(context.teamRunId, id, memory.execution));
        return {
          ...changeStep(context, id, { held: null, retriesLeft }),
          retry: { step: id, delayMs, dueAt: context.at + delayMs },
        };
      }),
      clearRetry: assign({ retry: null }),
      recordFailure: assign(({ context }, { step }: OfStep) => {
        const memory = context.steps[step];
        if (memory?.held?.ok !== false) return {};
        return {
          failure: {
            step,
            attempt: memory.attempt,
            key: stepKey(context.teamRunId, step, memory.execution),
            error: memory.held.error,
          },
        };
      }),
      recordBudget: assign(({ event }) =>
        event.type === 'budget_exceeded'
          ? {
              failure: {
                step: null,
                attempt: null,
                key: null,
                error: failure('budget_exceeded', `the budget ${event.budget} is used up`),
              },
            }
          : {},
      ),
      discardInFlight: assign(({ context }) => ({
        steps: Object.fromEntries(
          Object.entries(context.steps).map(([id, memory]) => [
            id,
            memory.inFlight === null ? memory : { ...memory, discard: true },
          ]),
        ),
      })),
      recordCancel: assign(({ event }) => ({
        cancel: { reason: event.type === 'cancel' ? event.reason : null, confirmed: true },
      })),
      /** While cancelling: an invocation ended; whether its agent said so is remembered. */
      settleCancelled: assign(({ context, event }) => {
        if (event.type !== 'step_complete' && event.type !== 'step_fail') return {};
        const confirmed = event.type === 'step_complete' || event.confirmed !== false;
        return {
          ...changeStep(context, event.step, { inFlight: null, discard: false }),
          cancel: {
            reason: context.cancel?.reason ?? null,
            confirmed: (context.cancel?.confirmed ?? true) && confirmed,
          },
        };
      }),
      cancelUnconfirmed: assign(({ context }) => ({
        cancel: { reason: context.cancel?.reason ?? null, confirmed: false },
      })),
    },
    delays: {
      backoff: ({ context }) => context.retry?.delayMs ?? 0,
      cancelLimit: LIMITS.cancelConfirmMs,
    },
  });
};

/** The context of a run that has not begun. */
export const freshContext = (workSteps: readonly WorkStep[], input: RunInput): RunContext => ({
  teamRunId: input.teamRunId,
  at: input.at,
  steps: Object.fromEntries(workSteps.map((step) => [step.id, freshStep(step)])),
  retry: null,
  failure: null,
  cancel: null,
});

/** Keys of the invocations that a run waits for. */
export { keysInFlight };
