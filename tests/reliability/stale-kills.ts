// kill -9 where something of the past is still under way: an outcome whose step has been tried again since, a backoff whose
// run has been paused, resumed and refused again since. Neither may reach the present after the restart.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventV1 } from '#machines/nouns/event';
import { refuses } from './flaky-agent.ts';
import { MeshUnderFire } from './mesh-under-fire.ts';
import { until } from './processes/mesh.ts';
import { earlyBackoffs } from './replay.ts';

/** One step on the flaky agent: a quarter of the runs is refused the first time. */
const ONCE_MORE = `apiVersion: agentmesh/v1
kind: Team
name: once-more
roles:
  worker: { agent: worker }
steps:
  - { id: one, role: worker, prompt: "do it", timeout: 4m, retry: { max: 5, initial: 20ms, jitter: false } }
`;

/** Long enough that a firing that comes too early cannot be taken for one that is due. */
const BACKOFF_MS = 3_000;
/** One step on a program that always refuses. */
const NEVER = `apiVersion: agentmesh/v1
kind: Team
name: never
roles:
  refuser: { agent: refuser }
steps:
  - { id: one, role: refuser, prompt: "do it", retry: { max: 20, initial: ${BACKOFF_MS}ms, backoff: fixed, jitter: false } }
`;
const REFUSER = `cat > /dev/null; echo '{"kind":"error","payload":{"code":"agent_failed","message":"not now","retryable":true}}'; exit 1`;

/** Runs of each sort at a time. */
const RUNS = 16;
/** A run that hangs is a violation, not a test that never ends. */
const PATIENCE_MS = 60_000;

export interface StaleKills {
  /** Runs whose step was being tried again when the daemon was killed. */
  readonly caughtAgain: number;
  /** Backoffs that passed, each looked at. */
  readonly backoffs: number;
  readonly violations: readonly string[];
}

const startAll = (mesh: MeshUnderFire, text: string, tag: string): Promise<string[]> =>
  Promise.all(
    Array.from({ length: RUNS }, async (_, n) => {
      const body = { template: { text, origin: 'test' }, inputs: {} };
      return (await mesh.ask('team-runs.start', { body, idempotencyKey: `${tag}-${n}` })).team_run_id;
    }),
  );

const runOf = (mesh: MeshUnderFire, team_run_id: string) =>
  mesh.ask('team-runs.get', { params: { team_run_id } });

/** What `look` sees within the time limit, or the sentence that says what was waited for. */
const seen = async (what: string, look: () => Promise<boolean>): Promise<string[]> => {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await look())) {
    if (performance.now() > deadline) return [`waited in vain: ${what}`];
    await sleep(20);
  }
  return [];
};

/** Kills while refused steps are tried for the second time: whatever their first attempts said must not count again. */
const lateOutcomes = async (
  mesh: MeshUnderFire,
  round: number,
): Promise<{ caught: number; violations: string[] }> => {
  const ids = await startAll(mesh, ONCE_MORE, `late-${round}`);
  const refused = ids.filter((id) => refuses(`${id}/one/1`));
  const attempts = async (id: string): Promise<number> =>
    (await runOf(mesh, id)).steps[0]?.attempts.length ?? 0;
  const waited = await seen('the second attempts', async () =>
    (await Promise.all(refused.map(attempts))).every((count) => count >= 2),
  );
  const inHand = await Promise.all(refused.map(async (id) => (await runOf(mesh, id)).status === 'running'));
  await mesh.killAll();
  mesh.start();
  await mesh.ready();
  const ended = await seen('the end of every run', async () =>
    (await Promise.all(ids.map((id) => runOf(mesh, id)))).every(({ ended_at }) => ended_at !== null),
  );
  const ends = await Promise.all(ids.map((id) => runOf(mesh, id)));
  return {
    caught: inHand.filter(Boolean).length,
    violations: [
      ...waited,
      ...ended,
      ...ends.flatMap(({ team_run_id: id, status, steps }) => {
        const expected = refuses(`${id}/one/1`) ? 2 : 1;
        const count = steps[0]?.attempts.length ?? 0;
        return status === 'completed' && count === expected
          ? []
          : [`late outcome: ${id} is ${status} after ${count} attempts instead of ${expected}`];
      }),
    ],
  };
};

/** Kills runs that wait for their next attempt, and pauses and resumes them as soon as the next life lets it. */
const staleBackoffs = async (mesh: MeshUnderFire, round: number): Promise<string[]> => {
  const ids = await startAll(mesh, NEVER, `stale-${round}`);
  const isRetrying = async (id: string): Promise<boolean> => (await runOf(mesh, id)).status === 'retrying';
  const violations = await seen('the first refusals', async () =>
    (await Promise.all(ids.map(isRetrying))).every(Boolean),
  );
  await mesh.killAll();
  // By the next start every backoff is overdue, so that all of them fire at once.
  await sleep(BACKOFF_MS);
  mesh.start();
  await mesh.ready();
  const steer = async (id: string): Promise<void> => {
    const params = { team_run_id: id };
    await mesh.ask('team-runs.pause', { params, body: { now: false } });
    await mesh.ask('team-runs.resume', { params });
  };
  await Promise.all(ids.map(steer));
  const attemptsOf = async (id: string): Promise<number> =>
    (await runOf(mesh, id)).steps[0]?.attempts.length ?? 0;
  const before = await Promise.all(ids.map(attemptsOf));
  violations.push(
    ...(await seen('the attempts after the backoff', async () =>
      (await Promise.all(ids.map(attemptsOf))).every((count, index) => count > (before[index] ?? 0) + 1),
    )),
  );
  for (const id of ids) await mesh.ask('team-runs.cancel', { params: { team_run_id: id }, body: {} });
  return violations;
};

/** Both sorts, `rounds` times each. Violations are answered, not thrown. */
export const staleKills = async ({
  rounds,
  say,
}: {
  readonly rounds: number;
  readonly say: (line: string) => void;
}): Promise<StaleKills> => {
  await using mesh = await MeshUnderFire.open({
    agents: ['worker'],
    delayMs: 250,
    programs: { refuser: ['/bin/sh', '-c', REFUSER] },
  });
  mesh.start();
  await mesh.ready();
  await mesh.ask('discover', { body: { wait_ms: 20_000 } });
  const violations: string[] = [];
  let caughtAgain = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const late = await lateOutcomes(mesh, round);
    caughtAgain += late.caught;
    violations.push(...late.violations, ...(await staleBackoffs(mesh, round)));
    say(`${round} of ${rounds} rounds of stale outcomes and timers`);
  }
  await until('every run ended', async () => (await mesh.ask('healthz')).counts.team_runs_active === 0);
  const verified = await mesh.ask('verify');
  if (!verified.ok) violations.push(`verify says ${JSON.stringify(verified)}`);
  let backoffs = 0;
  for (const { team_run_id } of await mesh.ask('team-runs.list', { query: { limit: 500 } })) {
    const events: EventV1[] = [];
    for await (const event of mesh.client.events({ scope: { team_run_id } })) events.push(event);
    const passed = earlyBackoffs(events);
    backoffs += passed.count;
    violations.push(...passed.early.map((line) => `${team_run_id}: ${line}`));
  }
  for (const { agent, key, times } of await mesh.effects())
    if (times !== 1) violations.push(`${agent} did ${key} ${times} times`);
  await mesh.stop();
  return { caughtAgain, backoffs, violations };
};
