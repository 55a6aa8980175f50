// Ends a run at its agent, and says honestly what came of it.
import { LIMITS } from '#machines/nouns/limits';
import type { Outcome, Sink } from '../adapter.ts';
import { isConnectionLost, isNotCancelable, isNotOffered, isTaskNotFound } from './faults.ts';
import { findTask, type Ending, type Following } from './follow.ts';
import { pause, within } from './time.ts';

/** A cancel that comes before the agent’s first answer waits this long for the task’s id. */
const ID_WAIT_MS = 1_000;
/** After CancelTask the stream brings the end; an agent that says nothing is asked after this. */
const END_WAIT_MS = 1_000;
/** Well within what the engine waits for a confirmed cancel. */
const CANCEL_CALL_MS = LIMITS.cancelConfirmMs / 2;

/** taken: it stops. impossible: it cannot cancel, and goes on. unheard: nobody knows whether it has heard us. */
type Cancelled = 'taken' | 'impossible' | 'unheard';

/** Asks the agent to cancel. */
export const askToCancel = async (following: Following, reading: Promise<unknown>): Promise<Cancelled> => {
  const { client, view, clock } = following;
  for (let waited = 0; view.taskId === null && waited < ID_WAIT_MS; waited += 50) {
    const first = await Promise.race([reading.then(() => 'over'), pause(clock, 50)]);
    if (first === 'over') break;
  }
  if (view.hasEnded) return 'taken';
  try {
    return await within(clock, CANCEL_CALL_MS, null, async (signal) => {
      const id = view.taskId ?? (await findTask({ ...following, signal }))?.id;
      if (id === undefined) return 'unheard';
      await client.cancelTask({ tenant: '', id, metadata: undefined }, { signal });
      return 'taken';
    });
  } catch (error) {
    // Ended meanwhile, cannot be cancelled, or not reachable: a look at the task tells more.
    return isNotOffered(error) || isNotCancelable(error) ? 'impossible' : 'unheard';
  }
};

/** Cancels what is followed: natively where the agent can, and else lets go of it without claiming that it stopped. */
export const cancel = async (
  following: Following,
  reading: Promise<Ending>,
  stop: () => void,
  sink: Sink,
): Promise<Outcome> => {
  const { clock, client, view } = following;
  const unconfirmed: Outcome = { status: 'cancelled', artifacts: [], cancelConfirmed: false };
  const asked = await askToCancel(following, reading);
  await Promise.race([reading, pause(clock, asked === 'taken' && following.streams ? END_WAIT_MS : 0)]);
  stop();
  await reading;
  const id = view.taskId;
  if (!view.hasEnded && id !== null) {
    try {
      await within(clock, CANCEL_CALL_MS / 2, null, async (signal) => {
        await view.snapshot(await client.getTask({ tenant: '', id }, { signal }));
      });
    } catch (error) {
      if (!isConnectionLost(error) && !isTaskNotFound(error)) return unconfirmed;
    }
  }
  await view.finish();
  if (view.hasEnded) return view.outcome();
  if (asked === 'impossible') {
    const text = 'The agent cannot cancel: it may go on, and what it still says is not heard.';
    await sink.event({ kind: 'status', payload: { state: 'detached', text } });
  }
  return { ...unconfirmed, artifacts: view.outcome().artifacts };
};
