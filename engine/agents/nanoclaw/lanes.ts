// Conversations on hosts that keep no threads for us: each address of an agent group is one, and takes one task at a time.
//
// A conversation is made to forget right after its task, so that the next one need not wait for that; what was not (the
// daemon was killed, another one was there) is made to forget before it.
import { join } from 'node:path';
import { isAcknowledged } from './ending.ts';
import { isAwake, lanesNow, messageIn, sessionOfLane, type LaneNow } from './find.ts';
import { pause } from './follow.ts';
import { lastWordTo, lookAtOutbound, NotNow, restOf } from './mail.ts';
import type { Asking } from './ncl.ts';
import { CHANNEL } from './place.ts';
import { CLEARS, ownTag, routedLine, sendLine } from './send.ts';
import type { Lane, Way } from './way.ts';

/** Between two looks for a conversation that is free. */
const WAIT_MS = 250;
/** The host takes the word at once, or says at once who may say it. */
const CLEAR_TAKEN_MS = 3_000;
/** The runner looks once a second, and a container may have to start. */
const CLEAR_DONE_MS = 30_000;
/** After a task its container runs; one that does not take the word by then is asked again before the next task. */
const CLEARED_MS = 5_000;
const LOOK_MS = 50;
/** Who comes right after a task takes another conversation, and is not held up by the clearing of this one. */
const LATER_MS = 250;
/** What makes a conversation forget. Only an admin of the agent group may say it. */
const CLEAR = '/clear';

/** Addresses that tasks of this process have in hand, or that are made to forget one. */
const taken = new Set<string>();
/** Those that are made to forget: `done` when they have, or will not; `hurry` for who waits for that. */
const clearing = new Map<string, { readonly done: Promise<void>; readonly hurry: () => void }>();
/** Those of them that a task waits for: the next one takes another conversation. */
const awaited = new Set<string>();
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

/** How a conversation is: at work, with nothing in it to remember, or at rest after a task. */
const stateOf = (folder: string, platform: string): 'busy' | 'clean' | 'used' => {
  try {
    const { isAtRest, last } = restOf(join(folder, 'inbound.db'), join(folder, 'outbound.db'));
    if (!isAtRest) return 'busy';
    const isClear =
      last === null ||
      (last.thread.startsWith(CLEARS) &&
        last.channel === CHANNEL &&
        last.platform === platform &&
        last.ack === 'completed');
    return isClear ? 'clean' : 'used';
  } catch (error) {
    if (error instanceof NotNow) return 'busy';
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

/** Makes a conversation forget what was said before; whether it did within `forMs`. */
const clear = async (
  asking: Asking,
  folder: string,
  { platform }: Lane,
  tag: string,
  forMs: number,
): Promise<boolean> => {
  const { clock, dir, signal } = asking;
  // Without a sender it is the word of whoever may open the socket: the operator.
  await sendLine(clock, dir, routedLine(CLEAR, { platform, thread: tag, tag }, {}));
  for (const begun = clock.now(); signal?.aborted !== true;) {
    const state = lookAtClear(folder, platform, tag);
    if (state === 'done') return true;
    const waited = clock.now() - begun;
    if (state === 'refused' || waited >= Math.min(forMs, state === 'sent' ? CLEAR_TAKEN_MS : forMs))
      return false;
    await pause(clock, LOOK_MS, signal);
  }
  return false;
};

/** Makes a conversation forget its task, when that is over. */
const clearAfter = async (asking: Asking, way: Way, lane: Lane, thread: string): Promise<void> => {
  const there = await sessionOfLane(asking, way, lane);
  if (there === null || stateOf(there.folder, lane.platform) !== 'used') return;
  await clear(asking, there.folder, lane, ownTag('cleared', thread), CLEARED_MS);
};

/** Gives an address back; nobody takes it while it is made to forget. */
const release = (asking: Asking, way: Way, lane: Lane, thread: string, isCleared: boolean): void => {
  const key = keyOf(asking.dir, lane);
  if (!isCleared || asking.signal?.aborted === true) {
    taken.delete(key);
    return;
  }
  const hurried = new AbortController();
  const soon = asking.signal === undefined ? [] : [asking.signal];
  const done = pause(asking.clock, LATER_MS, AbortSignal.any([hurried.signal, ...soon]))
    .then(() => clearAfter(asking, way, lane, thread))
    // The host is away: the next task finds that nothing was cleared.
    .catch(() => undefined)
    .finally(() => {
      clearing.delete(key);
      taken.delete(key);
    });
  clearing.set(key, {
    done,
    hurry: () => {
      hurried.abort();
    },
  });
};

/** What holding an address is about: who asks, which way, and what ends the work that outlasts a task. */
export interface Wish {
  readonly asking: Asking;
  readonly way: Way;
  readonly thread: string;
  readonly closing: AbortSignal;
}

/** Takes an address when it is free; `onlyClean`: when its task can also begin at once. */
const tryLane = async (
  { asking, way, thread, closing }: Wish,
  { lane, there }: LaneNow,
  onlyClean: boolean,
): Promise<Hold | null> => {
  const key = keyOf(asking.dir, lane);
  if (taken.has(key)) return null;
  taken.add(key);
  let isHeld = false;
  try {
    const state = there === null ? 'clean' : stateOf(there.folder, lane.platform);
    if (state === 'busy' || (onlyClean && state !== 'clean')) return null;
    const isClear =
      there === null ||
      state === 'clean' ||
      (await clear(asking, there.folder, lane, ownTag('clear', thread), CLEAR_DONE_MS));
    isHeld = true;
    return {
      lane,
      remembers: !isClear,
      release: () => {
        const { clock, dir } = asking;
        // Where the host lets nobody clear, saying it once more helps nobody.
        release({ clock, dir, signal: closing }, way, lane, thread, isClear);
      },
    };
  } finally {
    if (!isHeld) taken.delete(key);
  }
};

/**
 * Waits for a conversation that is free, and sees to it that it remembers nothing. `lanes` is how they were just now;
 * `onWait` is told once when none is free. Answers null when the signal aborts first. Throws Fault.
 */
export const holdLane = async (
  wish: Wish,
  lanes: readonly LaneNow[],
  onWait: () => Promise<void>,
): Promise<Hold | null> => {
  const { asking, way } = wish;
  const { clock, signal, dir } = asking;
  const isStopped = (): boolean => signal?.aborted === true;
  let hasWaited = false;
  for (let known: readonly LaneNow[] | null = lanes; ; known = null) {
    const now = known ?? (await lanesNow({ clock, dir }, way));
    if (isStopped()) return null;
    for (const each of now.filter(isAwake)) {
      const hold = await tryLane(wish, each, true);
      if (hold !== null) return hold;
    }
    // One whose container would have to start takes longer than one that is about to be ready.
    const soon = now
      .map(({ lane }) => keyOf(dir, lane))
      .find((key) => clearing.has(key) && !awaited.has(key));
    if (soon !== undefined) {
      awaited.add(soon);
      clearing.get(soon)?.hurry();
      await Promise.race([clearing.get(soon)?.done, pause(clock, CLEARED_MS, signal)]);
      awaited.delete(soon);
      continue;
    }
    for (const each of now) {
      if (isStopped()) return null;
      const hold = await tryLane(wish, each, false);
      if (hold !== null) return hold;
    }
    if (isStopped()) return null;
    if (!hasWaited) await onWait();
    hasWaited = true;
    await pause(clock, WAIT_MS, signal);
  }
};
