// What each state of the chart says about itself now: its status, attempts and agent. Pure.
import type { StepTrack, View } from '#api/contract/view';
import type { Chart, TeamRun } from '#machines/nouns/run';
import { isStatusWord, type StatusWord } from '../icons.ts';

export interface StateInfo {
  /** Null: nothing to say yet (a state that was never entered). */
  readonly status: StatusWord | null;
  readonly attempt: number;
  /** Attempts begun and still possible; 0 when unknown. */
  readonly attemptsMax: number;
  readonly agent: string | null;
}

/** A step whose call has ended while the run is paused is not at work: its result is held until the run goes on. */
const isHeld = (track: StepTrack, runStatus: string | null): boolean =>
  runStatus === 'paused' && track.state === 'running' && (track.attempts.at(-1)?.endedAt ?? null) !== null;

const stepInfo = (
  track: StepTrack | undefined,
  runStatus: string | null,
  team: TeamRun | null,
  agent: string | null,
): StateInfo => {
  const attempt = track?.attempts.length ?? 0;
  const known = team?.steps.find((step) => step.id === track?.id);
  const ended = track !== undefined && ['completed', 'failed', 'cancelled', 'skipped'].includes(track.state);
  return {
    status: track === undefined ? 'pending' : isHeld(track, runStatus) ? 'paused' : track.state,
    attempt,
    attemptsMax: ended || known === undefined ? attempt : Math.max(attempt, attempt + known.retries_left),
    agent: track?.agent ?? agent,
  };
};

/** The information of every state, by id. */
export const stateInfo = (chart: Chart, view: View, team: TeamRun | null): ReadonlyMap<string, StateInfo> => {
  const active = new Set(view.activeStates);
  return new Map(
    chart.states.map((state) => {
      if (state.step !== null)
        return [
          state.id,
          stepInfo(
            view.steps.find((step) => step.id === state.step),
            view.status,
            team,
            state.agent,
          ),
        ];
      const word = state.id.split('.').at(-1);
      const status = active.has(state.id) && isStatusWord(word) ? word : null;
      return [state.id, { status, attempt: 0, attemptsMax: 0, agent: null }];
    }),
  );
};
