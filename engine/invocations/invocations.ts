// Calls to agents: begun for a step or for a person, performed by queued jobs, stopped, listed. One code path for both.
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { Origin } from '#machines/nouns/origin';
import type { Invocation, InvocationState } from '#machines/nouns/run';
import type { ApprovalRows } from '../approvals/rows.ts';
import type { Audit } from '../audit/append.ts';
import type { Idempotency } from '../audit/idempotency.ts';
import type { ListOptions } from '../engine.ts';
import type { Caller } from '../identity/caller.ts';
import type { Ids } from '../ports.ts';
import type { JobQueue } from '../queue/queue.ts';
import { submitDurably } from '../store/durably.ts';
import type { Tx } from '../store/writer.ts';
import { bindNow, isOpen, kindNow } from './directory.ts';
import { createPerform, type InHand, type PerformParts } from './perform.ts';
import { createFindAsker } from './origin.ts';
import { invocationFacts } from './invocation-facts.ts';
import { createLocalPlaces } from './local-places.ts';
import { settle } from './settle.ts';
import { type NewInvocation, toInvocation } from './invocation-row.ts';

/** How much of a prompt its `submitted` event shows; the agent gets all of it. */
const PROMPT_SHOWN = 2_000;

export interface Invocations {
  /** Inside a transaction: the row, its job and its first event. */
  begin(tx: Tx, invocation: Omit<NewInvocation, 'startedAt' | 'agentKind'>, shownPrompt: string): void;
  /** Inside a transaction: asks for the end of the invocation with this key; nothing when it has ended. */
  stopByKey(tx: Tx, key: string, reason: string): void;
  start(
    caller: Caller,
    ask: {
      to: string;
      from?: string;
      prompt: string;
      timeoutMs?: number;
      idempotencyKey?: string;
      origin?: Origin;
    },
  ): Promise<Invocation>;
  get(runId: string): Invocation;
  list(options: ListOptions<InvocationState> & { readonly plainOnly: boolean }): Invocation[];
  cancel(caller: Caller, runId: string, reason?: string): Promise<Invocation>;
  countLive(): number;
  /** The daemon is about to end: what begins from now on is for its next life, which must know that no agent was asked. */
  beginNoMore(): void;
  /** At the end of the daemon: invocations in hand are left to its next life. */
  letGo(): void;
}

export interface InvocationsParts extends Omit<PerformParts, 'places'> {
  readonly ids: Ids;
  readonly audit: Audit;
  readonly idempotency: Idempotency;
  readonly approvalRows: Pick<ApprovalRows, 'pendingOfRun'>;
  readonly queue: JobQueue;
  /** Calls performed in this process at once. */
  readonly concurrency: number;
}

