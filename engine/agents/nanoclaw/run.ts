// One run at a NanoClaw agent group: a thread of its own, sent or found again, followed to its end, stopped when asked.
import { watch as watchFolder } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../ports.ts';
import type { InvokeRequest, NativeHandle, Outcome, Reattached, Sink } from '../adapter.ts';
import { sessionsOfThread, whyDropped, type Session } from './admin.ts';
import { isAcknowledged } from './ending.ts';
import { Fault } from './fault.ts';
import { pause, SOON_MS, Watch, watchToEnd, type Following } from './follow.ts';
import { lookAtInbound, NotNow, type InRow } from './mail.ts';
import type { Asking } from './ncl.ts';
import { CHANNEL, dirOf, sessionFolder, versionOf, wantedGroup } from './place.ts';
import { asText, routedLine, sendLine } from './send.ts';
import { Transcript } from './transcript.ts';
import { ownSession, wayFor, type Way } from './way.ts';

/** The host makes the session at once; a busy one takes its time. */
const SESSION_MS = 15_000;
/** After a restart: a line that was just sent may be on its way yet. */
const ON_ITS_WAY_MS = 1_000;
/** A host that is away when we come back gets this long. */
const FIND_AGAIN_MS = 30_000;
/** The runner looks for a stop twice a second, and ends its turn. */
const STOP_MS = 8_000;
/** Files appeared: the row that names them follows. */
const HASTE_MS = 1_500;
/** What the runner of 2.1.1 and later ends its turn for: a command, whichever. */
const STOP_WORD = '/stop';

interface Found {
  readonly session: Session;
  readonly folder: string;
  readonly message: InRow;
}

const failed = (error: Fault): Outcome => ({ status: 'failed', artifacts: [], error: error.failure });

/** Whether the runner ends a turn for a command that comes meanwhile: later than 2.1.0. */
export const endsTurns = (version: string): boolean => {
  const [major = 0, minor = 0, patch = 0] = version.split(/[.+-]/, 3).map(Number);
  return major > 2 || (major === 2 && (minor > 1 || (minor === 1 && patch > 0)));
};

/** The session’s message, once the host has written it. */
const messageIn = (dir: string, way: Way, session: Session, thread: string): Found | null => {
  const folder = sessionFolder(dir, session.agent_group_id, session.id);
  try {
    const message = lookAtInbound(join(folder, 'inbound.db'), {
      thread,
      channel: CHANNEL,
      platform: way.platform,
    });
    return message === null ? null : { session, folder, message };
  } catch (error) {
    if (error instanceof NotNow) return null;
    throw error;
  }
};

/** Looks for the message of a thread until it is there; null when `forMs` have passed, or the signal aborts. */
const findMessage = async (
  asking: Asking,
  way: Way,
  thread: string,
  forMs: number,
): Promise<Found | null> => {
  const { clock, dir, signal } = asking;
  const end = clock.now() + forMs;
  for (let waitMs = 20; ; waitMs = Math.min(waitMs * 2, 250)) {
    const session = ownSession(await sessionsOfThread({ clock, dir }, thread), way, thread);
    const found = session === null ? null : messageIn(dir, way, session, thread);
    if (found !== null || clock.now() >= end || signal?.aborted === true) return found;
    await pause(clock, waitMs, signal);
  }
};

/** Tells when something was put into the outbox; where the system cannot tell, looks are all there is. */
const watchOutbox = (clock: Clock, folder: string): { hasten: () => boolean; close: () => void } => {
  let at = Number.NEGATIVE_INFINITY;
  try {
    const watcher = watchFolder(join(folder, 'outbox'), () => {
      at = clock.now();
    });
    watcher.on('error', () => undefined);
    return {
      hasten: () => clock.now() - at < HASTE_MS,
      close: () => {
        watcher.close();
      },
    };
  } catch {
    return { hasten: () => false, close: () => undefined };
  }
};

