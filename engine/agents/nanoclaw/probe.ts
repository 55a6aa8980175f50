// Whether an agent group can be reached: the installation is there, its host answers, and the way to the group stands.
import type { Clock } from '../../ports.ts';
import type { Probe, Target } from '../adapter.ts';
import { Fault, wordsOf } from './fault.ts';
import { dirOf, versionOf, wantedGroup } from './place.ts';
import { checkWay } from './way.ts';

/** Looks at an agent group without work for it. Never throws: a problem is a result. */
export const probe = async (clock: Clock, { entry }: Target, signal: AbortSignal): Promise<Probe> => {
  const begun = clock.now();
  const told = { protocol: 'ncl', skills: [], card: null } as const;
  let version: string | null = null;
  try {
    const dir = dirOf(entry);
    version = versionOf(dir);
    const { group } = await checkWay({ clock, dir, signal }, wantedGroup(entry));
    return {
      ...told,
      ok: true,
      name: `nanoclaw-${group.folder}`,
      description: `NanoClaw’s agent group ${group.name} in ${dir}`,
      version,
      latencyMs: clock.now() - begun,
      problem: null,
    };
  } catch (error) {
    const problem =
      error instanceof Fault ? error : new Fault('agent_unreachable', wordsOf(error), { cause: error });
    return {
      ...told,
      ok: false,
      name: null,
      description: '',
      version,
      latencyMs: clock.now() - begun,
      problem: problem.failure,
    };
  }
};
