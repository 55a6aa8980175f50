// A chart for specs: compiled from a template as the daemon does it, so that specs see what users see.
import { chartOf } from '#machines/team-run/chart';
import { compile } from '#machines/team-run/compile';
import type { Chart } from '#machines/nouns/run';
import { TeamTemplateSchema } from '#machines/nouns/team';

/** The chart of a team of `steps` steps, one role each. */
export const chartOfSteps = (...steps: readonly string[]): Chart => {
  const template = TeamTemplateSchema.parse({
    apiVersion: 'agentmesh/v1',
    kind: 'Team',
    name: 'spec',
    roles: { worker: { agent: 'fixer' } },
    steps: steps.map((id) => ({ id, role: 'worker', prompt: 'Do it', retry: { max: 1 } })),
  });
  return chartOf(compile(template), template);
};