/** Asks the runner to end its turn; whether it did, by its own acknowledgement. */
const stop = async (run: Following, watch: Watch): Promise<boolean> => {
  const { clock, asking, platform, thread } = run;
  if (watch.ack !== 'processing' || !endsTurns(versionOf(asking.dir))) return false;
  await sendLine(clock, asking.dir, routedLine(STOP_WORD, platform, thread));
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

const cancel = async (run: Following, watch: Watch): Promise<Outcome> => {
  // What has ended cannot be cancelled any more: its result stands.
  if (isAcknowledged(watch.ack)) {
    await watchToEnd(run, watch, new AbortController().signal);
    return end(run);
  }
  const isConfirmed = await tryToStop(run, watch);
  if (!isConfirmed)
    await run.transcript.status(
      'NanoClaw could not be made to stop: it goes on with the task, and what it still says is not heard',
    );
  const { artifacts } = await run.transcript.close();
  return { status: 'cancelled', artifacts, cancelConfirmed: isConfirmed };
};

const end = async ({ transcript }: Following): Promise<Outcome> => {
  const { text, artifacts, failure } = await transcript.close();
  const said = { ...(text === undefined ? {} : { text }), artifacts };
  if (failure !== null) return { status: 'failed', ...said, error: failure };
  if (text !== undefined || artifacts.length > 0) return { status: 'completed', ...said };
  return failed(new Fault('agent_failed', 'NanoClaw’s agent finished the task without a word to the mesh'));
};

interface Attending {
  readonly asking: Asking;
  readonly thread: string;
  readonly platform: string;
  readonly signal: AbortSignal;
  readonly sink: Sink;
  readonly toldUpTo: number | null;
}

interface Place {
  readonly folder: string;
  readonly session: string;
  readonly group: string;
  readonly messageId: string;
}

const attend = async (attending: Attending, place: Place): Promise<Outcome> => {
  const { asking, thread, platform, signal, sink, toldUpTo } = attending;
  const { clock, dir } = asking;
  const { folder, session, group, messageId } = place;
  const save = (told: number): Promise<void> =>
    sink.handle({ dir, group, session, message: messageId, platform, told }, session);
  if (toldUpTo === null) await save(0);
  const outbox = watchOutbox(clock, folder);
  const transcript = new Transcript({ sink, clock, folder, toldUpTo, save });
  const { hasten } = outbox;
  const run = { clock, asking, folder, session, messageId, thread, platform, transcript, hasten };
  const watch = new Watch(run);
  try {
    return (await watchToEnd(run, watch, signal)) === 'aborted' ? await cancel(run, watch) : await end(run);
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

const placeIn = ({ session, folder, message }: Found): Place => ({
  folder,
  session: session.id,
  group: session.agent_group_id,
  messageId: message.id,
});

/** Why the host made nothing of the message. */
const droppedFault = async (asking: Asking, { platform, group }: Way): Promise<Fault> => {
  const reason = await whyDropped(asking, platform).catch(() => null);
  return new Fault(
    'agent_failed',
    `NanoClaw took the message but gave it to nobody${reason === null ? '' : ` (${reason})`}: check the wiring of ${group.folder} with \`agentmesh nanoclaw status\``,
  );
};

/** Runs a request at its agent group. Faults of the agent are outcomes. */
export const invoke = async (clock: Clock, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  const { signal, key, prompt, target } = request;
  const unsent: Outcome = { status: 'cancelled', artifacts: [], cancelConfirmed: true };
  if (signal.aborted) return unsent;
  try {
    if (prompt === '') throw new Fault('invalid_input', 'NanoClaw takes no empty message');
    const dir = dirOf(target.entry);
    const asking = { clock, dir };
    const { way, session } = await wayFor(asking, wantedGroup(target.entry), key);
    if (signal.aborted) return unsent;
    const known = session === null ? null : messageIn(dir, way, session, key);
    if (known === null) {
      await sendLine(clock, dir, routedLine(asText(prompt), way.platform, key));
      sink.sent();
    }
    const found = known ?? (await findMessage({ ...asking, signal }, way, key, SESSION_MS));
    if (found === null)
      return signal.aborted ? { ...unsent, cancelConfirmed: false } : failed(await droppedFault(asking, way));
    const { platform } = way;
    return await attend({ asking, thread: key, platform, signal, sink, toldUpTo: null }, placeIn(found));
  } catch (error) {
    if (error instanceof Fault) return failed(error);
    throw error;
  }
};

/** Tries until the host answers, the request is aborted, or `forMs` have passed. */
const persist = async <T>(
  clock: Clock,
  signal: AbortSignal,
  forMs: number,
  attempt: () => Promise<T>,
): Promise<T> => {
  const last = clock.now() + forMs;
  for (let waitMs = 200; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    try {
      return await attempt();
    } catch (error) {
      const isAway = error instanceof Fault && error.failure.code === 'agent_unreachable';
      if (!isAway || signal.aborted || clock.now() + waitMs >= last) throw error;
      await pause(clock, waitMs, signal);
    }
  }
};

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Finds a run again after a restart of ours: by its handle in its session, or by its thread at the host. */
export const reattach = async (
  clock: Clock,
  request: InvokeRequest,
  handle: NativeHandle | null,
  sink: Sink,
): Promise<Reattached> => {
  const { signal, key: thread, target } = request;
  try {
    const dir = text(handle?.['dir']) ?? dirOf(target.entry);
    const asking = { clock, dir };
    const session = text(handle?.['session']);
    const group = text(handle?.['group']);
    const messageId = text(handle?.['message']);
    const platform = text(handle?.['platform']);
    if (session !== null && group !== null && messageId !== null && platform !== null) {
      const told = handle?.['told'];
      const toldUpTo = typeof told === 'number' ? told : 0;
      const place = { folder: sessionFolder(dir, group, session), session, group, messageId };
      return await attend({ asking, thread, platform, signal, sink, toldUpTo }, place);
    }
    const { way } = await persist(clock, signal, FIND_AGAIN_MS, () =>
      wayFor(asking, wantedGroup(target.entry), thread),
    );
    const found = await findMessage({ ...asking, signal }, way, thread, ON_ITS_WAY_MS);
    if (found === null) return { status: 'never-received' };
    const attending = { asking, thread, platform: way.platform, signal, sink, toldUpTo: null };
    return await attend(attending, placeIn(found));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: false };
    return error.failure.code === 'agent_unreachable' ? { status: 'unknown' } : failed(error);
  }
};
