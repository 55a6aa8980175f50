// The way to an agent group and whether a task is there already, with as few questions after one another as can be.
import { sessionsOfThread, type Session } from './admin.ts';
import { findInLanes, findInThread, isAwake, lanesNow, type Found, type LaneNow } from './find.ts';
import type { Asking } from './ncl.ts';
import { wayTo, type Way } from './way.ts';

/** A way that stood so short a time ago is taken as it was: tasks of a team follow one another, wirings change by hand. */
const STANDS_MS = 10_000;

/** Ways as they were when they were last asked for; one that has led nowhere is forgotten. */
const before = new Map<string, { readonly way: Way; readonly at: number }>();

/**
 * The sessions of such ways, where all of them were awake: a session stays that of its address as long as it is used. What
 * is in them is read anew for each task.
 */
const awake = new Map<string, { readonly lanes: readonly LaneNow[]; readonly at: number }>();

const isFresh = ({ clock }: Asking, last: { readonly at: number } | undefined): boolean =>
  last !== undefined && Math.abs(clock.now() - last.at) < STANDS_MS;

const nameOf = ({ dir }: Asking, wanted: string | null): string => JSON.stringify([dir, wanted]);

/** The way led nowhere: it is asked for anew. */
export const forgetWay = (asking: Asking, wanted: string | null): void => {
  before.delete(nameOf(asking, wanted));
  awake.clear();
};

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

const lanesOf = async (asking: Asking, way: Way): Promise<readonly LaneNow[]> => {
  const name = `${asking.dir}\n${addressesOf(way)}`;
  const last = awake.get(name);
  if (last !== undefined && isFresh(asking, last)) return last.lanes;
  const lanes = await lanesNow(asking, way);
  if (lanes.every(isAwake)) awake.set(name, { lanes, at: asking.clock.now() });
  else awake.delete(name);
  return lanes;
};

const sessionsAt = async (asking: Asking, way: Way, thread: string): Promise<Sessions> =>
  way.keepsThreads
    ? { ofThread: await sessionsOfThread(asking, thread), lanes: null }
    : { ofThread: null, lanes: await lanesOf(asking, way) };

/** The way, and what depends on it: asked along with it where the way was known, and again when it has changed. */
const wayWithSessions = async (
  asking: Asking,
  wanted: string | null,
  thread: string,
): Promise<Sessions & { readonly way: Way }> => {
  const name = nameOf(asking, wanted);
  const last = before.get(name);
  const early = last === undefined ? null : sessionsAt(asking, last.way, thread);
  early?.catch(() => undefined);
  if (last !== undefined && early !== null && isFresh(asking, last))
    return { way: last.way, ...(await early) };
  const way = await wayTo(asking, wanted);
  before.set(name, { way, at: asking.clock.now() });
  const isSame = last !== undefined && addressesOf(last.way) === addressesOf(way);
  return { way, ...(await (isSame && early !== null ? early : sessionsAt(asking, way, thread))) };
};

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
  const { way, lanes, ofThread } = await wayWithSessions(asking, wanted, thread);
  const known =
    lanes === null ? findInThread(asking, way, ofThread ?? [], thread) : findInLanes(lanes, thread);
  return { way, lanes, known };
};
