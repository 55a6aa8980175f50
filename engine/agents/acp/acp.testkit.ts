// Runs of the ACP adapter at the test agent, for its tests.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AgentEntry } from '#machines/nouns/agent';
import { groupAlive } from '../../processes/process-group.ts';
import type { InvokeRequest, Outcome, Target } from '../adapter.ts';
import { recorder, request, type Person, type Recorder } from '../adapter.testkit.ts';
import { testPorts } from '../adapter.testports.ts';
import { createAcpAdapter } from './adapter.ts';

const AGENT = fileURLToPath(new URL('./acp.testagent.ts', import.meta.url));
export const folder = mkdtempSync(join(tmpdir(), 'agentmesh-acp-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
export const adapter = createAcpAdapter(testPorts);

export const targetOf = (entry: Partial<AgentEntry> = {}): Target => ({
  name: 'agent',
  kind: 'acp',
  entry: { name: 'agent', kind: 'acp', command: [process.execPath, AGENT, folder], ...entry },
  card: null,
  token: null,
});

export interface Ran {
  readonly outcome: Outcome;
  readonly sink: Recorder;
}

/** Runs a prompt; when it is over, nothing of the agent may run any more. */
export const run = async (
  prompt: string,
  entry: Partial<AgentEntry> = {},
  more: { person?: Person; request?: Partial<InvokeRequest>; onEvent?: () => void } = {},
): Promise<Ran> => {
  const sink = recorder(more.onEvent, more.person, more.request?.signal ?? null);
  const outcome = await adapter.invoke(request(targetOf(entry), prompt, more.request), sink);
  const pid = sink.saved?.['pid'];
  assert.ok(typeof pid === 'number' && !groupAlive(pid), 'something of the agent still runs');
  return { outcome, sink };
};
