// The durable core put together: queue, outbox, invocations and team runs over one store. What agents there are is given.
import { join } from 'node:path';
import { FILES } from '#machines/nouns/data-folder';
import { type Approvals, createApprovals } from './approvals/approvals.ts';
import { createApprovalRows } from './approvals/rows.ts';
import type { Audit } from './audit/append.ts';
import { createIdempotency } from './audit/idempotency.ts';
import type { EventLog } from './events/append.ts';
import { type Artifacts, createArtifacts } from './invocations/artifacts.ts';
import { createInvocations, type Invocations } from './invocations/invocations.ts';
import { createOutputChecker } from './invocations/output.ts';
import type { AgentDirectory } from './invocations/directory.ts';
import { createInvocationRows, type InvocationRows } from './invocations/rows.ts';
import type { Ports } from './ports.ts';
import { createBeeQueue } from './queue/bee-queue/driver.ts';
import type { MeshKey } from './queue/mesh-key.ts';
import { createIsOpen, createOutbox, type Outbox } from './queue/outbox.ts';
import { type Job, type JobQueue, QUEUE_NAMES } from './queue/queue.ts';
import type { RedisAddress } from './queue/redis/address.ts';
import { createLink, type Link } from './queue/redis/link.ts';
import { createSqliteQueue } from './queue/sqlite.ts';
import { onlyDaemon } from './queue/redis/only-daemon.ts';
import { createRemote, type Remote } from './remote/remote.ts';
import { createRuns, type Runs } from './runs/runs.ts';
import type { Store } from './store/open.ts';
import type { Templates } from './templates/load.ts';

export interface CoreParts {
  readonly dataDir: string;
  readonly store: Store;
  readonly log: EventLog;
  readonly templates: Templates;
  readonly agents: AgentDirectory;
  readonly audit: Audit;
  readonly ports: Ports;
  /** Invocations in flight at once. */
  readonly concurrency: number;
  /** Carries the jobs; without one they stay in this process. */
  readonly redis?: MeshRedis | null;
}

export interface MeshRedis {
  readonly address: RedisAddress;
  readonly key: MeshKey;
}

export interface Core {
  readonly queue: JobQueue;
  /** Workers on other hosts; null where there is no Redis for them. */
  readonly remote: Remote | null;
  readonly outbox: Outbox;
  readonly artifacts: Artifacts;
  readonly invocations: Invocations;
  readonly runs: Runs;
  readonly approvals: Approvals;
  /** Approvals that wait for a person. */
  countPendingApprovals(): number;
  /** Checks runs, offers the jobs that an earlier life left, arms the timers. Once, at boot. */
  begin(): Promise<{ readonly live: number; readonly blocked: number; readonly jobs: number }>;
  /** Takes no further job; resolves when those in hand have ended or `drainMs` have passed. */
  drain(drainMs: number): Promise<void>;
}

interface Carrier {
  readonly queue: JobQueue;
  /** Null where there is no Redis. */
  readonly link: Link | null;
  readonly remote: Remote | null;
}

const createCarrier = (parts: CoreParts, invocations: InvocationRows): Carrier => {
  const { store, log, redis = null, ports } = parts;
  const onError = (error: unknown, job: Job): void => {
    ports.log.error({ err: error, job: job.id, queue: job.queue }, 'a job failed and will be tried again');
  };
  if (redis === null)
    return { queue: createSqliteQueue({ clock: ports.clock, onError }), link: null, remote: null };
  const { address, key } = redis;
  const mesh = `agentmesh:${key.id}`;
  const link = createLink({ address, prefix: mesh, ports });
  onlyDaemon(link, { mesh, dataDir: parts.dataDir, clock: ports.clock });
  // Before the queue: who the workers are is known before the first job is handed over.
  const remote = createRemote({ link, key, mesh, store, invocations, ports });
  const queue = createBeeQueue({
    link,
    key,
    prefix: `${mesh}:daemon:${log.logId}`,
    queues: QUEUE_NAMES,
    ports,
    onError,
    isOpen: createIsOpen(store),
  });
  return { queue, link, remote };
};

/** Wires the core. Nothing runs before `begin`. */
export const createCore = (parts: CoreParts): Core => {
  const { store, log, templates, agents, audit, ports } = parts;
  const idempotency = createIdempotency(store);
  const rows = createInvocationRows(store);
  const approvalRows = createApprovalRows(store);
  const approvals = createApprovals({
    writer: store.writer,
    log,
    rows: approvalRows,
    invocationRows: rows,
    audit,
    ports,
  });
  const artifacts = createArtifacts(join(parts.dataDir, FILES.artifacts), ports.disk);
  const { queue, link, remote } = createCarrier(parts, rows);
  const outbox = createOutbox(store, queue, (error) => {
    ports.log.error({ err: error }, 'jobs could not be offered to the queue');
  });
  // Runs and invocations know each other: a step begins an invocation, its end wakes the run.
  let made: Invocations | null = null;
  const runs = createRuns({
    store,
    log,
    templates,
    audit,
    idempotency,
    invocationRows: rows,
    approvalRows,
    artifacts,
    invocations: () => {
      if (made === null) throw new Error('the core is not wired yet');
      return made;
    },
    ports,
  });
  const invocations = createInvocations({
    writer: store.writer,
    log,
    rows,
    artifacts,
    approvals,
    approvalRows,
    outbox,
    audit,
    idempotency,
    agents,
    queue,
    remote,
    ports,
    ids: ports.ids,
    checker: createOutputChecker(),
    concurrency: parts.concurrency,
    askedFacts: (teamRunId) => runs.askedFacts(teamRunId),
    onEnded: (tx, row, ending) => {
      runs.onInvocationEnded(tx, row, ending);
    },
  });
  made = invocations;
  return {
    queue,
    remote,
    outbox,
    artifacts,
    invocations,
    runs,
    approvals,
    countPendingApprovals: () => approvalRows.countPending(),
    begin: async () => {
      link?.begin();
      // Before any agent is asked again: what has expired meanwhile is answered so.
      await approvals.begin();
      const { live, blocked } = await runs.recover();
      const jobs = await outbox.offerLeft();
      runs.begin();
      return { live, blocked, jobs };
    },
    drain: async (drainMs) => {
      runs.close();
      approvals.close();
      invocations.beginNoMore();
      let stopWaiting = (): void => undefined;
      await Promise.race([
        queue.close(),
        new Promise<void>((resolve) => {
          stopWaiting = ports.clock.after(drainMs, resolve);
        }),
      ]);
      stopWaiting();
      invocations.letGo();
      remote?.close();
      link?.close();
    },
  };
};
