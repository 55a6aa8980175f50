// Replays a team run from its own events, as a stranger with the log alone would.
import { parse } from 'yaml';
import type { EventV1 } from '#machines/nouns/event';
import { TeamTemplateSchema } from '#machines/nouns/team';
import { compile } from '#machines/team-run/compile';
import { host, type HostedEvent, initial, next, persist } from '#machines/team-run/host';

interface Created {
  readonly data: { readonly at: number; readonly template: { readonly text: string } };
}

/** The persisted snapshot that the events of one team run lead to, as JSON. `events` ascending, those of steps may be among them. */
export const replay = (events: readonly EventV1[]): string => {
  const [created, ...transitions] = events.filter(
    ({ run_id, team_run_id, kind, payload, metadata }) =>
      run_id === team_run_id && kind === 'status' && metadata['source'] === 'engine' && 'data' in payload,
  );
  if (created === undefined) throw new Error('there is no first event to replay from');
  const { data } = created.payload as unknown as Created;
  const hosted = host(compile(TeamTemplateSchema.parse(parse(data.template.text))));
  let snapshot = initial(hosted, { teamRunId: created.run_id, at: data.at });
  for (const { payload } of transitions)
    ({ snapshot } = next(hosted, snapshot, payload['data'] as HostedEvent));
  return persist(hosted, snapshot);
};