/** Wires invocations and registers the handler of their queue. */
export const createInvocations = (parts: InvocationsParts): Invocations => {
  const { rows, log, outbox, writer, audit, idempotency, agents, ids, ports } = parts;
  const findAsker = createFindAsker(rows, log.logId);
  const inHand = new Map<string, InHand>();
  /** Invocations that are at work or will be at once: their rows are marked as begun in the transaction that makes them. */
  const slots = new Set<string>();
  /** Those of them that no handler has seen yet: their agent has surely not been asked. */
  const untouched = new Set<string>();
  let takesJobs = true;
  const perform = createPerform({ ...parts, places: createLocalPlaces(parts.concurrency) }, inHand);
  const atOnce = parts.concurrency + (parts.remote === null ? 0 : LIMITS.remoteConcurrency);
  parts.queue.work('invocations', atOnce, async (job) => {
    slots.add(job.id);
    try {
      await perform(job, untouched.delete(job.id));
    } finally {
      slots.delete(job.id);
    }
  });

  const begin: Invocations['begin'] = (tx, asked, shownPrompt) => {
    const agent = bindNow(agents, asked.agent, asked.data);
    const goesAtOnce =
      takesJobs && parts.queue.beginsAtOnce && slots.size < parts.concurrency && !isOpen(agent);
    const invocation = {
      ...asked,
      agent,
      agentKind: goesAtOnce ? kindNow(agents, agent) : null,
      startedAt: goesAtOnce ? tx.now : null,
    };
    if (goesAtOnce) {
      slots.add(asked.runId);
      untouched.add(asked.runId);
      tx.undone(() => {
        slots.delete(asked.runId);
        untouched.delete(asked.runId);
      });
    }
    rows.insert(tx, invocation);
    const facts = invocationFacts({ ...invocation, ...unbegun }, null);
    const text = shownPrompt.length > PROMPT_SHOWN ? `${shownPrompt.slice(0, PROMPT_SHOWN)}…` : shownPrompt;
    log.append(
      tx,
      {
        ...facts,
        kind: 'status',
        payload: {
          state: 'submitted',
          text,
          data: {
            prompt_chars: shownPrompt.length,
            deadline: invocation.deadline,
            // A step's prompt stands in its template; a plain one stands nowhere else.
            ...(text === shownPrompt || invocation.step !== null ? {} : { prompt: shownPrompt }),
            // The chain of a step is that of its run.
            ...(invocation.step === null && 'origin' in invocation.data
              ? { origin: invocation.data['origin'] }
              : {}),
          },
        },
      },
      'engine',
    );
    outbox.add(tx, { id: invocation.runId, queue: 'invocations', payload: '{}' });
  };

  /** What waits for a free slot needs none to be cancelled: its agent was never asked. */
  const endQueued = (runId: string): Promise<void> =>
    submitDurably(writer, ports.clock, (tx) => {
      const row = rows.get(runId);
      if (row === null || row.endedAt !== null || row.startedAt !== null) return;
      const outcome = { status: 'cancelled', artifacts: [], cancelConfirmed: true } as const;
      settle(tx, { row, outcome, stop: 'cancel', recorder: null }, parts);
    });

  const requestStop = (tx: Tx, runId: string, reason: string): void => {
    rows.requestCancel(tx, runId, reason);
    // A transaction of its own: the one that asks may be in the middle of a transition of the run that waits for it.
    tx.after(() => {
      const atWork = inHand.get(runId);
      if (atWork !== undefined) atWork.stop('cancel');
      else
        endQueued(runId).catch((error: unknown) => {
          // Its job ends it, at the latest in the next life.
          ports.log.error({ err: error, run_id: runId }, 'a queued invocation was not cancelled at once');
        });
    });
  };

  const found = (runId: string): Invocation => {
    const row = rows.get(runId);
    if (row === null) throw new MeshError('unknown_run', `no run ${runId} is known`);
    return toInvocation(row, parts.approvalRows);
  };

  return {
    begin,
    stopByKey: (tx, key, reason) => {
      const row = rows.byKey(key);
      if (row !== null && row.endedAt === null && row.cancelRequested === null)
        requestStop(tx, row.runId, reason);
    },
    start: async (caller, ask) => {
      const args = {
        to: ask.to,
        from: ask.from ?? null,
        prompt: ask.prompt,
        timeout_ms: ask.timeoutMs ?? null,
      };
      const asker = ask.origin === undefined ? null : findAsker(ask.origin);
      const runId = ids.uuidv7();
      const subject = await writer.submit((tx) => {
        const earlier = idempotency.claim(tx, 'invocation.start', ask.idempotencyKey, args, runId);
        if (earlier !== null) return earlier;
        // After the key, whose answer stays the same when the agent has left; an unknown name leaves no trace of a run.
        const { name: agent } = agents.asked(ask.to);
        const from = ask.from === undefined ? (asker?.agent ?? null) : agents.target(ask.from).name;
        audit.append(tx, caller, 'invocation.start', 'write', runId, args);
        begin(
          tx,
          {
            runId,
            teamRunId: null,
            step: null,
            execution: null,
            attempt: null,
            key: runId,
            agent,
            from,
            prompt: ask.prompt,
            data: asker === null ? {} : { origin: asker.chain },
            onUnknown: 'fail',
            outputSchema: null,
            mayHaveRunTwice: false,
            deadline: tx.now + (ask.timeoutMs ?? LIMITS.defaultRunTimeoutMs),
          },
          ask.prompt,
        );
        return runId;
      });
      return found(subject);
    },
    get: found,
    list: ({ status, before, limit, plainOnly }) =>
      rows
        .list({ state: status ?? null, before: before ?? null, plainOnly, limit })
        .map((row) => toInvocation(row, parts.approvalRows)),
    cancel: async (caller, runId, reason) => {
      await writer.submit((tx) => {
        const row = rows.get(runId);
        if (row === null) throw new MeshError('unknown_run', `no run ${runId} is known`);
        if (row.endedAt !== null) {
          if (row.state === 'cancelled') return;
          throw new MeshError('not_enabled', `the run has ended: ${row.state}`, { enabled: [] });
        }
        if (row.cancelRequested !== null) return;
        audit.append(tx, caller, 'invocation.cancel', 'write', runId, { reason: reason ?? null });
        const facts = invocationFacts(row, row.taskId);
        log.append(
          tx,
          {
            ...facts,
            kind: 'status',
            payload: { state: 'cancelling', ...(reason === undefined ? {} : { text: reason }) },
          },
          'engine',
        );
        requestStop(tx, runId, reason ?? 'asked by a person');
      });
      ports.log.info({ run_id: runId }, 'cancel requested');
      return found(runId);
    },
    countLive: () => rows.countLive(),
    beginNoMore: () => {
      takesJobs = false;
    },
    letGo: () => {
      for (const each of inHand.values()) each.letGo();
    },
  };
};

/** The part of a row that a new invocation does not have yet. */
const unbegun = {
  state: 'queued',
  taskId: null,
  handle: null,
  error: null,
  cancelRequested: null,
  cancelConfirmed: null,
  createdAt: 0,
  endedAt: null,
  outputRef: null,
} as const;
