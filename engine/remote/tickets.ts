// Calls handed to workers: one queue of bee-queue a worker, into which the daemon puts and from which that worker takes.
import type { Clock } from '../ports.ts';
import { type Bee, openBee } from '../queue/bee-queue/bee.ts';
import { beeName, removeBees } from '../queue/bee-queue/own-bee.ts';
import type { MeshKey } from '../queue/mesh-key.ts';
import type { Life, Link } from '../queue/redis/link.ts';
import { seal } from '../queue/sealed.ts';
import { type Holding, type Places, type Ticket, ticketId } from './messages.ts';
import { MESSAGE_MS } from './post.ts';

const nothing = (): void => undefined;

const closed = (bee: Bee): void => {
  bee.close();
};

export interface TicketsParts {
  readonly link: Link;
  readonly key: MeshKey;
  readonly mesh: string;
  readonly where: Places;
  /** The life of a worker's connection, which its queue is of; null: it is not there. */
  readonly lifeOf: (worker: string) => string | null;
  readonly clock: Clock;
}

export interface Tickets {
  /** Puts it there if Redis is there; one that is there already stays one. What is lost is offered again. */
  offer(worker: string, ticket: Ticket): void;
  /** Takes it back if the worker has not taken it. */
  withdraw(worker: string, holding: Holding): void;
  /** The worker is gone: nobody will ever take what is left. */
  forget(worker: string): void;
}

interface Open {
  readonly life: string;
  readonly bee: Promise<Bee>;
}

/** The queues of all workers. Create it before whatever offers on a life that just begins. */
export const createTickets = ({ link, key, mesh, where, lifeOf, clock }: TicketsParts): Tickets => {
  const bees = new Map<string, Open>();
  let current: Life | null = null;

  link.each((life) => {
    bees.clear();
    current = life;
    life.over.addEventListener('abort', () => {
      if (current !== life) return;
      current = null;
      bees.clear();
    });
    return Promise.resolve();
  });

  const beeOf = (worker: string): Promise<Bee> | null => {
    const life = lifeOf(worker);
    if (current === null || life === null) return null;
    const known = bees.get(worker);
    if (known?.life === life) return known.bee;
    known?.bee.then(closed, nothing);
    const bee = openBee(current, mesh, beeName(where.queue(worker), life), false);
    bees.set(worker, { life, bee });
    bee.catch(() => {
      if (bees.get(worker)?.bee === bee) bees.delete(worker);
    });
    return bee;
  };

  const within = (worker: string, work: (bee: Bee) => Promise<unknown>): void => {
    beeOf(worker)?.then(work).catch(nothing);
  };

  return {
    offer: (worker, ticket) => {
      const expiresAt = clock.now() + Math.max(0, ticket.leftMs) + MESSAGE_MS;
      within(worker, (bee) =>
        bee.save(
          ticketId(ticket),
          seal(key, where.ticket(worker, ticket), JSON.stringify(ticket), expiresAt),
        ),
      );
    },
    withdraw: (worker, holding) => {
      within(worker, (bee) => bee.remove(ticketId(holding)));
    },
    forget: (worker) => {
      bees.get(worker)?.bee.then(closed, nothing);
      bees.delete(worker);
      if (current !== null) removeBees(current.client, mesh, where.queue(worker)).catch(nothing);
    },
  };
};
