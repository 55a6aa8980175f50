// Presence of one agent: seen until it answers, reachable while it does, lost after two failed probes in a row.
import { z } from 'zod';
import { assign, initialTransition, setup, transition } from 'xstate';
import { PRESENCES, type Presence } from '../nouns/agent.ts';

/** One failed probe may be a hiccup of the network; the second in a row is not. */
const FAILURES_TO_LOSE = 2;

export type PresenceEvent = { readonly type: 'probe_ok' } | { readonly type: 'probe_failed' };

/** What is kept of the machine between two probes. */
export const SavedPresenceSchema = z.object({ presence: z.enum(PRESENCES), failures: z.int().min(0) });
export type SavedPresence = z.infer<typeof SavedPresenceSchema>;

export const presenceMachine = setup({
  types: {
    context: {} as { readonly failures: number },
    events: {} as PresenceEvent,
  },
  actions: {
    forget: assign({ failures: 0 }),
    count: assign({ failures: ({ context }) => context.failures + 1 }),
  },
  guards: {
    isTheLast: ({ context }) => context.failures + 1 >= FAILURES_TO_LOSE,
  },
}).createMachine({
  id: 'presence',
  initial: 'seen',
  context: { failures: 0 },
  states: {
    // What never answered cannot be lost.
    seen: { on: { probe_ok: 'reachable' } },
    reachable: {
      on: {
        probe_ok: { actions: 'forget' },
        probe_failed: [{ guard: 'isTheLast', target: 'lost', actions: 'forget' }, { actions: 'count' }],
      },
    },
    lost: { on: { probe_ok: 'reachable' } },
  },
});

const save = (snapshot: {
  readonly value: unknown;
  readonly context: { readonly failures: number };
}): SavedPresence =>
  SavedPresenceSchema.parse({ presence: snapshot.value, failures: snapshot.context.failures });

/** The presence of an agent that was just seen for the first time. */
export const firstPresence = (): SavedPresence => save(initialTransition(presenceMachine)[0]);

/** The presence after a probe; pure. */
export const nextPresence = (saved: SavedPresence, event: PresenceEvent): SavedPresence => {
  const value: Presence = saved.presence;
  const snapshot = presenceMachine.resolveState({ value, context: { failures: saved.failures } });
  return save(transition(presenceMachine, snapshot, event)[0]);
};
