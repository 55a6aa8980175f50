// A worker: takes calls from its queue in Redis, performs them with the adapters of this host, and shows that it is there.
import { hostname } from 'node:os';
import type { AgentEntry } from '#machines/nouns/agent';
import { failure, MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { AgentAdapter, Probe } from '../agents/adapter.ts';
import type { Ports } from '../ports.ts';
import type { Bee } from '../queue/bee-queue/bee.ts';
import { openOwnBee, removeBees } from '../queue/bee-queue/own-bee.ts';
import type { MeshKey } from '../queue/mesh-key.ts';
import type { RedisAddress } from '../queue/redis/address.ts';
import { ask, askWaiting, wordsOf } from '../queue/redis/client.ts';
import { type Life, createLink } from '../queue/redis/link.ts';
import { loopbackId } from '../queue/redis/loopback.ts';
import { seal, unseal } from '../queue/sealed.ts';
import {
  type Beat,
  type Mail,
  MailSchema,
  places,
  readMessage,
  type Report,
  type Ticket,
  TicketSchema,
} from './messages.ts';
import { MESSAGE_MS } from './post.ts';
import { createWorkerCall, type WorkerCall } from './worker-call.ts';
import { createWorkerTargets } from './worker-targets.ts';

/** How long one look into the mailbox waits, in seconds. */
const BLOCK_S = 1;
/** What a worker that goes gives its last words and its agents, in milliseconds. */
const GOODBYE_MS = 3_000;

export interface WorkerParts {
  readonly address: RedisAddress;
  readonly key: MeshKey;
  readonly name: string;
  readonly version: string;
  /** Kinds and names of agents. */
  readonly serves: readonly string[];
  readonly adapters: ReadonlyMap<string, AgentAdapter>;
  /** Agents of its own file, as it is now. */
  readonly entries: () => readonly AgentEntry[];
  readonly ports: Ports;
}

export interface Worker {
  /** Whether it is connected and has shown itself. */
  isReady(): boolean;
  /** Calls that it has. */
  calls(): number;
  begin(): void;
  /** Takes no more, lets what it has end for `drainMs`, gives back the rest and says goodbye. */
  close(options: { readonly drainMs: number }): Promise<void>;
}

/** A worker, not begun. */
export const createWorker = (parts: WorkerParts): Worker => {
  const { key, name, version, serves, adapters, entries, ports } = parts;
  const { clock, log } = ports;
  const mesh = `agentmesh:${key.id}`;
  const where = places(mesh);
  const worker = ports.ids.uuidv7();
  const calls = new Map<string, WorkerCall>();
  const targetOf = createWorkerTargets({ name, serves, adapters, entries });
  const link = createLink({ address: parts.address, prefix: mesh, ports });
  const here = { host: hostname(), loopback: loopbackId() };
  let current: Life | null = null;
  let bee: Bee | null = null;
  let beats = 0;
  let isClosing = false;

  const tell = (report: Report): void => {
    if (current === null) return;
    const sealed = seal(key, where.reports, JSON.stringify(report), clock.now() + MESSAGE_MS);
    ask(current.client, 'xadd', where.reports, '*', 'm', sealed).catch(() => undefined);
  };

  const drop = (what: string, why: string): void => {
    log.warn({ what, why }, 'a message was dropped');
  };

  const beat = async (life: Life): Promise<void> => {
    beats += 1;
    const shown: Beat = {
      ...here,
      worker,
      name,
      version,
      pid: process.pid,
      serves: [...serves],
      agents: entries().flatMap((entry) => entry.name ?? []),
      places: LIMITS.workerPlaces,
      beat: beats,
      life: life.id,
      holds: [...calls.values()].map((call) => call.holds()),
    };
    const place = where.beat(worker);
    const sealed = seal(key, place, JSON.stringify(shown), clock.now() + MESSAGE_MS);
    await ask(life.client, 'set', place, sealed, 'PX', LIMITS.workerLeaseMs);
    await ask(life.client, 'sadd', where.workers, worker);
  };

  const keepBeating = (life: Life): void => {
    const stop = clock.after(LIMITS.workerBeatMs, () => {
      for (const call of calls.values()) call.beat();
      beat(life).then(
        () => {
          if (!life.over.aborted) keepBeating(life);
        },
        (error: unknown) => {
          life.end(wordsOf(error));
        },
      );
    });
    life.over.addEventListener('abort', stop, { once: true });
  };

  const probe = async ({ call, leftMs, id }: Extract<Mail, { is: 'probe' }>): Promise<void> => {
    const unanswered = (error: unknown): Probe => ({
      ok: false,
      name: null,
      description: '',
      version: null,
      protocol: null,
      skills: [],
      card: null,
      latencyMs: 0,
      problem:
        error instanceof MeshError ? failure(error.code, error.detail) : failure('internal', String(error)),
    });
    let answer: Probe;
    try {
      const { target, adapter } = targetOf(call);
      answer = await adapter.probe(target, { signal: AbortSignal.timeout(Math.max(1, leftMs)) });
    } catch (error) {
      answer = unanswered(error);
    }
    tell({ is: 'probed', from: worker, id, probe: { ...answer, skills: [...answer.skills] } });
  };

  const open = (text: string): void => {
    const opened = unseal(key, where.mail(worker), text, clock.now());
    const mail = opened.ok ? readMessage(MailSchema, opened.body) : null;
    if (mail === null) drop('mail', opened.ok ? 'not understood' : opened.why);
    else if (mail.is === 'probe') void probe(mail);
    else calls.get(mail.run)?.mail(mail);
  };

  const ticketOf = (id: string, sealed: unknown): Ticket | null => {
    const [, run = '', fence = '0'] = /^(.*)\.(\d{1,15})$/.exec(id) ?? [];
    const place = where.ticket(worker, { run, fence: Number(fence) });
    const opened = unseal(key, place, typeof sealed === 'string' ? sealed : '', clock.now());
    const ticket = opened.ok ? readMessage(TicketSchema, opened.body) : null;
    if (ticket?.run === run && ticket.fence === Number(fence)) return ticket;
    drop('ticket', opened.ok ? 'not understood' : opened.why);
    return null;
  };

  const take = async (id: string, sealed: unknown): Promise<void> => {
    const ticket = ticketOf(id, sealed);
    if (ticket === null || isClosing) return;
    const known = calls.get(ticket.run);
    if (known !== undefined) {
      if (known.fence() >= ticket.fence) return known.fence() === ticket.fence ? known.done : undefined;
      // It was taken from us and has come back: what we had of it was not resumed, so it is begun anew.
      await known.letGo(false);
    }
    const call = createWorkerCall(ticket, { worker, ports, tell, ready: targetOf });
    calls.set(ticket.run, call);
    log.info({ run_id: ticket.run, agent: ticket.call.agent, mode: ticket.mode }, 'a call is taken');
    call.begin();
    await call.done;
    if (calls.get(ticket.run) === call) calls.delete(ticket.run);
  };

  const readMail = async (life: Life): Promise<void> => {
    const reader = await life.another();
    const loop = async (): Promise<void> => {
      while (!life.over.aborted) {
        const found = (await askWaiting(
          clock,
          reader,
          BLOCK_S * 1_000,
          'blpop',
          where.mail(worker),
          BLOCK_S,
        )) as [string, string] | null;
        if (found !== null) open(found[1]);
      }
    };
    loop().catch((error: unknown) => {
      life.end(wordsOf(error));
    });
  };

  link.each(async (life) => {
    // What is left of an earlier connection is handed over again: nobody else takes from this queue.
    const queue = await openOwnBee(life, mesh, where.queue(worker));
    await readMail(life);
    current = life;
    bee = queue;
    life.over.addEventListener('abort', () => {
      if (current === life) [current, bee] = [null, null];
    });
    if (isClosing) return;
    await beat(life);
    keepBeating(life);
    for (const call of calls.values()) call.tellAgain();
    queue.process(LIMITS.workerPlaces, take, () => undefined);
  });

  const within = (ms: number, work: Promise<unknown>): Promise<unknown> => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const stop = clock.after(ms, () => {
      resolve(undefined);
    });
    return Promise.race([work, promise]).finally(stop);
  };

  return {
    isReady: () => link.life() !== null,
    calls: () => calls.size,
    begin: () => {
      link.begin();
    },
    close: async ({ drainMs }) => {
      isClosing = true;
      bee?.pause();
      const drained = Promise.all([...calls.values()].map(({ done }) => done));
      await within(drainMs, drained);
      const left = [...calls.values()];
      const life = current;
      const goodbye = async (): Promise<void> => {
        await Promise.all(left.map((call) => call.letGo(false)));
        if (life === null) return;
        tell({ is: 'bye', from: worker });
        await ask(life.client, 'srem', where.workers, worker);
        await ask(life.client, 'del', where.beat(worker), where.mail(worker));
        await removeBees(life.client, mesh, where.queue(worker));
      };
      await within(
        GOODBYE_MS,
        goodbye().catch(() => undefined),
      );
      link.close();
    },
  };
};
