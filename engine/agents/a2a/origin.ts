// Which addresses belong to an agent: its own origin, where loopback’s names are one.
import type { Target } from '../adapter.ts';
import { Fault } from './faults.ts';

/** The address of an A2A target. Throws a Fault when there is none. */
export const addressOf = (target: Target): string => {
  const { url } = target.entry;
  if (url === undefined) throw new Fault('agent_unreachable', `The agent ${target.name} has no URL`);
  return url;
};

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * The address to use for an interface that a card names. It must have the origin that the agent was given by; a card
 * on loopback that calls itself by another name of loopback means itself, and is reached by the name that was given.
 * Null when it belongs to another origin.
 */
export const ownAddress = (agentUrl: string, interfaceUrl: string): string | null => {
  if (!URL.canParse(interfaceUrl)) return null;
  const agent = new URL(agentUrl);
  const named = new URL(interfaceUrl);
  const isSelf =
    LOOPBACK.includes(agent.hostname) &&
    LOOPBACK.includes(named.hostname) &&
    agent.port === named.port &&
    agent.protocol === named.protocol;
  if (isSelf) named.host = agent.host;
  return named.origin === agent.origin && named.username === '' ? named.href.replace(/\/$/, '') : null;
};
