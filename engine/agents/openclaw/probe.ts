// A look at a gateway and one of its agents: connects as a run would, and asks for the agents.
import { failure } from '#machines/nouns/error';
import type { Probe, Target } from '../adapter.ts';
import { failedBy, isStopped } from './attend.ts';
import { AgentsSchema, PROTOCOL } from './frames.ts';
import type { Identity } from './identity.ts';
import { gatewayOf } from './link.ts';
import type { RunParts } from './run.ts';
import { agentIdOf } from './session-key.ts';

const LET_IN_HERE = 'The gateway does not know the mesh yet. To let it in: agentmesh openclaw install';
const LET_IN_THERE =
  'The gateway asks for its token. Give it once: agentmesh agents add --kind openclaw --token-env NAME URL';

/** Whether the gateway is on this machine, where install can find its token. */
const isHere = (target: Target): boolean =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(gatewayOf(target)).hostname);

const noPlace = (problem: Probe['problem']): Probe => ({
  ok: false,
  name: null,
  description: '',
  version: null,
  protocol: null,
  skills: [],
  card: null,
  latencyMs: 0,
  problem,
});

/** Health and version, without work for the agent. What is wrong becomes the problem of the answer. */
export const probe = async (
  { ports, links, identity }: RunParts & { readonly identity: Pick<Identity, 'token'> },
  target: Target,
  signal: AbortSignal,
): Promise<Probe> => {
  if (target.entry.url === undefined)
    return noPlace(
      failure('invalid_input', 'An OpenClaw agent has a url (its gateway) or a command (its program)'),
    );
  const hasOwnToken = (): boolean => identity.token(gatewayOf(target)) !== null;
  const begun = ports.clock.now();
  const lease = links.lease(target, { onEvent: () => undefined, onLost: () => undefined });
  const none = { description: '', skills: [], card: null };
  const bad = (problem: Probe['problem']): Probe => ({
    ok: false,
    name: null,
    version: null,
    protocol: null,
    ...none,
    latencyMs: ports.clock.now() - begun,
    problem,
  });
  try {
    const connection = await lease.connect(signal);
    const id = agentIdOf(target);
    const parsed = AgentsSchema.safeParse(await connection.request('agents.list', {}));
    if (!parsed.success)
      return bad(failure('invalid_agent_response', 'The gateway does not list its agents'));
    const agent = parsed.data.agents.find((each) => each.id === id);
    if (agent === undefined) {
      const others = parsed.data.agents.map((each) => each.id).join(', ');
      return bad(failure('agent_unreachable', `The gateway has no agent ${id}; it has ${others}`));
    }
    return {
      ok: true,
      name: agent.identity?.name ?? agent.name ?? (id === 'main' ? 'openclaw' : `openclaw-${id}`),
      // From now on our device has a token of its own there.
      isCredentialSpent: target.token !== null && hasOwnToken(),
      ...none,
      version: connection.hello.server.version,
      protocol: `OpenClaw gateway ${String(PROTOCOL)}`,
      latencyMs: ports.clock.now() - begun,
      problem: null,
    };
  } catch (error) {
    if (isStopped(error)) return bad(failure('agent_unreachable', 'The gateway did not answer in time'));
    const problem = failedBy(error).error ?? null;
    // Nobody has let us in yet: that is no fault, and there is a way in.
    if (problem?.code === 'auth' && target.token === null && !hasOwnToken())
      return bad(failure('auth', isHere(target) ? LET_IN_HERE : LET_IN_THERE, problem.message));
    return bad(problem);
  } finally {
    lease.release();
  }
};
