// Team runs: start, see, and steer. What a run can take now is the machine’s answer, never ours.
import { given, type Handlers } from './handler.ts';

export const teamRunHandlers: Handlers<
  | 'team-runs.start'
  | 'team-runs.list'
  | 'team-runs.get'
  | 'team-runs.pause'
  | 'team-runs.resume'
  | 'team-runs.cancel'
  | 'team-runs.machine'
> = {
  'team-runs.start': ({ engine, caller, body: { template, inputs, origin }, idempotencyKey }) =>
    engine.teamRuns.start(caller, {
      template:
        'name' in template
          ? template
          : { text: template.text, origin: template.origin, ...given({ commit: template.commit }) },
      inputs,
      ...(origin === undefined ? {} : { asked: { via: 'api', origin } }),
      ...given({ idempotencyKey }),
    }),

  'team-runs.list': ({ engine, query }) =>
    engine.teamRuns.list({
      limit: query.limit,
      ...given({ status: query.status, before: query.before }),
    }),

  'team-runs.get': ({ engine, params }) => engine.teamRuns.get(params.team_run_id),

  'team-runs.pause': ({ engine, caller, params, body }) =>
    engine.teamRuns.pause(caller, params.team_run_id, { now: body.now }),

  'team-runs.resume': ({ engine, caller, params }) => engine.teamRuns.resume(caller, params.team_run_id),

  'team-runs.cancel': ({ engine, caller, params, body }) =>
    engine.teamRuns.cancel(caller, params.team_run_id, body.reason),

  'team-runs.machine': ({ engine, params }) => engine.teamRuns.machine(params.team_run_id),
};
