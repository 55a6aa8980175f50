// Attends one task in its session, from the handle to the outcome: watches it, and stops it when the engine asks.
import { watch as watchFolder } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../ports.ts';
import type { Outcome, Sink } from '../adapter.ts';
import { isAcknowledged } from './ending.ts';
import { Fault } from './fault.ts';
import { pause, SOON_MS, Watch, watchToEnd, type Following } from './follow.ts';
import type { Asking } from './ncl.ts';
import { versionOf } from './place.ts';
import { ownTag, routedLine, sendLine } from './send.ts';
import { Transcript } from './transcript.ts';

/** The runner looks for a stop twice a second, and ends its turn. */
const STOP_MS = 8_000;
/** Files appeared: the row that names them follows. */
const HASTE_MS = 1_500;
/** What the runner of 2.1.1 and later ends its turn for: a command, whichever. */
const STOP_WORD = '/stop';

/** A task in its session. */
export interface Attending {
  readonly asking: Asking;
  readonly signal: AbortSignal;
  readonly sink: Sink;
  readonly thread: string;
  readonly platform: string;
  readonly folder: string;
  readonly session: string;
  readonly group: string;
  readonly messageId: string;
  /** Rows up to here were told by an earlier life of the daemon; null: there was none. */
  readonly toldUpTo: number | null;
  /** Lines for the trace once it is durable where the task is. */
  readonly remarks: readonly string[];
}

/** Whether the runner ends a turn for a command that comes meanwhile: later than 2.1.0. */
export const endsTurns = (version: string): boolean => {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/, 3).map(Number);
  return major > 2 || (major === 2 && (minor > 1 || (minor === 1 && patch > 0)));
};

/** The outcome of what cannot be done. */
export const failed = (error: Fault): Outcome => ({
  status: 'failed',
  artifacts: [],
  error: error.failure,
});

interface Outbox extends Pick<Following, 'hasten' | 'stirred'> {
  close(): void;
}

/** Tells when something was put into the outbox; where the system cannot tell, looks are all there is. */
const watchOutbox = (clock: Clock, folder: string): Outbox => {
  let at = Number.NEGATIVE_INFINITY;
  let stirring = new AbortController();
  try {
    const watcher = watchFolder(join(folder, 'outbox'), () => {
      at = clock.now();
      // Whoever waits looks now; the host may take the files away at any moment.
      stirring.abort();
      stirring = new AbortController();
    });
    watcher.on('error', () => undefined);
    return {
      hasten: () => clock.now() - at < HASTE_MS,
      stirred: () => stirring.signal,
      close: () => {
        watcher.close();
      },
    };
  } catch {
    return { hasten: () => false, stirred: () => stirring.signal, close: () => undefined };
  }
};

/** Asks the runner to end its turn; whether it did, by its own acknowledgement. */
const stop = async (run: Following, watch: Watch): Promise<boolean> => {
  const { clock, asking, platform, thread } = run;
  if (watch.ack !== 'processing' || !endsTurns(versionOf(asking.dir))) return false;
  const line = routedLine(STOP_WORD, { platform, thread, tag: ownTag('stop', thread) });
  await sendLine(clock, asking.dir, line);
  for (const end = clock.now() + STOP_MS; clock.now() < end;) {
    await pause(clock, SOON_MS);
    await watch.step();
    if (isAcknowledged(watch.ack)) return true;
  }
  return false;
};

/** A stop that is asked for by the engine, or because nobody listens any more; it never throws. */
const tryToStop = async (run: Following, watch: Watch): Promise<boolean> => {
  try {
    return await stop(run, watch);
  } catch {
    return false;
  }
};

const outcomeOf = async ({ transcript }: Following): Promise<Outcome> => {
  const { text, artifacts, failure } = await transcript.close();
  const said = { ...(text === undefined ? {} : { text }), artifacts };
  if (failure !== null) return { status: 'failed', ...said, error: failure };
  if (text !== undefined || artifacts.length > 0) return { status: 'completed', ...said };
  const nothing = 'NanoClaw’s agent finished the task without a word to the mesh; its model may have failed';
  return failed(new Fault('agent_failed', nothing));
};

const cancel = async (run: Following, watch: Watch): Promise<Outcome> => {
  // What has ended cannot be cancelled any more: its result stands.
  if (isAcknowledged(watch.ack)) {
    await watchToEnd(run, watch, new AbortController().signal);
    return outcomeOf(run);
  }
  const isConfirmed = await tryToStop(run, watch);
  if (!isConfirmed)
    await run.transcript.status(
      'NanoClaw could not be made to stop: it goes on with the task, and what it still says is not heard',
    );
  const { artifacts } = await run.transcript.close();
  return { status: 'cancelled', artifacts, cancelConfirmed: isConfirmed };
};

/** Follows a task to its end. Faults of the agent are outcomes; throws what the sink throws. */
export const attend = async (attending: Attending): Promise<Outcome> => {
  const { asking, thread, platform, signal, sink, toldUpTo, remarks } = attending;
  const { clock, dir } = asking;
  const { folder, session, group, messageId } = attending;
  const save = (told: number): Promise<void> =>
    sink.handle({ dir, group, session, message: messageId, platform, told }, session);
  if (toldUpTo === null) await save(0);
  const outbox = watchOutbox(clock, folder);
  const transcript = new Transcript({ sink, clock, folder, toldUpTo, save });
  const { hasten, stirred } = outbox;
  const run = { clock, asking, folder, session, messageId, thread, platform, transcript, hasten, stirred };
  const watch = new Watch(run);
  try {
    for (const remark of remarks) await transcript.status(remark);
    return (await watchToEnd(run, watch, signal)) === 'aborted'
      ? await cancel(run, watch)
      : await outcomeOf(run);
  } catch (error) {
    if (!(error instanceof Fault)) {
      // Our own sink failed: nobody hears what the agent does any more.
      await tryToStop(run, watch);
      throw error;
    }
    const { text, artifacts } = await transcript.close();
    return { ...failed(error), ...(text === undefined ? {} : { text }), artifacts };
  } finally {
    outbox.close();
  }
};
