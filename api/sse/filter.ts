// Whether an event fits a filter: the same answer that the table gives for GET /api/events.
import type { EventFilter, EventV1 } from '#machines/nouns/event';

/** The test of one filter; all that are given must hold. Times are compared as instants. */
export const eventMatcher = (filter: EventFilter): ((event: EventV1) => boolean) => {
  const { run_id, task_id, team_run_id, kind, agent, status } = filter;
  const since = filter.since === undefined ? undefined : Date.parse(filter.since);
  const until = filter.until === undefined ? undefined : Date.parse(filter.until);
  return (event) =>
    (run_id === undefined || event.run_id === run_id) &&
    (task_id === undefined || event.task_id === task_id) &&
    (team_run_id === undefined || event.team_run_id === team_run_id) &&
    (kind === undefined || event.kind === kind) &&
    (agent === undefined || event.metadata['agent'] === agent) &&
    (status === undefined || (event.kind === 'status' && event.payload['state'] === status)) &&
    (since === undefined || Date.parse(event.ts) >= since) &&
    (until === undefined || Date.parse(event.ts) < until);
};

/** Equal for equal filters; empty for the one that takes everything. */
export const filterKey = (filter: EventFilter): string =>
  Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .sort()
    .join('&');
