// A look at an A2A agent: its card, who it is by that, and whether the mesh can use it.
import { LIMITS } from '#machines/nouns/limits';
import type { Ports } from '../../ports.ts';
import type { Probe, Target } from '../adapter.ts';
import { fetchCard, protocolOf, skillsOf } from './card.ts';
import { identityOf } from './card-identity.ts';
import { checkSignatures } from './card-signature.ts';
import { usableCard } from './connect.ts';
import { credentialHeaders } from './credentials.ts';
import { Fault, toFailure } from './faults.ts';
import { settingsOf } from './settings.ts';
import { within } from './time.ts';

type Look = Pick<
  Probe,
  'name' | 'description' | 'version' | 'protocol' | 'skills' | 'card' | 'identity' | 'cardSignature'
>;

const look = async (
  { clock, net }: Pick<Ports, 'clock' | 'net'>,
  target: Target,
  signal: AbortSignal,
): Promise<Look> => {
  const { cardKeys } = settingsOf(target);
  const { raw, card } = await fetchCard({ net, clock, target, signal });
  usableCard(raw, target);
  credentialHeaders(target, card.securitySchemes);
  const signature = await checkSignatures(raw, { net, target, pinned: cardKeys, signal });
  return {
    name: card.name,
    description: card.description,
    version: card.version === '' ? null : card.version,
    protocol: `A2A ${protocolOf(card)}`,
    skills: skillsOf(card),
    card: raw,
    identity: identityOf(target, card, signature),
    cardSignature: signature.result,
  };
};

/** Fetches and checks the card of a target, in under two seconds; what is wrong becomes the problem of the answer. */
export const probe = async (
  ports: Pick<Ports, 'clock' | 'net'>,
  target: Target,
  outer: AbortSignal,
): Promise<Probe> => {
  const begun = ports.clock.now();
  const latencyMs = (): number => ports.clock.now() - begun;
  try {
    const found = await within(ports.clock, LIMITS.probeMs, outer, async (signal) => {
      try {
        return await look(ports, target, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new Fault('agent_unreachable', `${target.entry.url ?? target.name} did not answer in time`);
      }
    });
    return { ok: true, ...found, latencyMs: latencyMs(), problem: null };
  } catch (error) {
    const none = { name: null, description: '', version: null, protocol: null, skills: [], card: null };
    return { ok: false, ...none, latencyMs: latencyMs(), problem: toFailure(error) };
  }
};
