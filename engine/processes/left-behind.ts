// After a restart of the daemon: what it had started before is found by its saved handle, and ended.
import type { Clock } from '../ports.ts';
import { GRACE_MS } from './attendance.ts';
import { endGroup, endMarked, isOurGroup } from './process-group.ts';
import { keyVariable, programVariable } from './program.ts';

/**
 * Ends what an earlier life of the daemon started for the run of `key`. `handle` is what was saved for it: `pid` and
 * `started`, and `program` where it served several runs. Without one the gate was never opened, so nothing ran: `never-received`. Otherwise nobody can say what the
 * program did: `unknown`, and nothing of it runs any more. A reused process number is never touched. Does not throw.
 */
export const endLeftBehind = async (
  clock: Clock,
  handle: Readonly<Record<string, unknown>> | null,
  key: string,
): Promise<{ readonly status: 'never-received' | 'unknown' }> => {
  if (handle === null) return { status: 'never-received' };
  const { pid, started, program } = handle;
  if (typeof pid !== 'number' || typeof started !== 'string') return { status: 'unknown' };
  const variable = typeof program === 'string' ? programVariable(program) : keyVariable(key);
  if (isOurGroup(pid, started, variable)) await endGroup(clock, pid, GRACE_MS);
  await endMarked(clock, variable, GRACE_MS);
  return { status: 'unknown' };
};
