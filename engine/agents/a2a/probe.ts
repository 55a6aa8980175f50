// A look at an A2A agent: its card, and whether the mesh can use it.
import type { Ports } from '../../ports.ts';
import type { Probe, Target } from '../adapter.ts';
import { fetchCard, protocolOf, skillsOf } from './card.ts';
import { addressOf, usableCard } from './connect.ts';
import { toFailure } from './faults.ts';

/** Fetches and checks the card of a target; what is wrong becomes the problem of the answer. */
export const probe = async (
  ports: Pick<Ports, 'clock' | 'net'>,
  target: Target,
  signal: AbortSignal,
): Promise<Probe> => {
  const begun = ports.clock.now();
  const latencyMs = (): number => ports.clock.now() - begun;
  try {
    const agentUrl = addressOf(target);
    const { raw, card } = await fetchCard({ net: ports.net, agentUrl, token: target.token, signal });
    usableCard(raw, target);
    return {
      ok: true,
      name: card.name,
      description: card.description,
      version: card.version === '' ? null : card.version,
      protocol: `A2A ${protocolOf(card)}`,
      skills: skillsOf(card),
      card: raw,
      latencyMs: latencyMs(),
      problem: null,
    };
  } catch (error) {
    const none = { name: null, description: '', version: null, protocol: null, skills: [], card: null };
    return { ok: false, ...none, latencyMs: latencyMs(), problem: toFailure(error) };
  }
};
