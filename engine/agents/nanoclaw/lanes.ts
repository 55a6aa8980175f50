// Conversations on hosts that keep no threads for us: each address of an agent group is one, and takes one task at a time.
import { join } from 'node:path';
import { isAcknowledged } from './ending.ts';
import { messageIn, sessionOfLane } from './find.ts';
import { pause } from './follow.ts';
import { isAtRest, lastWordTo, lookAtOutbound, NotNow } from './mail.ts';
import type { Asking } from './ncl.ts';
import { ownTag, routedLine, sendLine } from './send.ts';
import type { Lane, Way } from './way.ts';

/** Between two looks for a conversation that is free. */
const WAIT_MS = 250;
/** The host takes the word at once, or says at once who may say it. */
const CLEAR_TAKEN_MS = 3_000;
/** The runner looks once a second, and a container may have to start. */
const CLEAR_DONE_MS = 30_000;
/** What makes a conversation forget. Only an admin of the agent group may say it. */
const CLEAR = '/clear';

/** Addresses that tasks of this process have in hand. */
const taken = new Set<string>();
const keyOf = (dir: string, { platform }: Lane): string => `${dir}\n${platform}`;

/** A conversation for one task, until it is released. */
export interface Hold {
  readonly lane: Lane;
  /** Whether it remembers tasks before, because the host let nobody clear it. */
  readonly remembers: boolean;
  release(): void;
}

/** Takes an address as a task of ours that is found again; whoever has it already keeps it. */
export const holdAgain = (dir: string, lane: Lane): (() => void) => {
  const key = keyOf(dir, lane);
  if (taken.has(key)) return () => undefined;
  taken.add(key);
  return () => {
    taken.delete(key);
  };
};

const isFree = (folder: string): boolean => {
  try {
    return isAtRest(join(folder, 'inbound.db'), join(folder, 'outbound.db'));
  } catch (error) {
    if (error instanceof NotNow) return false;
    throw error;
  }
};

/** Where the word to forget is: done, refused, or on its way. */
const lookAtClear = (
  folder: string,
  platform: string,
  tag: string,
): 'done' | 'refused' | 'taken' | 'sent' => {
  const outbound = join(folder, 'outbound.db');
  const message = messageIn(folder, platform, tag);
  try {
    if (message === null) return lastWordTo(outbound, tag) > 0 ? 'refused' : 'sent';
    return isAcknowledged(lookAtOutbound(outbound, message.id, 0).ack) ? 'done' : 'taken';
  } catch (error) {
    if (!(error instanceof NotNow)) throw error;
    return message === null ? 'sent' : 'taken';
  }
};

/** Makes a conversation forget what was said before; whether it did. */
const clear = async (asking: Asking, folder: string, lane: Lane, thread: string): Promise<boolean> => {
  const { clock, dir, signal } = asking;
  const { platform } = lane;
  const tag = ownTag('clear', thread);
  // Without a sender it is the word of whoever may open the socket: the operator.
  await sendLine(clock, dir, routedLine(CLEAR, { platform, thread, tag }, {}));
  for (const begun = clock.now(); signal?.aborted !== true;) {
    const state = lookAtClear(folder, platform, tag);
    if (state === 'done') return true;
    const waited = clock.now() - begun;
    if (state === 'refused' || waited >= (state === 'sent' ? CLEAR_TAKEN_MS : CLEAR_DONE_MS)) return false;
    await pause(clock, 100, signal);
  }
  return false;
};

const tryLane = async (asking: Asking, way: Way, lane: Lane, thread: string): Promise<Hold | null> => {
  const key = keyOf(asking.dir, lane);
  if (taken.has(key)) return null;
  taken.add(key);
  let isHeld = false;
  try {
    const there = await sessionOfLane(asking, way, lane);
    const release = (): void => {
      taken.delete(key);
    };
    if (there !== null && !isFree(there.folder)) return null;
    const isClear = there === null || (await clear(asking, there.folder, lane, thread));
    isHeld = true;
    return { lane, remembers: !isClear, release };
  } finally {
    if (!isHeld) taken.delete(key);
  }
};

/**
 * Waits for a conversation that is free, and makes it forget. `onWait` is told once when there is none.
 * Answers null when the signal aborts first. Throws Fault.
 */
export const holdLane = async (
  asking: Asking,
  way: Way,
  thread: string,
  onWait: () => Promise<void>,
): Promise<Hold | null> => {
  const { clock, signal } = asking;
  for (let isFirst = true; ; isFirst = false) {
    for (const lane of way.lanes) {
      if (signal?.aborted === true) return null;
      const hold = await tryLane(asking, way, lane, thread);
      if (hold !== null) return hold;
    }
    if (isFirst) await onWait();
    await pause(clock, WAIT_MS, signal);
  }
};
