// Where an agent program works: the folder of its entry, or an empty one of the run’s own.
import type { AgentEntry } from '#machines/nouns/agent';
import type { InvokeRequest, Outcome, Sink } from '../agents/adapter.ts';
import { makeOwnFolder, removeEmpty } from './own-folder.ts';

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
  const made = makeOwnFolder('work');
  if (!('path' in made)) return { status: 'failed', artifacts: [], error: made };
  const { path: cwd } = made;
  try {
    return await work({ ...entry, cwd });
  } finally {
    if (!removeEmpty(cwd))
      await sink.event({
        kind: 'status',
        payload: { state: 'working', text: `The agent left files in ${cwd}` },
      });
  }
};
