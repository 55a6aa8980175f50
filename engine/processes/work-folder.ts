// Where an agent program works: the folder of its entry, or an empty one of the run’s own.
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentEntry } from '#machines/nouns/agent';
import { failure } from '#machines/nouns/error';
import type { InvokeRequest, Outcome, Sink } from '../agents/adapter.ts';

/**
 * Runs `work` in the folder that the entry names. An entry without one must not get the daemon’s: an agent reads and
 * changes what lies around it, and there lie our database and the credentials of others. So it gets an empty folder, which
 * is removed afterwards unless something was left in it; then the run says where.
 */
export const inWorkFolder = async (
  { target: { entry } }: InvokeRequest,
  sink: Sink,
  work: (entry: AgentEntry & { readonly cwd: string }) => Promise<Outcome>,
): Promise<Outcome> => {
  if (entry.cwd !== undefined) return work({ ...entry, cwd: entry.cwd });
  let cwd: string;
  try {
    cwd = mkdtempSync(join(tmpdir(), 'agentmesh-work-'));
  } catch (error) {
    const message = 'No folder could be made for the agent to work in';
    return { status: 'failed', artifacts: [], error: failure('agent_unreachable', message, String(error)) };
  }
  let isLeft = false;
  try {
    return await work({ ...entry, cwd });
  } finally {
    try {
      rmdirSync(cwd);
    } catch {
      isLeft = true;
    }
    if (isLeft)
      await sink.event({
        kind: 'status',
        payload: { state: 'working', text: `The agent left files in ${cwd}` },
      });
  }
};
