// The same team runs on any driver: a fixed number of them, told apart by a tag, followed to their ends.
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventV1 } from '#machines/nouns/event';
import { isTerminalTeamRun, type TeamRun } from '#machines/nouns/run';
import type { MeshUnderFire } from '../mesh-under-fire.ts';
import type { Effect } from '../sample-agents.ts';
import { shapeOf } from './run-shapes.ts';

/** Two agents that keep a ledger, reached by workers where there are some, and a program that only the daemon runs. */
const TEAM = `apiVersion: agentmesh/v1
kind: Team
name: carried
inputs:
  expression: { type: string }
roles:
  calc: { agent: calc }
  scribe: { agent: scribe }
  noter: { agent: noter }
steps:
  - { id: first, role: calc, prompt: "{{ inputs.expression }}", timeout: 5m }
  - { id: second, role: calc, prompt: "{{ steps.first.output.result }}+1", timeout: 5m }
  - { id: note, role: noter, prompt: "note {{ steps.second.output.result }}", timeout: 5m, retry: { max: 3, initial: 50ms } }
  - { id: summary, role: scribe, prompt: "Write about {{ steps.second.output.result }}", timeout: 5m }
`;

/** A run that has not ended after this is stuck. */
const PATIENCE_MS = 180_000;

export const AGENTS = ['calc', 'scribe'] as const;

export interface Carried {
  readonly tag: string;
  readonly run: TeamRun;
}

/** Starts `count` runs, `inFlight` at a time, and resolves when all have ended; one that is stuck is left as it stands. */
export const carry = async (
  mesh: MeshUnderFire,
  count: number,
  inFlight: number,
  onEnded: (ended: number) => void = () => undefined,
): Promise<readonly Carried[]> => {
  const ended: Carried[] = [];
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      const tag = `carried-${begun}`;
      const body = {
        template: { text: TEAM, origin: 'test' },
        inputs: { expression: `${begun % 97}*${begun % 89}` },
      };
      // Asked twice now and then, as a client does whose answer was lost.
      for (let asked = begun % 7 === 0 ? 2 : 1; asked > 1; asked -= 1)
        await mesh.ask('team-runs.start', { body, idempotencyKey: tag });
      const { team_run_id: id } = await mesh.ask('team-runs.start', { body, idempotencyKey: tag });
      for (const deadline = performance.now() + PATIENCE_MS; ;) {
        await sleep(150);
        const run = await mesh.ask('team-runs.get', { params: { team_run_id: id } });
        if (!isTerminalTeamRun(run.status) && performance.now() < deadline) continue;
        ended.push({ tag, run });
        onEnded(ended.length);
        break;
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return ended;
};

/** The shape of each run's events, by tag. */
export const shapes = async (
  mesh: MeshUnderFire,
  runs: readonly Carried[],
): Promise<ReadonlyMap<string, string>> => {
  const events: EventV1[] = [];
  for await (const event of mesh.client.events({})) events.push(event);
  const byRun = Map.groupBy(events, ({ team_run_id: id }) => id);
  return new Map(runs.map(({ tag, run }) => [tag, shapeOf(byRun.get(run.team_run_id) ?? [])]));
};

/** Every call of these runs. */
export const attemptsOf = (runs: readonly Carried[]) =>
  runs.flatMap(({ run }) => run.steps.flatMap((step) => step.attempts));

/** How many attempts completed whose agent knows of no effect, and steps that nobody has done. */
export const lostEffects = (runs: readonly Carried[], effects: readonly Effect[]): number => {
  const done = new Set(effects.map(({ key }) => key));
  return runs
    .flatMap(({ run }) => run.steps)
    .filter(({ attempts }) => !attempts.some(({ key, state }) => state === 'completed' && done.has(key)))
    .length;
};

/** What is wrong with the ends and the effects; empty is the proof. */
export const wrongWith = async (
  mesh: MeshUnderFire,
  runs: readonly Carried[],
): Promise<readonly string[]> => {
  const effects = await mesh.effects();
  const done = new Set(effects.map(({ key }) => key));
  const attempts = attemptsOf(runs);
  const keys = new Set(attempts.map(({ key }) => key));
  const ids = new Set(runs.map(({ run }) => run.team_run_id));
  return [
    ...runs.flatMap(({ tag, run }) =>
      run.status === 'completed' ? [] : [`${tag} is ${run.status}: ${JSON.stringify(run.failure)}`],
    ),
    ...(ids.size === runs.length ? [] : [`${runs.length} tags are ${ids.size} runs`]),
    ...effects.flatMap(({ agent, key, times }) =>
      times === 1 ? [] : [`${agent} did ${key} ${times} times`],
    ),
    ...effects.flatMap(({ key }) => (keys.has(key) ? [] : [`an effect of ${key}, which no run has`])),
    ...attempts.flatMap(({ key, state }) =>
      state === 'completed' && !done.has(key) ? [`${key} completed without its effect`] : [],
    ),
    ...attempts.flatMap(({ key, may_have_run_twice: twice }) => (twice ? [`${key} may have run twice`] : [])),
  ];
};
