// Calls handed to workers: one queue of bee-queue a worker, into which the daemon puts and from which that worker takes.
import type { Clock } from '../ports.ts';
import { type Bee, openBee } from '../queue/bee-queue/bee.ts';
import type { MeshKey } from '../queue/mesh-key.ts';
import type { Link } from '../queue/redis/link.ts';
import { seal } from '../queue/sealed.ts';
import { type Holding, type Places, type Ticket, ticketId } from './messages.ts';
import { MESSAGE_MS } from './post.ts';

export interface TicketsParts {
  readonly link: Link;
  readonly key: MeshKey;
  readonly mesh: string;
  readonly where: Places;
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

/** The queues of all workers. */
export const createTickets = ({ link, key, mesh, where, clock }: TicketsParts): Tickets => {
  const bees = new Map<string, Promise<Bee>>();

  link.each((life) => {
    bees.clear();
    life.over.addEventListener('abort', () => {
      bees.clear();
    });
    return Promise.resolve();
  });

  const beeOf = (worker: string): Promise<Bee> | null => {
    const life = link.life();
    if (life === null) return null;
    const known = bees.get(worker) ?? openBee(life, mesh, where.queue(worker), false);
    bees.set(worker, known);
    known.catch(() => {
      if (bees.get(worker) === known) bees.delete(worker);
    });
    return known;
  };

  const within = (worker: string, work: (bee: Bee) => Promise<unknown>): void => {
    beeOf(worker)
      ?.then(work)
      .catch(() => undefined);
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
      within(worker, (bee) => bee.clear());
      bees.delete(worker);
    },
  };
};
