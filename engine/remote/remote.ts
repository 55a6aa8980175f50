// Calls that workers on other hosts perform: who may have which, one session a call, and what comes from them and goes to them.
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { InvokeRequest, NativeHandle, Outcome, Probe, Reattached, Target } from '../agents/adapter.ts';
import type { WorkerState } from '../engine.ts';
import type { Recorder } from '../invocations/recorder.ts';
import type { InvocationRows } from '../invocations/rows.ts';
import type { Ports } from '../ports.ts';
import type { MeshKey } from '../queue/mesh-key.ts';
import type { Link } from '../queue/redis/link.ts';
import { submitDurably } from '../store/durably.ts';
import type { Store } from '../store/open.ts';
import type { Tx } from '../store/writer.ts';
import { type Call, type Holding, places, type Report, type Ticket } from './messages.ts';
import { isLoopbackUrl, loopbackId } from '../queue/redis/loopback.ts';
import { createPost } from './post.ts';
import { createPresence, type Seen } from './presence.ts';
import { createRemoteRows, type RemoteRow } from './remote-rows.ts';
import { createSession, type Session } from './session.ts';
import { createTickets } from './tickets.ts';
import { asOutcome } from './told-outcome.ts';

const TICK_MS = 1_000;

/** Does a call somewhere else, as an adapter would do it here. */
export interface Performer {
  /** Inside the transaction that says that the call is at work. */
  begin(tx: Tx): void;
  invoke(request: InvokeRequest, recorder: Recorder): Promise<Outcome>;
  reattach(request: InvokeRequest, handle: NativeHandle | null, recorder: Recorder): Promise<Reattached>;
  /** Its end is recorded, or it was never begun. */
  ended(): void;
}

export interface Remote {
  /**
   * Who performs a call elsewhere; null: it is done here. One that has gone to workers stays with workers.
   * @param isNew nobody has been asked yet
   */
  performer(runId: string, target: Target, isNew: boolean): Performer | null;
  /** Asks a worker that would perform the agent's calls whether the agent answers; null: there is none. */
  probe(target: Target, signal: AbortSignal): Promise<Probe> | null;
  workers(): readonly WorkerState[];
  /** Reports that were not taken: not signed, or not understood. */
  dropped(): number;
  close(): void;
}

export interface RemoteParts {
  readonly link: Link;
  readonly key: MeshKey;
  /** What the keys of the mesh begin with. */
  readonly mesh: string;
  readonly store: Store;
  readonly invocations: Pick<InvocationRows, 'get' | 'state'>;
  readonly ports: Ports;
}

