// Agents that speak A2A: 1.0 by JSON-RPC or HTTP+JSON, and 0.3 by the SDK’s compatibility layer.
import { Readable } from 'node:stream';
import type { Ports } from '../../ports.ts';
import type { AgentAdapter, Capabilities, Probe } from '../adapter.ts';
import { fetchCard, protocolOf, skillsOf } from './card.ts';
import { addressOf, usableCard } from './connect.ts';
import { toFailure } from './faults.ts';
import { invoke, reattach } from './run.ts';

const CAPABILITIES: Capabilities = {
  stream: true,
  tools: true,
  reasoning: true,
  artifacts: true,
  cancel: 'run',
  approvals: false,
  resume: true,
  multiTurn: false,
  remote: true,
};

/** The adapter for A2A agents. */
export const createA2aAdapter = (ports: Pick<Ports, 'clock' | 'net'>): AgentAdapter => ({
  kind: 'a2a',
  summary: 'agents that speak A2A 1.0 (JSON-RPC, HTTP+JSON) or 0.3',
  capabilities: () => CAPABILITIES,

  async probe(target, { signal }): Promise<Probe> {
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
  },

  // An A2A agent is reached as it stands: nothing of ours is put anywhere.
  plan: () => Promise.resolve({ kind: 'a2a', steps: [], obstacles: [], details: null }),
  install: () => Promise.resolve({ kind: 'a2a', steps: [], details: null }),
  uninstall: () => Promise.resolve(),
  // Agents on the network are found by engine/discovery, which hands their addresses over.
  discover: () => Readable.from([]),

  invoke: (request, sink) => invoke(ports, request, sink),
  reattach: (request, handle, sink) => reattach(ports, request, handle, sink),
});
