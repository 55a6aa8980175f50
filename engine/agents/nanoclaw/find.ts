// Where the message of a task is: the session that the host made for its thread, or the conversation that it was put in.
import { join } from 'node:path';
import { sessionsOfChat, sessionsOfThread, type Session } from './admin.ts';
import { pause } from './follow.ts';
import { lookAtInbound, NotNow, type InRow } from './mail.ts';
import type { Asking } from './ncl.ts';
import { CHANNEL, sessionFolder } from './place.ts';
import type { Lane, Way } from './way.ts';

/** A message as the host keeps it, and where. */
export interface Found {
  readonly session: Session;
  readonly folder: string;
  readonly platform: string;
  readonly message: InRow;
}

/** The session of an address on a host that keeps no threads; null before the first message. Throws Fault. */
export const sessionOfLane = async (
  asking: Asking,
  { group }: Way,
  { messagingGroup }: Lane,
): Promise<{ readonly session: Session; readonly folder: string } | null> => {
  const sessions = await sessionsOfChat(asking, messagingGroup.id);
  const session = sessions.find((row) => row.agent_group_id === group.id && row.thread_id === null);
  if (session === undefined) return null;
  return { session, folder: sessionFolder(asking.dir, group.id, session.id) };
};

/** A message in one session by its tag; null when it is not there (yet). Throws Fault. */
export const messageIn = (folder: string, platform: string, tag: string): InRow | null => {
  try {
    return lookAtInbound(join(folder, 'inbound.db'), { thread: tag, channel: CHANNEL, platform });
  } catch (error) {
    if (error instanceof NotNow) return null;
    throw error;
  }
};

/** An address and the session that it has; null before its first message. */
export interface LaneNow {
  readonly lane: Lane;
  readonly there: { readonly session: Session; readonly folder: string } | null;
}

/** Whether its container runs: another one has to start first. */
export const isAwake = ({ there }: LaneNow): boolean =>
  there !== null && there.session.container_status !== 'stopped';

/** Looks at all addresses of a way on a host that keeps no threads. Throws Fault. */
export const lanesNow = (asking: Asking, way: Way): Promise<LaneNow[]> =>
  Promise.all(way.lanes.map(async (lane) => ({ lane, there: await sessionOfLane(asking, way, lane) })));

/** The message of a task in one of these addresses; null when it is in none. Throws Fault. */
export const findInLanes = (lanes: readonly LaneNow[], tag: string): Found | null => {
  for (const { lane, there } of lanes) {
    const message = there === null ? null : messageIn(there.folder, lane.platform, tag);
    if (there !== null && message !== null) return { ...there, platform: lane.platform, message };
  }
  return null;
};

/** The message of a task among the sessions of its thread; null when it is in none. Throws Fault. */
export const findInThread = (
  asking: Asking,
  { group, lanes }: Way,
  sessions: readonly Session[],
  thread: string,
  tag = thread,
): Found | null => {
  for (const session of sessions) {
    const lane = lanes.find(({ messagingGroup }) => messagingGroup.id === session.messaging_group_id);
    if (lane === undefined || session.agent_group_id !== group.id || session.thread_id !== thread) continue;
    const folder = sessionFolder(asking.dir, group.id, session.id);
    const message = messageIn(folder, lane.platform, tag);
    if (message !== null) return { session, folder, platform: lane.platform, message };
  }
  return null;
};

/** Looks once for the message of a task. Throws Fault. */
export const find = async (asking: Asking, way: Way, thread: string, tag = thread): Promise<Found | null> => {
  return way.keepsThreads
    ? findInThread(asking, way, await sessionsOfThread(asking, thread), thread, tag)
    : findInLanes(await lanesNow(asking, way), tag);
};

/** Looks for a message until it is there; null when `forMs` have passed, or the signal aborts. Throws Fault. */
export const findWithin = async (
  asking: Asking,
  way: Way,
  thread: string,
  forMs: number,
  tag = thread,
): Promise<Found | null> => {
  const { clock, dir, signal } = asking;
  const end = clock.now() + forMs;
  for (let waitMs = 20; ; waitMs = Math.min(waitMs * 2, 250)) {
    const found = await find({ clock, dir }, way, thread, tag);
    if (found !== null || clock.now() >= end || signal?.aborted === true) return found;
    await pause(clock, waitMs, signal);
  }
};
