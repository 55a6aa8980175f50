// Starts a team over the API of a real daemon and waits for its end.
import { setTimeout as sleep } from 'node:timers/promises';
import { isTerminalTeamRun, type TeamRun } from '#machines/nouns/run';
import type { MeshUnderFire } from '#tests/reliability/mesh-under-fire';

/** Far above what any team of the tests takes. */
const PATIENCE_MS = 120_000;

export const startTeam = async (
  mesh: MeshUnderFire,
  text: string,
  inputs: Readonly<Record<string, unknown>>,
): Promise<string> => {
  const body = { template: { text, origin: 'test' }, inputs };
  return (await mesh.client.call('team-runs.start', { body })).team_run_id;
};

/** The run once `holds`, by default once it has ended. */
export const teamRun = async (
  mesh: MeshUnderFire,
  teamRunId: string,
  holds: (run: TeamRun) => boolean = ({ status }) => isTerminalTeamRun(status),
): Promise<TeamRun> => {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const run = await mesh.client.call('team-runs.get', { params: { team_run_id: teamRunId } });
    if (holds(run)) return run;
    if (performance.now() > deadline) throw new Error(`team run ${teamRunId} is ${run.status} for too long`);
    await sleep(50);
  }
};
