// The way to an agent group and whether a task is there already, with as few questions after one another as can be.
import { sessionsOfThread, type Session } from './admin.ts';
import { findInLanes, findInThread, lanesNow, type Found, type LaneNow } from './find.ts';
import type { Asking } from './ncl.ts';
import { wayTo, type Way } from './way.ts';

/** The way as it was when it was last asked for: what depends on it is asked along with it, and again when it has changed. */
const before = new Map<string, Way>();

/** What must be the same for an answer to be about the same addresses. */
const addressesOf = ({ keepsThreads, group, lanes }: Way): string =>
  JSON.stringify([
    keepsThreads,
    group.id,
    ...lanes.map(({ platform, messagingGroup }) => [platform, messagingGroup.id]),
  ]);

interface Sessions {
  /** Of the thread, on hosts that keep threads. */
  readonly ofThread: readonly Session[] | null;
  /** The addresses with theirs, on other hosts. */
  readonly lanes: readonly LaneNow[] | null;
}

const sessionsAt = async (asking: Asking, way: Way, thread: string): Promise<Sessions> =>
  way.keepsThreads
    ? { ofThread: await sessionsOfThread(asking, thread), lanes: null }
    : { ofThread: null, lanes: await lanesNow(asking, way) };

/** Where a task goes, and where it is when it was sent before. `lanes` is null on hosts that keep threads. Throws Fault. */
export const whereIs = async (
  asking: Asking,
  wanted: string | null,
  thread: string,
): Promise<{
  readonly way: Way;
  readonly lanes: readonly LaneNow[] | null;
  readonly known: Found | null;
}> => {
  const name = JSON.stringify([asking.dir, wanted]);
  const last = before.get(name);
  const early = last === undefined ? null : sessionsAt(asking, last, thread);
  early?.catch(() => undefined);
  const way = await wayTo(asking, wanted);
  before.set(name, way);
  const isSame = last !== undefined && addressesOf(last) === addressesOf(way);
  const { ofThread, lanes } = await (isSame && early !== null ? early : sessionsAt(asking, way, thread));
  const known =
    lanes === null ? findInThread(asking, way, ofThread ?? [], thread) : findInLanes(lanes, thread);
  return { way, lanes, known };
};
