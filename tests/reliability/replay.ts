// Replays a team run from its own events, as a stranger with the log alone would.
import { parse } from 'yaml';
import type { EventV1 } from '#machines/nouns/event';
import { TeamTemplateSchema } from '#machines/nouns/team';
import { compile } from '#machines/team-run/compile';
import {
  eventName,
  host,
  type HostedEvent,
  type HostedMachine,
  initial,
  next,
  persist,
  type RunSnapshot,
} from '#machines/team-run/host';

interface Created {
  readonly data: { readonly at: number; readonly template: { readonly text: string } };
}

interface Walk {
  readonly hosted: HostedMachine;
  readonly first: RunSnapshot;
  /** Each transition in its order. */
  readonly transitions: readonly HostedEvent[];
}

const walkOf = (events: readonly EventV1[]): Walk => {
  const [created, ...transitions] = events.filter(
    ({ run_id, team_run_id, kind, payload, metadata }) =>
      run_id === team_run_id && kind === 'status' && metadata['source'] === 'engine' && 'data' in payload,
  );
  if (created === undefined) throw new Error('there is no first event to replay from');
  const { data } = created.payload as unknown as Created;
  const hosted = host(compile(TeamTemplateSchema.parse(parse(data.template.text))));
  return {
    hosted,
    first: initial(hosted, { teamRunId: created.run_id, at: data.at }),
    transitions: transitions.map(({ payload }) => payload['data'] as HostedEvent),
  };
};

/** The persisted snapshot that the events of one team run lead to, as JSON. `events` ascending, those of steps may be among them. */
export const replay = (events: readonly EventV1[]): string => {
  const { hosted, first, transitions } = walkOf(events);
  let snapshot = first;
  for (const event of transitions) ({ snapshot } = next(hosted, snapshot, event));
  return persist(hosted, snapshot);
};

/** How many backoffs of a team run have passed, and which of them before they were over. `events` as for replay. */
export const earlyBackoffs = (
  events: readonly EventV1[],
): { readonly count: number; readonly early: readonly string[] } => {
  const { hosted, first, transitions } = walkOf(events);
  const early: string[] = [];
  let count = 0;
  let snapshot = first;
  for (const event of transitions) {
    const { retry } = snapshot.context;
    if (eventName(event.type) === 'backoff' && retry !== null) {
      count += 1;
      if (event.at < retry.dueAt)
        early.push(`step ${retry.step} was tried again ${retry.dueAt - event.at} ms before its time`);
    }
    ({ snapshot } = next(hosted, snapshot, event));
  }
  return { count, early };
};
