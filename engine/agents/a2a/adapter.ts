// Agents that speak A2A: 1.0 by JSON-RPC or HTTP+JSON, and 0.3 by the SDK’s compatibility layer. The SDK is loaded when
// the first agent is asked: a daemon that starts answers sooner without it.
import { Readable } from 'node:stream';
import type { Ports } from '../../ports.ts';
import type { AgentAdapter, Capabilities } from '../adapter.ts';
import { SETTINGS } from './settings-schema.ts';

const CAPABILITIES: Capabilities = {
  stream: true,
  tools: true,
  reasoning: true,
  artifacts: true,
  cancel: 'run',
  approvals: true,
  resume: true,
  multiTurn: false,
  remote: true,
};

/** The adapter for A2A agents. */
export const createA2aAdapter = (ports: Pick<Ports, 'clock' | 'net'>): AgentAdapter => ({
  kind: 'a2a',
  summary: 'agents that speak A2A 1.0 (JSON-RPC, HTTP+JSON) or 0.3',
  capabilities: () => CAPABILITIES,
  settings: () => SETTINGS,

  probe: async (target, { signal }) => (await import('./probe.ts')).probe(ports, target, signal),

  // An A2A agent is reached as it stands: nothing of ours is put anywhere.
  plan: () => Promise.resolve({ kind: 'a2a', steps: [], obstacles: [], details: null }),
  install: () => Promise.resolve({ kind: 'a2a', steps: [], details: null }),
  uninstall: () => Promise.resolve(),
  // Agents on the network are found by engine/discovery, which hands their addresses over.
  discover: () => Readable.from([]),

  invoke: async (request, sink) => (await import('./run.ts')).invoke(ports, request, sink),
  reattach: async (request, handle, sink) =>
    (await import('./run.ts')).reattach(ports, request, handle, sink),
});
