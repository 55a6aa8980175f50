// Why nothing comes: a container that cannot start says nothing, and its host tries again once a minute without a word.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { sessionOf } from './admin.ts';
import { Fault } from './fault.ts';
import { lookAtInbound, NotNow, type InRow } from './mail.ts';
import type { Asking } from './ncl.ts';
import { CHANNEL } from './place.ts';

/** A container is up within seconds; from here on we look for the reason. */
export const ASK_WHY_AFTER_MS = 15_000;
/** Two more tries of the host: what has not started by then will not start by waiting. */
export const GIVE_UP_AFTER_MS = 150_000;

/** When the container last touched its heartbeat, milliseconds; 0 when it never did. */
export const heartbeatOf = (folder: string): number => {
  try {
    return statSync(join(folder, '.heartbeat')).mtimeMs;
  } catch {
    return 0;
  }
};

/** The run whose silence is looked at. */
export interface Silent {
  readonly folder: string;
  readonly thread: string;
  readonly platform: string;
  readonly session: string;
  /** For how long nobody has taken the message. */
  readonly waitedMs: number;
  readonly isTaken: boolean;
}

const inboundOf = ({ folder, thread, platform }: Silent): InRow | null => {
  try {
    return lookAtInbound(join(folder, 'inbound.db'), { thread, channel: CHANNEL, platform });
  } catch (error) {
    if (error instanceof NotNow) return null;
    throw error;
  }
};

const LOGS = 'see logs/nanoclaw.error.log there, and whether `docker info` answers';
const STILL_THERE = 'The task stays in NanoClaw’s queue and may run later; it is not sent again by itself.';

/**
 * Looks for the reason of a silence: a line for the trace, or null when all is as it should be.
 * Throws Fault when it will not end by waiting.
 */
export const whySilent = async (asking: Asking, silent: Silent): Promise<string | null> => {
  const { dir } = asking;
  const message = inboundOf(silent);
  if (message?.status === 'failed')
    throw new Fault(
      'agent_failed',
      `NanoClaw gave up the task after ${String(message.tries)} tries: its container ended each time; ${LOGS} (${dir})`,
      { retryable: false },
    );
  const tries = message === null || message.tries === 0 ? '' : `, ${String(message.tries)} tries so far`;
  let status: string | null | undefined;
  try {
    status = (await sessionOf(asking, silent.session))?.container_status;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (!silent.isTaken && silent.waitedMs >= GIVE_UP_AFTER_MS)
      throw new Fault(
        'agent_unreachable',
        `NanoClaw in ${dir} stopped before it gave the task to its agent: start it. ${STILL_THERE}`,
        { cause: error, retryable: false },
      );
    return `NanoClaw’s host does not answer (${error.message}); its container may go on by itself`;
  }
  if (status === 'running' || status === 'idle') {
    return heartbeatOf(silent.folder) === 0 && !silent.isTaken
      ? 'NanoClaw’s container runs, but its agent has not begun yet'
      : null;
  }
  if (!silent.isTaken && silent.waitedMs >= GIVE_UP_AFTER_MS)
    throw new Fault(
      'agent_unreachable',
      `NanoClaw cannot start the container of its agent${tries}: ${LOGS} (${dir}). ${STILL_THERE}`,
      { retryable: false },
    );
  return silent.isTaken
    ? `NanoClaw’s container ended while it worked${tries}; the host starts another within a minute`
    : `NanoClaw has not started its container${tries}; it tries once a minute: ${LOGS}`;
};
