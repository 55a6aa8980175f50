// The queue of one machine: the outbox rows are the queue, this hands them to handlers in order. No service needed.
import type { Clock } from '../ports.ts';
import type { Job, JobQueue, QueueName } from './queue.ts';

/** A handler that threw gets its job again after this, doubled each time up to the maximum. */
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 30_000;

interface Lane {
  readonly concurrency: number;
  readonly handler: (job: Job) => Promise<void>;
}

/** A JobQueue in this process. Durability is the outbox’s: what is lost here with the process is offered again at boot. */
export const createSqliteQueue = (ports: {
  readonly clock: Clock;
  readonly onError: (error: unknown, job: Job) => void;
}): JobQueue => {
  const lanes = new Map<QueueName, Lane>();
  const waiting = new Map<QueueName, Map<string, Job>>();
  const running = new Map<QueueName, Map<string, Promise<void>>>();
  const failures = new Map<string, number>();
  const delayed = new Map<string, () => void>();
  let closed = false;

  const of = <T>(map: Map<QueueName, Map<string, T>>, queue: QueueName): Map<string, T> => {
    const found = map.get(queue) ?? new Map<string, T>();
    map.set(queue, found);
    return found;
  };

  const failed = (job: Job, error: unknown): void => {
    ports.onError(error, job);
    const count = (failures.get(job.id) ?? 0) + 1;
    failures.set(job.id, count);
    const cancel = ports.clock.after(Math.min(RETRY_FIRST_MS * 2 ** (count - 1), RETRY_MAX_MS), () => {
      delayed.delete(job.id);
      take([job]);
    });
    delayed.set(job.id, cancel);
  };

  const start = (lane: Lane, job: Job): void => {
    const run = lane
      .handler(job)
      .then(
        () => void failures.delete(job.id),
        (error: unknown) => {
          if (!closed) failed(job, error);
        },
      )
      .finally(() => {
        of(running, job.queue).delete(job.id);
        pump(job.queue);
      });
    of(running, job.queue).set(job.id, run);
  };

  const pump = (queue: QueueName): void => {
    const lane = lanes.get(queue);
    if (lane === undefined || closed) return;
    for (const [id, job] of of(waiting, queue)) {
      if (of(running, queue).size >= lane.concurrency) return;
      of(waiting, queue).delete(id);
      start(lane, job);
    }
  };

  const take = (jobs: readonly Job[]): void => {
    for (const job of jobs) {
      const known =
        of(running, job.queue).has(job.id) || of(waiting, job.queue).has(job.id) || delayed.has(job.id);
      if (!known) of(waiting, job.queue).set(job.id, job);
    }
    for (const queue of new Set(jobs.map((job) => job.queue))) pump(queue);
  };

  return {
    driver: 'sqlite',
    beginsAtOnce: true,
    offer: (jobs) => {
      if (!closed) take(jobs);
      return Promise.resolve();
    },
    work: (queue, concurrency, handler) => {
      if (lanes.has(queue)) throw new Error(`queue ${queue} has a handler already`);
      lanes.set(queue, { concurrency, handler });
      pump(queue);
    },
    close: async () => {
      closed = true;
      for (const cancel of delayed.values()) cancel();
      delayed.clear();
      await Promise.all([...running.values()].flatMap((jobs) => [...jobs.values()]));
    },
    waiting: (queue) => of(waiting, queue).size + of(running, queue).size,
    state: () => ({ problem: null, dropped: 0 }),
  };
};
