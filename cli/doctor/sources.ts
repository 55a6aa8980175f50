// The doctor's look at where agents come from: the sources that look by themselves, and programs that can be installed.
import type { Client } from '#api/contract/client';
import { MeshError } from '#machines/nouns/error-codes';
import type { DiscoverySource } from '#machines/nouns/discovery-sources';
import type { SourceState } from '#machines/nouns/discovery';
import type { InstallPlanView } from '#machines/nouns/install';
import { shellOf } from '../command-line/shell.ts';
import { bad, failedBy, ok, skipped, type Finding } from './finding.ts';

const REMEDIES: Readonly<Record<DiscoverySource, string>> = {
  mdns: 'See whether another program holds that UDP port; agents of bootstrap.json and those added by hand are not affected. `--discovery off` ends the tries.',
  programs: 'The log of the daemon says more; a program can be added by hand with agentmesh agents add.',
  tailnet:
    'See whether tailscaled answers this user: tailscale status. Agents can be added by their address too.',
};

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** One source, as the daemon sees it. */
export const sourceFinding = ({ source, state, detail, found, problem, ...more }: SourceState): Finding => {
  if (state === 'off') return ok(source, 'switched off');
  if (state === 'absent') return ok(source, detail);
  if (state === 'failed' || problem !== null)
    return bad(source, problem ?? detail, REMEDIES[source], 'warning');
  const ignored =
    more.ignored === 0
      ? ''
      : `, ${count(more.ignored, 'announcement')} ignored (the last: ${more.ignored_last ?? 'unknown'})`;
  return ok(source, `${detail}: ${count(found, 'agent')} named${ignored}`);
};

/** Agent programs with an install of their own, how their variables begin, and their name for people. */
const PROGRAMS = [
  { kind: 'openclaw', variables: 'OPENCLAW_', title: 'OpenClaw' },
  { kind: 'nanoclaw', variables: 'NANOCLAW_', title: 'NanoClaw' },
] as const;

/** What a plan says of a program: nothing is changed by asking. */
export const programFinding = (kind: string, title: string, plan: InstallPlanView): Finding => {
  const [obstacle] = plan.obstacles;
  const found = plan.found.join(', ');
  const here = plan.dir === null ? title : `${title} at ${plan.dir}`;
  if (plan.installation !== null) {
    if (obstacle !== undefined) return bad(kind, obstacle.message, obstacle.remedy, 'warning');
    return plan.steps.length === 0
      ? ok(kind, `part of the mesh: ${found === '' ? here : found}`)
      : bad(
          kind,
          `${here} is not as it was installed: ${plan.steps.map(({ change }) => change).join('; ')}`,
          `Look, and put it right: agentmesh ${kind} install --dry-run`,
          'warning',
        );
  }
  if (plan.dir === null && found === '') return skipped(kind, obstacle?.message ?? 'nothing to install');
  if (obstacle !== undefined)
    return ok(kind, `${here} is not part of the mesh, and cannot be yet: ${obstacle.message}`);
  return ok(kind, `${here} is not part of the mesh; agentmesh ${kind} install makes it so`);
};

const program = async (
  client: Client,
  env: Readonly<Record<string, string | undefined>>,
  { kind, variables, title }: (typeof PROGRAMS)[number],
): Promise<readonly Finding[]> => {
  try {
    const body = { kind, env: shellOf(env, variables), settings: {} };
    return [programFinding(kind, title, await client.call('installs.plan', { body }))];
  } catch (error) {
    if (error instanceof MeshError && error.code === 'unsupported_agent_kind') return [];
    // On TCP that route is not there.
    if (error instanceof MeshError && error.code === 'not_found')
      return [skipped(kind, 'only looked at over the local socket')];
    return [failedBy(kind, error)];
  }
};

/** Every source and every such program; `states` are those of healthz. */
export async function* examineSources(
  client: Client,
  env: Readonly<Record<string, string | undefined>>,
  states: readonly SourceState[],
): AsyncGenerator<Finding, void, undefined> {
  yield* states.map(sourceFinding);
  const asked = PROGRAMS.map((each) => program(client, env, each));
  for (const each of asked) yield* await each;
}
