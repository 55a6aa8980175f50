// TeamTemplate -> XState machine. The state table of docs/teams.md, one row at a time; engine, CLI and console all use this machine.
import { isWorkStep, type TeamTemplate, type WorkStep } from '../nouns/team.ts';
import { freshContext, keysInFlight, type OfStep, partsOf } from './parts.ts';

/** Rises when the same template would compile to another machine; runs pin it. */
export const COMPILER_VERSION = 1;

/** Names of our own states inside `running`: step ids begin with a letter, so they cannot be these. */
export const STATE = { end: '$end', resume: '$resume' } as const;

const ID = 'team';
const at = (state: string): `#${string}` => `#${ID}.${state}`;

type Parts = ReturnType<typeof partsOf>;
type MachineConfig = Parameters<Parts['createMachine']>[0];
type StateConfig = NonNullable<MachineConfig['states']>[string];

/** A step is one state with four rules in this order, then the two events that its invocation may bring. */
const stepState = (id: string, next: string): StateConfig => {
  const params: OfStep = { step: id };
  return {
    always: [
      {
        guard: { type: 'heldGood', params },
        target: next,
        actions: { type: 'acceptOutput', params },
        meta: { label: 'step_complete' },
      },
      {
        guard: { type: 'heldBadCanRetry', params },
        target: at('retrying'),
        actions: { type: 'countRetry', params },
        meta: { label: 'step_fail', guard: 'retries left' },
      },
      {
        guard: { type: 'heldBad', params },
        target: at('failed'),
        actions: { type: 'recordFailure', params },
        meta: { label: 'step_fail', guard: 'no retries left' },
      },
      {
        guard: { type: 'idle', params },
        actions: [
          { type: 'beginExecution', params },
          {
            type: 'invokeStep',
            params: ({ context }) => {
              const memory = context.steps[id];
              return {
                step: id,
                key: memory?.inFlight ?? '',
                execution: memory?.execution ?? 0,
                attempt: memory?.attempt ?? 0,
              };
            },
          },
        ],
      },
    ],
    on: {
      step_complete: { guard: 'isExpected', actions: ['tick', 'hold'] },
      step_fail: { guard: 'isExpected', actions: ['tick', 'hold'] },
    },
  };
};

const stopAll = {
  type: 'cancelInvocations',
  params: ({ context }: { context: Parameters<typeof keysInFlight>[0] }) => ({ keys: keysInFlight(context) }),
} as const;

/** Events that every waiting state takes alike: outcomes are held, cancel and an empty budget end the run. */
const whileWaiting = {
  step_complete: { guard: 'isExpected', actions: ['tick', 'hold'] },
  step_fail: { guard: 'isExpected', actions: ['tick', 'hold'] },
} as const;

const endings = {
  cancel: { target: at('cancelling'), actions: ['tick', 'recordCancel'], meta: { label: 'cancel' } },
  budget_exceeded: {
    target: at('failed'),
    actions: ['tick', 'recordBudget', stopAll],
    meta: { label: 'budget_exceeded' },
  },
} as const;

const pause = [
  {
    guard: 'isNow',
    target: at('paused'),
    actions: ['tick', 'discardInFlight', stopAll],
    meta: { label: 'pause', guard: 'now' },
  },
  { target: at('paused'), actions: ['tick'], meta: { label: 'pause' } },
] as const;

/**
 * The machine of a template. Throws when a step is of a sort that notSupportedYet() lists:
 * templates are checked before they are compiled.
 */
export const compile = (template: TeamTemplate) => {
  const steps: WorkStep[] = template.steps.filter(isWorkStep);
  const [first] = steps;
  if (first === undefined || steps.length !== template.steps.length)
    throw new Error(`team ${template.name} has steps that cannot be compiled`);
  const stepStates: Record<string, StateConfig> = Object.fromEntries(
    steps.map((step, index) => [step.id, stepState(step.id, steps[index + 1]?.id ?? STATE.end)]),
  );
  return partsOf(steps).createMachine({
    id: ID,
    initial: 'pending',
    context: ({ input }) => freshContext(steps, input),
    states: {
      pending: {
        on: { run: { target: 'running', actions: 'tick', meta: { label: 'run' } }, cancel: endings.cancel },
      },
      running: {
        initial: first.id,
        on: { pause, ...endings },
        states: {
          ...stepStates,
          [STATE.end]: { type: 'final' },
          [STATE.resume]: { type: 'history', history: 'deep', target: first.id },
        },
        onDone: { target: 'completed', meta: { label: 'step_complete', guard: 'no steps left' } },
      },
      retrying: {
        on: { pause, ...whileWaiting, ...endings },
        after: {
          backoff: {
            target: at(`running.${STATE.resume}`),
            actions: 'tick',
            meta: { label: 'backoff passed' },
          },
        },
        exit: 'clearRetry',
      },
      paused: {
        on: {
          resume: { target: at(`running.${STATE.resume}`), actions: 'tick', meta: { label: 'resume' } },
          pause: { guard: 'isNow', actions: ['tick', 'discardInFlight', stopAll] },
          ...whileWaiting,
          ...endings,
        },
      },
      cancelling: {
        entry: stopAll,
        always: { guard: 'nothingInFlight', target: 'cancelled', meta: { label: 'agents stopped' } },
        on: {
          step_complete: { guard: 'isExpected', actions: ['tick', 'settleCancelled'] },
          step_fail: { guard: 'isExpected', actions: ['tick', 'settleCancelled'] },
        },
        after: {
          cancelLimit: {
            target: 'cancelled',
            actions: ['tick', 'cancelUnconfirmed'],
            meta: { label: 'not confirmed in time' },
          },
        },
      },
      completed: { type: 'final' },
      failed: { type: 'final' },
      cancelled: { type: 'final' },
    },
  });
};

export type TeamMachine = ReturnType<typeof compile>;
