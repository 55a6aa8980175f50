// The queue port: hands jobs to workers at least once. queue.testsuite.ts is its contract.

/** A job as the outbox holds it. `id` dedupes: offering the same id twice is offering it once. */
export interface Job {
  readonly id: string;
  readonly queue: QueueName;
  /** JSON. */
  readonly payload: string;
}

/** One queue a sort of work. */
export const QUEUE_NAMES = ['invocations', 'discovery'] as const;
export type QueueName = (typeof QUEUE_NAMES)[number];

/** The Redis that carries the jobs, as it was configured. */
export interface RedisChoice {
  readonly url: string;
  /** The flag, variable or key that gave it, for errors. */
  readonly from: string;
}

/** How a queue is, for health. */
export interface QueueState {
  /** Why jobs wait, when it is not for a free place. */
  readonly problem: string | null;
  /** What it was handed and did not hand on: not signed, expired, or done before. */
  readonly dropped: number;
}

/**
 * A driver moves jobs from the outbox (rows of `jobs`, written in the transaction that decided them) to handlers.
 * The row is removed by the transaction that records the outcome, so a job lost by the driver is offered again at boot.
 */
export interface JobQueue {
  readonly driver: string;
  /** Whether a job that finds a free place is handed over as soon as it is offered. */
  readonly beginsAtOnce: boolean;
  /** Called after the COMMIT that wrote the rows, and at boot for every row that is left. Resolves when taken over. */
  offer(jobs: readonly Job[]): Promise<void>;
  /** Registers the handler of a queue; at most `concurrency` run at once. A handler that throws gets the job again. */
  work(queue: QueueName, concurrency: number, handler: (job: Job) => Promise<void>): void;
  /** Takes no further job; resolves when the handlers in hand have ended. */
  close(): Promise<void>;
  /** Jobs taken over and not yet handled, for health. */
  waiting(queue: QueueName): number;
  state(): QueueState;
}
