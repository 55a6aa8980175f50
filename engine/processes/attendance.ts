// A started program until nothing of it runs and nothing that it said is unread.
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { Clock } from '../ports.ts';
import type { Gated } from './gate.ts';
import { endGroup, groupAlive } from './process-group.ts';

/** Between SIGTERM and SIGKILL: enough to save work, short enough that a cancel is over within two seconds. */
export const GRACE_MS = 1_500;
/** Processes that a program leaves behind in its group get this long to end by themselves. */
const LEFTOVER_MS = 500;
/** A pipe that a process outside the group holds open is given up after this long without a byte. */
const IDLE_PIPE_MS = 1_000;
/** How often leftovers and idle pipes are looked at. */
const LOOK_MS = 50;

/** How a program ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Takes what comes through a pipe: piece by piece, each when the one before is done with, and its end. */
export interface PipeReader {
  readonly push: (bytes: Uint8Array) => Promise<void>;
  readonly end: () => Promise<void>;
}

export interface Attendance {
  readonly exited: Promise<Exit>;
  readonly hasExited: () => boolean;
  /** Ends the process group; resolves to whether nothing of it runs any more. Asked again it is the same end. */
  readonly end: () => Promise<boolean>;
  /**
   * Reads both pipes to their ends, and sweeps the group once the program itself has exited. Pipes that strangers hold
   * open are given up. Rejects with what a reader throws; the caller ends the group then.
   */
  readonly read: (stdout: PipeReader, stderr: PipeReader) => Promise<Exit>;
  /** Lets go of the pipes. */
  readonly close: () => void;
}

interface Activity {
  lastAt: number;
  working: number;
  isGivenUp: boolean;
}

/** Words for people: how it ended. */
export const howEnded = ({ code, signal }: Exit): string =>
  code === null ? `was ended by ${signal ?? 'a signal'}` : `exited with ${String(code)}`;

/** A promise of the clock. */
export const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

const readAll = async (
  clock: Clock,
  pipe: Readable,
  reader: PipeReader,
  activity: Activity,
): Promise<void> => {
  let fault: { readonly error: unknown } | null = null;
  try {
    for await (const bytes of pipe as AsyncIterable<Uint8Array>) {
      activity.working += 1;
      try {
        await reader.push(bytes);
      } catch (error) {
        fault = { error };
        throw error;
      } finally {
        activity.working -= 1;
        activity.lastAt = clock.now();
      }
    }
  } catch (error) {
    // A pipe that was given up ends with an error of its own.
    if (fault !== null || !activity.isGivenUp) throw error;
  }
  await reader.end();
};

/** Watches over a program from its gate on. */
export const attend = (clock: Clock, { child, pid }: Gated): Attendance => {
  let hasExited = false;
  const exited: Promise<Exit> = once(child, 'exit').then(([code, signal]: unknown[]) => {
    hasExited = true;
    return {
      code: typeof code === 'number' ? code : null,
      signal: (signal ?? null) as NodeJS.Signals | null,
    };
  });
  exited.catch(() => undefined);
  let ending: Promise<boolean> | null = null;
  const activity: Activity = { lastAt: clock.now(), working: 0, isGivenUp: false };

  const close = (): void => {
    child.stdout.destroy();
    child.stderr.destroy();
  };

  /** After the program’s exit: ends what is left of its group, then gives up pipes that strangers hold open. */
  const sweep = async (isRead: () => boolean): Promise<void> => {
    for (let waited = 0; groupAlive(pid) && waited < LEFTOVER_MS; waited += LOOK_MS) {
      await pause(clock, LOOK_MS);
    }
    if (groupAlive(pid)) await endGroup(clock, pid, GRACE_MS);
    activity.lastAt = clock.now();
    while (!isRead()) {
      if (activity.working === 0 && clock.now() - activity.lastAt >= IDLE_PIPE_MS) {
        activity.isGivenUp = true;
        close();
      }
      await pause(clock, LOOK_MS);
    }
  };

  return {
    exited,
    hasExited: () => hasExited,
    end: () => (ending ??= endGroup(clock, pid, GRACE_MS)),
    close,
    async read(stdout, stderr) {
      let isRead = false;
      const reading = Promise.all([
        readAll(clock, child.stdout, stdout, activity),
        readAll(clock, child.stderr, stderr, activity),
      ]).finally(() => {
        isRead = true;
      });
      const swept = exited.then(() => sweep(() => isRead));
      swept.catch(() => undefined);
      await reading;
      await swept;
      return exited;
    },
  };
};
