// Hosts the machine as pure data: snapshot and event in, snapshot and effects out. The only file that knows XState's runtime;
// moving to another version of it changes this file alone (docs/adr/0002).
import { type ActorScope, createActor, type SnapshotFrom } from 'xstate';
import type { TeamRunStatus } from '../nouns/run.ts';
import type { TeamMachine } from './compile.ts';
import type { RunContext, RunEvent, RunInput } from './context.ts';

export type RunSnapshot = SnapshotFrom<TeamMachine>;

/** The end of a delay that the machine asked for: sent back with `at` when it is due. */
export interface DelayedEvent {
  readonly type: `xstate.after.${string}`;
  readonly at: number;
}
export type HostedEvent = RunEvent | DelayedEvent;

/** What the engine must do after a transition, in this order, once the transition is durable. */
export type Effect =
  | {
      readonly type: 'invokeStep';
      readonly step: string;
      readonly key: string;
      readonly execution: number;
      readonly attempt: number;
    }
  | { readonly type: 'cancelInvocations'; readonly keys: readonly string[] }
  | {
      readonly type: 'startTimer';
      readonly timerId: string;
      readonly delayMs: number;
      readonly event: { readonly type: string };
    }
  | { readonly type: 'stopTimer'; readonly timerId: string };

interface ExecutableAction {
  readonly type: string;
  readonly params?: unknown;
}

const effectOf = ({ type, params }: ExecutableAction): Effect[] => {
  switch (type) {
    case 'invokeStep': {
      const { step, key, execution, attempt } = params as Extract<Effect, { type: 'invokeStep' }>;
      return [{ type, step, key, execution, attempt }];
    }
    case 'cancelInvocations': {
      const { keys } = params as { keys: readonly string[] };
      return keys.length === 0 ? [] : [{ type, keys }];
    }
    case 'xstate.raise': {
      const { event, id, delay } = params as { event: { type: string }; id?: string; delay?: number };
      // A raise without a delay has been taken inside the same transition.
      return delay === undefined
        ? []
        : [{ type: 'startTimer', timerId: id ?? event.type, delayMs: delay, event: { type: event.type } }];
    }
    case 'xstate.cancel':
      // XState hands over the id alone, or an object with it, depending on how the delay was made.
      return [
        {
          type: 'stopTimer',
          timerId: typeof params === 'string' ? params : (params as { sendId: string }).sendId,
        },
      ];
    default:
      return [];
  }
};

type Scope = ActorScope<RunSnapshot, RunEvent>;

/** A machine with the inert scope that XState's pure functions would make anew for every call. */
export interface HostedMachine {
  readonly machine: TeamMachine;
  readonly scope: Omit<Scope, 'actionExecutor'>;
  /** Ids of all its states. */
  readonly stateIds: ReadonlySet<string>;
}

const idsBelow = (node: TeamMachine['root']): string[] => [
  node.id,
  ...Object.values(node.states).flatMap((child) => idsBelow(child as TeamMachine['root'])),
];

/** Prepares a machine for hosting. Nothing is started. */
export const host = (machine: TeamMachine): HostedMachine => {
  const self = createActor(machine, { input: { teamRunId: '', at: 0 } });
  return {
    machine,
    stateIds: new Set(idsBelow(machine.root)),
    scope: {
      self,
      id: '',
      sessionId: '',
      system: self.system,
      logger: () => undefined,
      defer: () => undefined,
      emit: () => undefined,
      stopChild: () => undefined,
    },
  };
};

/** Runs one pure step and gathers what it wants done. */
const collect = (
  hosted: HostedMachine,
  step: (scope: Scope) => RunSnapshot,
): { readonly snapshot: RunSnapshot; readonly effects: readonly Effect[] } => {
  const effects: Effect[] = [];
  const snapshot = step({
    ...hosted.scope,
    actionExecutor: (action: ExecutableAction) => void effects.push(...effectOf(action)),
  });
  return { snapshot, effects };
};

/** The state of a run that has not begun. */
export const initial = (hosted: HostedMachine, input: RunInput): RunSnapshot =>
  collect(hosted, (scope) => hosted.machine.getInitialSnapshot(scope, input)).snapshot;

