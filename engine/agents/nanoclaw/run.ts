// One run at a NanoClaw agent group: sent into a session of its own or a free conversation, or found again.
import type { Clock } from '../../ports.ts';
import type { InvokeRequest, NativeHandle, Outcome, Reattached, Sink } from '../adapter.ts';
import { whyDropped } from './admin.ts';
import { attend, failed, type Attending } from './attend.ts';
import { Fault } from './fault.ts';
import { findWithin, type Found, type LaneNow } from './find.ts';
import { pause } from './follow.ts';
import { holdAgain, holdLane, type Hold } from './lanes.ts';
import type { Asking } from './ncl.ts';
import { dirOf, sessionFolder, wantedGroup } from './place.ts';
import { asText, routedLine, sendLine } from './send.ts';
import { wayTo, type Way } from './way.ts';
import { forgetWay, whereIs } from './where.ts';

/** The host makes the session at once; a busy one takes its time. */
const SESSION_MS = 15_000;
/** After a restart: a line that was just sent may be on its way yet. */
const ON_ITS_WAY_MS = 1_000;
/** A host that is away when we come back gets this long. */
const FIND_AGAIN_MS = 30_000;
const REMEMBERS =
  'The conversation remembers tasks before: NanoClaw lets only an admin clear it (user cli:local is none)';

const unsent = (cancelConfirmed: boolean): Outcome => ({
  status: 'cancelled',
  artifacts: [],
  cancelConfirmed,
});

const attendingOf = (
  asking: Asking,
  { signal, key }: InvokeRequest,
  sink: Sink,
  { session, folder, platform, message }: Found,
): Attending => ({
  asking,
  signal,
  sink,
  thread: key,
  platform,
  folder,
  session: session.id,
  group: session.agent_group_id,
  messageId: message.id,
  toldUpTo: null,
  remarks: [],
});

/** Why the host made nothing of the message. */
const droppedFault = async (asking: Asking, platform: string, { group }: Way): Promise<Fault> => {
  const reason = await whyDropped(asking, platform).catch(() => null);
  return new Fault(
    'agent_failed',
    `NanoClaw took the message but gave it to nobody${reason === null ? '' : ` (${reason})`}: check the wiring of ${group.folder} with \`agentmesh nanoclaw status\``,
  );
};

/** Sends the message to one address and attends it. */
const sendTo = async (
  asking: Asking,
  way: Way,
  platform: string,
  request: InvokeRequest,
  sink: Sink,
  hold: Hold | null,
): Promise<Outcome> => {
  const { signal, key, prompt } = request;
  const { clock, dir } = asking;
  await sendLine(clock, dir, routedLine(asText(prompt), { platform, thread: key, tag: key }));
  sink.sent();
  const found = await findWithin({ ...asking, signal }, way, key, SESSION_MS);
  if (found === null)
    return signal.aborted ? unsent(false) : failed(await droppedFault(asking, platform, way));
  return attend({
    ...attendingOf(asking, request, sink, found),
    remarks: hold?.remembers === true ? [REMEMBERS] : [],
  });
};

/** What runs work with. */
export interface RunParts {
  readonly clock: Clock;
  /** Aborts when the adapter is closed: what outlasts its run ends then. */
  readonly closing: AbortSignal;
}

const inFreeLane = async (
  { clock, closing }: RunParts,
  asking: Asking,
  way: Way,
  lanes: readonly LaneNow[],
  request: InvokeRequest,
  sink: Sink,
): Promise<Outcome> => {
  const { signal, key } = request;
  const wish = { asking: { clock, dir: asking.dir, signal }, way, thread: key, closing };
  const hold = await holdLane(wish, lanes, async () => {
    await sink.handle({ dir: asking.dir }, null);
    const text = `All ${String(way.lanes.length)} conversations with the agent group are busy: waiting for one`;
    await sink.event({ kind: 'status', payload: { state: 'working', text } });
  });
  if (hold === null) return unsent(true);
  try {
    if (signal.aborted) return unsent(true);
    return await sendTo(asking, way, hold.lane.platform, request, sink, hold);
  } finally {
    hold.release();
  }
};

const invokeAt = async (
  parts: RunParts,
  asking: Asking,
  request: InvokeRequest,
  sink: Sink,
): Promise<Outcome> => {
  const { signal, key, prompt, target } = request;
  try {
    if (prompt === '') throw new Fault('invalid_input', 'NanoClaw takes no empty message');
    const { way, lanes, known } = await whereIs(asking, wantedGroup(target.entry), key);
    if (known !== null) return await attend(attendingOf(asking, request, sink, known));
    if (signal.aborted) return unsent(true);
    if (lanes !== null) return await inFreeLane(parts, asking, way, lanes, request, sink);
    return await sendTo(asking, way, way.lanes[0]?.platform ?? '', request, sink, null);
  } catch (error) {
    if (error instanceof Fault) return failed(error);
    throw error;
  }
};

/** Runs a request at its agent group. Faults of the agent are outcomes. */
export const invoke = async (parts: RunParts, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  if (request.signal.aborted) return unsent(true);
  const { entry } = request.target;
  try {
    const asking = { clock: parts.clock, dir: dirOf(entry) };
    const outcome = await invokeAt(parts, asking, request, sink);
    if (outcome.status !== 'completed') forgetWay(asking, wantedGroup(entry));
    return outcome;
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
const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Where a handle says that the task is; null when it was not sent yet. */
const byHandle = (
  asking: Asking,
  { signal, key }: InvokeRequest,
  handle: NativeHandle,
  sink: Sink,
): Attending | null => {
  const session = text(handle['session']);
  const group = text(handle['group']);
  const messageId = text(handle['message']);
  const platform = text(handle['platform']);
  if (session === null || group === null || messageId === null || platform === null) return null;
  const folder = sessionFolder(asking.dir, group, session);
  const toldUpTo = count(handle['told']);
  const place = { folder, session, group, messageId, platform, toldUpTo };
  return { asking, signal, sink, thread: key, remarks: [], ...place };
};

const attendAgain = async (way: Way | null, attending: Attending): Promise<Outcome> => {
  const lane = way?.lanes.find(({ platform }) => platform === attending.platform);
  const release = lane === undefined ? () => undefined : holdAgain(attending.asking.dir, lane);
  try {
    return await attend(attending);
  } finally {
    release();
  }
};

/** Finds a run again after a restart of ours: by its handle in its session, or by its key at the host. */
export const reattach = async (
  clock: Clock,
  request: InvokeRequest,
  handle: NativeHandle | null,
  sink: Sink,
): Promise<Reattached> => {
  const { signal, key, target } = request;
  try {
    const dir = text(handle?.['dir']) ?? dirOf(target.entry);
    const asking = { clock, dir };
    const known = handle === null ? null : byHandle(asking, request, handle, sink);
    const wanted = wantedGroup(target.entry);
    if (known !== null) return await attendAgain(await wayTo(asking, wanted).catch(() => null), known);
    const way = await persist(clock, signal, FIND_AGAIN_MS, () => wayTo(asking, wanted));
    const found = await findWithin({ ...asking, signal }, way, key, ON_ITS_WAY_MS);
    if (found === null) return { status: 'never-received' };
    return await attendAgain(way, attendingOf(asking, request, sink, found));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: false };
    return error.failure.code === 'agent_unreachable' ? { status: 'unknown' } : failed(error);
  }
};
