// Follows team runs for A2A: one subscription to the log for all of them, a look at the run after each of its events.
import type { Engine, EventRow } from '#engine/index';
import { MeshError } from '#machines/nouns/error';
import type { EventV1 } from '#machines/nouns/event';
import type { TeamRun } from '#machines/nouns/run';

/** The run as it is now, and what was recorded of it since the last look. */
export interface Look {
  readonly run: TeamRun;
  readonly events: readonly EventV1[];
}

export interface Watches {
  /** Looks at a run now and after each commit that concerns it, until the caller stops. Throws unknown_run and stopping. */
  follow(teamRunId: string): AsyncGenerator<Look, void, undefined>;
  /** Ends all of them with `stopping`. Idempotent. */
  readonly close: () => void;
}

interface Watch {
  readonly id: string;
  events: EventV1[];
  wake: () => void;
}

/** The watches of one engine. */
export const createWatches = (engine: Engine): Watches => {
  const open = new Set<Watch>();
  let isClosed = false;
  const subscription = engine.events.subscribe((rows: readonly EventRow[]) => {
    for (const watch of open) {
      const own = rows.filter(({ event }) => event.team_run_id === watch.id);
      if (own.length === 0) continue;
      watch.events.push(...own.map(({ event }) => event));
      watch.wake();
    }
  });
  return {
    async *follow(id) {
      const watch: Watch = { id, events: [], wake: () => undefined };
      open.add(watch);
      try {
        for (;;) {
          if (isClosed) throw new MeshError('stopping');
          const { events } = watch;
          watch.events = [];
          const woken = new Promise<void>((resolve) => {
            watch.wake = resolve;
          });
          yield { run: engine.teamRuns.get(id), events };
          if (watch.events.length === 0 && !isClosed) await woken;
        }
      } finally {
        open.delete(watch);
      }
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      subscription.close();
      for (const watch of open) watch.wake();
    },
  };
};