/** The daemon's side of all workers. Registers on the link, which is not begun yet. */
export const createRemote = (parts: RemoteParts): Remote => {
  const { link, key, store, invocations, ports } = parts;
  const { clock } = ports;
  const where = places(parts.mesh);
  const rows = createRemoteRows(store);
  const sessions = new Map<string, Session>();
  const probes = new Map<string, (probe: Probe) => void>();
  const here = loopbackId();

  const post = createPost({ link, key, where, ports, onReport: (report, done) => onReport(report, done) });
  const tickets = createTickets({
    link,
    key,
    mesh: parts.mesh,
    where,
    lifeOf: (worker) => presence.lifeOf(worker),
    clock,
  });
  const presence = createPresence({
    link,
    key,
    where,
    ports,
    onBeat: (beat, isNew) => {
      for (const session of sessions.values()) session.beat(beat, isNew);
      for (const { run, fence } of beat.holds)
        if (!sessions.has(run) && isOver(run))
          post.mail(beat.worker, { is: 'stale', run, fence, isOver: true });
    },
    onGone: (worker) => {
      tickets.forget(worker);
      for (const session of sessions.values()) session.gone(worker);
    },
  });

  /** Nobody will ever wait for it (again). */
  const isOver = (runId: string): boolean => invocations.state(runId)?.hasEnded !== false;

  const onReport = (report: Report, done: () => void): void => {
    if (report.is === 'bye' || report.is === 'probed') {
      done();
      if (report.is === 'bye') presence.left(report.from);
      else probes.get(report.id)?.(report.probe as unknown as Probe);
      return;
    }
    const { run, fence, from } = report;
    const session = sessions.get(run);
    if (session === undefined) {
      // One that is still to be taken up in this life stays in Redis until it is.
      if (!isOver(run)) return;
      done();
      post.mail(from, { is: 'stale', run, fence, isOver: true });
    } else if (report.is === 'fact') session.fact(from, { run, fence }, report.n, report.fact, done);
    else {
      done();
      if (report.is === 'ask') session.ask(from, { run, fence }, report.ask);
      else session.withdraw(from, { run, fence }, report.nativeId);
    }
  };

  /** Whether this worker can reach the agent as it is meant. */
  const isAble = ({ beat }: Seen, { name, kind, entry, token, credential }: Target): boolean => {
    if (!beat.serves.includes(name) && !beat.serves.includes(kind)) return false;
    if (beat.agents.includes(name)) return true;
    // A command, a folder and a credential stay where they are.
    if (entry.url === undefined || token !== null || credential !== undefined) return false;
    return beat.loopback === here || !isLoopbackUrl(entry.url);
  };

  const heldBy = (worker: string): number =>
    [...sessions.values()].filter((session) => session.worker() === worker).length;

  const choose = (target: Target): Seen | null =>
    presence
      .live()
      .filter((seen) => isAble(seen, target))
      .map((seen) => ({ seen, load: heldBy(seen.beat.worker) / seen.beat.places }))
      .sort((a, b) => a.load - b.load)[0]?.seen ?? null;

  const callOf = (worker: string, { name, kind, entry, card, reach }: Target): Call => {
    const own = presence
      .live()
      .find(({ beat }) => beat.worker === worker)
      ?.beat.agents.includes(name);
    const { url, settings } = entry;
    const isPlain = own !== true && url !== undefined;
    const plain = { kind, url, ...(settings === undefined ? {} : { settings }) };
    return { agent: name, kind, entry: isPlain ? plain : null, card, reach: reach ?? null };
  };

  const ticketOf = (worker: string, row: RemoteRow, request: InvokeRequest): Ticket => ({
    run: row.runId,
    fence: row.fence,
    mode: row.mode,
    call: callOf(worker, request.target),
    prompt: request.prompt,
    data: request.data,
    key: request.key,
    handle: invocations.get(row.runId)?.handle ?? null,
    leftMs: request.deadline - clock.now(),
  });

  const open = (runId: string, request: InvokeRequest, recorder: Recorder): Session | null => {
    const row = rows.get(runId);
    if (row === null) return null;
    if (row.worker !== null) presence.expect(row.worker);
    const session = createSession({
      row,
      recorder,
      rows,
      submit: (work) => submitDurably(store.writer, clock, work),
      ports,
      mail: (worker, mail) => {
        post.mail(worker, mail);
      },
      choose: () => choose(request.target)?.beat.worker ?? null,
      offer: (worker, now) => {
        tickets.offer(worker, ticketOf(worker, now, request));
      },
      withdraw: (worker: string, holding: Holding) => {
        tickets.withdraw(worker, holding);
      },
    });
    sessions.set(runId, session);
    const stop = (): void => {
      const why: unknown = request.signal.reason;
      session.stop(why instanceof MeshError && why.code === 'timeout' ? 'timeout' : 'cancel');
    };
    if (request.signal.aborted) stop();
    else request.signal.addEventListener('abort', stop, { once: true });
    session.begin();
    // What its worker told while nobody was here for it is still in Redis.
    post.again();
    return session;
  };

  const performer: Remote['performer'] = (runId, target, isNew) => {
    const chosen = isNew ? choose(target) : null;
    if (chosen === null && (isNew || rows.get(runId) === null)) return null;
    const perform = async (request: InvokeRequest, recorder: Recorder): Promise<Outcome | Reattached> => {
      const session = open(runId, request, recorder);
      if (session === null) throw new MeshError('internal', 'a call for a worker has no row');
      return session.result;
    };
    return {
      begin: (tx) => {
        if (chosen !== null) rows.add(tx, runId, chosen.beat.worker);
      },
      invoke: async (request, recorder) => asOutcome(await perform(request, recorder)),
      reattach: (request, _handle, recorder) => perform(request, recorder),
      ended: () => {
        sessions.get(runId)?.close();
        sessions.delete(runId);
        store.writer
          .submit((tx) => {
            rows.drop(tx, runId);
          })
          // It is dropped at the next start.
          .catch(() => undefined);
      },
    };
  };

  const tick = (): (() => void) =>
    clock.after(TICK_MS, () => {
      for (const session of sessions.values()) session.tick();
      stopTicking = tick();
    });
  let stopTicking = tick();

  let isPruned = false;
  link.each(async () => {
    if (isPruned) return;
    isPruned = true;
    await submitDurably(store.writer, clock, (tx) => {
      rows.prune(tx);
    });
  });

  return {
    performer,
    probe: (target, signal) => {
      const seen = choose(target);
      if (seen === null) return null;
      const id = ports.ids.uuidv7();
      const { worker } = seen.beat;
      const { promise, resolve, reject } = Promise.withResolvers<Probe>();
      probes.set(id, resolve);
      post.mail(worker, { is: 'probe', id, call: callOf(worker, target), leftMs: LIMITS.cardTimeoutMs });
      const late = (): void => {
        reject(new MeshError('agent_unreachable', `the worker ${seen.beat.name} did not answer in time`));
      };
      if (signal.aborted) late();
      signal.addEventListener('abort', late, { once: true });
      return promise.finally(() => {
        probes.delete(id);
        signal.removeEventListener('abort', late);
      });
    },
    workers: () =>
      presence.live().map(({ beat: { worker, name, host, version, serves } }) => ({
        name,
        host,
        version,
        serves,
        calls: heldBy(worker),
      })),
    dropped: () => post.dropped(),
    close: () => {
      stopTicking();
      presence.close();
    },
  };
};
