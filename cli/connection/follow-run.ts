// Follows one run to its end through the event stream, however often the daemon restarts meanwhile.
import type { Client } from '#api/contract/client';
import { applyEvent, emptyView, type View } from '#api/contract/view';
import { MeshError } from '#machines/nouns/error-codes';
import type { EventV1 } from '#machines/nouns/event';

/** A daemon that stays away longer than this has not been restarted: the command ends, the run does not. */
const AWAY_MS = 60_000;

export type RunScope = { readonly team_run_id: string } | { readonly run_id: string };

export interface FollowOptions {
  readonly signal: AbortSignal;
  /** Each event once, in order, with the view that includes it. */
  readonly onEvent?: (view: View, event: EventV1) => void | Promise<void>;
  /** The daemon went away, or is back. */
  readonly onAway?: (away: boolean) => void;
}

const ended = (view: View): boolean =>
  view.status === 'completed' || view.status === 'failed' || view.status === 'cancelled';

/** The view at the end of the run, or at the moment of the abort. Throws daemon_unreachable when the daemon stays away. */
export const followRun = async (client: Client, scope: RunScope, options: FollowOptions): Promise<View> => {
  const stop = new AbortController();
  const { signal } = options;
  let view = emptyView();
  let away: NodeJS.Timeout | undefined;
  let gaveUp = false;
  const back = (): void => {
    if (away === undefined) return;
    clearTimeout(away);
    away = undefined;
    options.onAway?.(false);
  };
  try {
    const events = client.stream({
      filter: scope,
      afterSeq: 0,
      signal: AbortSignal.any([signal, stop.signal]),
      onState: (state) => {
        if (state === 'live') back();
        if (state !== 'lost' || away !== undefined) return;
        options.onAway?.(true);
        away = setTimeout(() => {
          gaveUp = true;
          stop.abort();
        }, AWAY_MS);
      },
    });
    for await (const event of events) {
      view = applyEvent(view, event);
      await options.onEvent?.(view, event);
      if (ended(view)) return view;
    }
  } finally {
    clearTimeout(away);
    stop.abort();
  }
  if (gaveUp) {
    const id = 'run_id' in scope ? scope.run_id : scope.team_run_id;
    throw new MeshError(
      'daemon_unreachable',
      `The daemon went away and did not come back; the run is ${id}`,
      { run: id },
    );
  }
  return view;
};