/**
 * One transition. `snapshot` is the very same object when the machine has no use for the event.
 * Throws what a guard or an action throws.
 */
export const next = (
  hosted: HostedMachine,
  snapshot: RunSnapshot,
  event: HostedEvent,
): { readonly snapshot: RunSnapshot; readonly effects: readonly Effect[] } => {
  const result = collect(hosted, (scope) => hosted.machine.transition(snapshot, event as RunEvent, scope));
  // XState reports what a guard or an action throws in the snapshot; here it is an error of this run alone.
  if (result.snapshot.status === 'error') throw result.snapshot.error;
  return result;
};

/** JSON of a snapshot. */
export const persist = (hosted: HostedMachine, snapshot: RunSnapshot): string =>
  JSON.stringify(hosted.machine.getPersistedSnapshot(snapshot));

interface PersistedSnapshot {
  readonly value: unknown;
  readonly context: RunContext;
  readonly historyValue?: Readonly<Record<string, readonly { readonly id: string }[]>>;
}

const idsOf = (value: unknown, prefix: string): string[] =>
  typeof value === 'string'
    ? [`${prefix}.${value}`]
    : Object.entries(value as Record<string, unknown>).flatMap(([key, inner]) => [
        `${prefix}.${key}`,
        ...idsOf(inner, `${prefix}.${key}`),
      ]);

/**
 * Reads a snapshot back, or names the states that the machine does not have: XState throws for one in `value`
 * and silently falls back to the first step for one in `historyValue`, so both are checked before.
 */
export const restore = (
  hosted: HostedMachine,
  json: string,
):
  | { readonly ok: true; readonly snapshot: RunSnapshot }
  | { readonly ok: false; readonly missing: readonly string[] } => {
  const persisted = JSON.parse(json) as PersistedSnapshot;
  const remembered = Object.entries(persisted.historyValue ?? {});
  const ids = [
    ...idsOf(persisted.value, hosted.machine.id),
    ...remembered.flatMap(([history, states]) => [history, ...states.map(({ id }) => id)]),
  ];
  const missing = ids.filter((id) => !hosted.stateIds.has(id));
  if (missing.length > 0) return { ok: false, missing };
  const { snapshot } = collect(hosted, (scope) =>
    hosted.machine.restoreSnapshot(
      persisted as unknown as Parameters<TeamMachine['restoreSnapshot']>[0],
      scope,
    ),
  );
  return { ok: true, snapshot };
};

/** The status of a run: the name of the machine's outermost state. The one place where it is computed. */
export const statusOf = (snapshot: RunSnapshot): TeamRunStatus => {
  const { value } = snapshot;
  return (typeof value === 'string' ? value : Object.keys(value)[0]) as TeamRunStatus;
};

/** The active state as a path, `running.analyze`; the regions of a parallel state are joined with `+`. */
export const statePath = (snapshot: RunSnapshot): string => {
  const walk = (value: unknown): string =>
    typeof value === 'string'
      ? value
      : Object.entries(value as Record<string, unknown>)
          .map(([key, inner]) => `${key}.${walk(inner)}`)
          .join('+');
  return walk(snapshot.value);
};

/** Whether the run has ended. */
export const isDone = (snapshot: RunSnapshot): boolean => snapshot.status === 'done';

/** Events that people may send now. */
export const enabledEvents = (snapshot: RunSnapshot): string[] => {
  const { at } = snapshot.context;
  const asked: RunEvent[] = [
    { type: 'run', at },
    { type: 'pause', at, now: false },
    { type: 'resume', at },
    { type: 'cancel', at, reason: null },
  ];
  return asked.filter((event) => snapshot.can(event)).map(({ type }) => type);
};

/** The event in the words of the state table. */
export const eventName = (type: string): string =>
  type.startsWith('xstate.after.backoff')
    ? 'backoff'
    : type.startsWith('xstate.after.cancelLimit')
      ? 'cancel_timeout'
      : type;

/** The step that a transition is about: the event’s own, else the one that was active. */
export const stepOf = (event: HostedEvent, before: RunSnapshot): string | null => {
  if ('step' in event) return event.step;
  const { value } = before;
  if (typeof value === 'string') return before.context.retry?.step ?? null;
  const inner = Object.values(value)[0];
  return typeof inner === 'string' ? inner : null;
};
