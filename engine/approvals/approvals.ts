// What agents ask people: durable before it is shown, decided once, expired by the clock, withdrawn with its run.
import { APPROVAL_WORDS } from '#machines/nouns/approval';
import { MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { ApprovalAnswer, ApprovalAsk } from '../agents/adapter.ts';
import type { Audit } from '../audit/append.ts';
import type { Engine } from '../engine.ts';
import type { EventLog } from '../events/append.ts';
import { type InvocationFacts, invocationFacts } from '../invocations/invocation-facts.ts';
import type { InvocationRow } from '../invocations/invocation-row.ts';
import type { InvocationRows } from '../invocations/rows.ts';
import type { Ports } from '../ports.ts';
import { submitDurably } from '../store/durably.ts';
import type { Tx, Writer } from '../store/writer.ts';
import { answerOf, type ApprovalRow, nobody, toApproval, type Verdict } from './approval-row.ts';
import { createDecide } from './decide.ts';
import { createExpiry } from './expiry.ts';
import { type Operation, readOperation } from './operation.ts';
import type { ApprovalRows } from './rows.ts';

export interface ApprovalsParts {
  readonly writer: Writer;
  readonly log: Pick<EventLog, 'append'>;
  readonly rows: ApprovalRows;
  readonly invocationRows: Pick<InvocationRows, 'get' | 'state'>;
  readonly audit: Pick<Audit, 'append'>;
  readonly ports: Pick<Ports, 'clock' | 'ids' | 'log'>;
}

/** A question of an invocation at work. */
export interface Asking {
  readonly row: InvocationRow;
  readonly taskId: string | null;
  readonly ask: ApprovalAsk;
  /** Aborts when the invocation is stopped. */
  readonly stopped: AbortSignal;
  /** The invocation’s own FIFO, so that the question stands in the log behind what the agent said before. */
  readonly submit: <T>(work: (tx: Tx) => T) => Promise<T>;
}

export interface Approvals {
  readonly api: Engine['approvals'];
  /** Asks a person; resolves with what becomes of it, at once when that is known. */
  ask(asking: Asking): Promise<ApprovalAnswer>;
  /** Inside the transaction that ends a run: nobody asks any more. */
  withdrawOf(tx: Tx, runId: string): void;
  /** Ends what has expired while nobody looked, then goes on to. Resolves when that is durable. Once, at boot. */
  begin(): Promise<void>;
  close(): void;
}

const WITHDRAWN: ApprovalAnswer = { decision: 'withdrawn' };

/** Whether a question asked again is the one that was shown: nothing else may ride on its answer. */
const isSame = (row: ApprovalRow, ask: ApprovalAsk, operation: Operation): boolean =>
  'hash' in operation &&
  row.operationHash === operation.hash &&
  row.kind === ask.kind &&
  row.tool === ask.tool &&
  // The operation of a permission is all of it; a question is its words.
  (row.kind === 'permission' || row.title === ask.title);

/** Wires approvals. */
export const createApprovals = (parts: ApprovalsParts): Approvals => {
  const { writer, log, rows, invocationRows, audit, ports } = parts;
  const waiting = new Map<string, Set<(answer: ApprovalAnswer) => void>>();

  const say = (
    tx: Tx,
    facts: InvocationFacts,
    state: string,
    title: string,
    data: Readonly<Record<string, unknown>>,
  ): void =>
    void log.append(tx, { ...facts, kind: 'status', payload: { state, text: title, data } }, 'engine');

  /** Ends a pending one. */
  const finish = (tx: Tx, row: ApprovalRow, verdict: Verdict): void => {
    if (!rows.decide(tx, row.id, verdict)) return;
    const invocation = invocationRows.get(row.runId);
    if (invocation === null) throw new Error(`approval ${row.id} is of no run`);
    const { state, by, answer, reason, messageId } = verdict;
    say(tx, invocationFacts(invocation, invocation.taskId), APPROVAL_WORDS.decided, row.title, {
      approval_id: row.id,
      operation_hash: row.operationHash,
      decision: state,
      by,
      answer,
      reason,
      signed: false,
      ...(messageId === undefined ? {} : { message_id: messageId }),
    });
    tx.after(() => {
      const told = answerOf({ ...row, state, decidedBy: by, answer, reason }) ?? WITHDRAWN;
      for (const tell of waiting.get(row.id) ?? []) tell(told);
      waiting.delete(row.id);
    });
  };

  const withdraw = (tx: Tx, id: string): void => {
    const row = rows.get(id);
    if (row?.state === 'pending') finish(tx, row, nobody(row.expiresAt <= tx.now ? 'expired' : 'withdrawn'));
  };

  const expiry = createExpiry({ writer, rows, ports, finish });

  /** No person is asked: the agent is told no, and the log why. */
  const refuse = (tx: Tx, { row, taskId, ask }: Asking, reason: string): ApprovalAnswer => {
    say(
      tx,
      invocationFacts(row, taskId),
      APPROVAL_WORDS.decided,
      ask.title.slice(0, LIMITS.approvalTitleChars),
      {
        native_id: ask.nativeId.slice(0, LIMITS.approvalTitleChars),
        decision: 'refused',
        by: null,
        reason,
        signed: false,
      },
    );
    return { decision: 'deny', reason, by: 'engine' };
  };

  /** Inside a transaction: the answer that is known already, or the row that waits for one. */
  const record = (tx: Tx, asking: Asking, operation: Operation): ApprovalAnswer | ApprovalRow => {
    const { row, taskId, ask, stopped } = asking;
    const known = rows.byNative(row.runId, ask.nativeId);
    if (known !== null)
      return isSame(known, ask, operation)
        ? (answerOf(known) ?? known)
        : refuse(tx, asking, 'it was asked before for another operation');
    if (stopped.aborted || ask.withdrawn.aborted || invocationRows.state(row.runId)?.hasEnded !== false)
      return WITHDRAWN;
    if ('refused' in operation) return refuse(tx, asking, operation.refused);
    if (rows.pendingOfRun(row.runId).length >= LIMITS.approvalsPending)
      return refuse(tx, asking, `${LIMITS.approvalsPending} questions of this run wait already`);
    // At its time limit the run is stopped, and with it what it asks: the agent must not hear `expired` first, and go on.
    const { expiresAt } = ask;
    const endsWithRun = expiresAt === null || expiresAt >= row.deadline;
    const made = {
      id: ports.ids.uuidv7(),
      runId: row.runId,
      nativeId: ask.nativeId,
      teamRunId: row.teamRunId,
      step: row.step,
      agent: row.agent,
      kind: ask.kind,
      title: ask.title,
      tool: ask.tool,
      operation: operation.text,
      operationHash: operation.hash,
      expiresAt: endsWithRun ? row.deadline : expiresAt,
      dueAt: endsWithRun ? null : expiresAt,
    };
    rows.insert(tx, made);
    say(tx, invocationFacts(row, taskId), APPROVAL_WORDS.asked, ask.title, {
      approval_id: made.id,
      native_id: ask.nativeId,
      kind: ask.kind,
      tool: ask.tool,
      operation: JSON.parse(operation.text) as unknown,
      operation_hash: operation.hash,
      expires_at: new Date(made.expiresAt).toISOString(),
      ends_with_run: endsWithRun,
    });
    const { dueAt } = made;
    if (dueAt !== null)
      tx.after(() => {
        expiry.arm(dueAt);
      });
    return { ...made, state: 'pending', requestedAt: tx.now, ...undecided };
  };

  const answered = (row: ApprovalRow, signals: readonly AbortSignal[]): Promise<ApprovalAnswer> =>
    new Promise((resolve) => {
      const tell = (answer: ApprovalAnswer): void => {
        for (const signal of signals) signal.removeEventListener('abort', give);
        // Whatever the row says: when the agent no longer asks or is stopped, that is its answer.
        resolve(answer.decision === 'expired' && signals.some(({ aborted }) => aborted) ? WITHDRAWN : answer);
      };
      const give = (): void => {
        submitDurably(writer, ports.clock, (tx) => {
          withdraw(tx, row.id);
        }).catch((error: unknown) => {
          ports.log.error({ err: error, approval_id: row.id }, 'an approval could not be withdrawn');
          tell(WITHDRAWN);
        });
      };
      const others = waiting.get(row.id) ?? new Set();
      waiting.set(row.id, others.add(tell));
      // It may have been decided in the very transaction that found it waiting.
      const now = rows.get(row.id);
      const known = now === null ? WITHDRAWN : answerOf(now);
      if (known !== null) {
        others.delete(tell);
        tell(known);
        return;
      }
      for (const signal of signals)
        if (signal.aborted) give();
        else signal.addEventListener('abort', give, { once: true });
    });

  const found = (id: string): ApprovalRow => {
    const row = rows.get(id);
    if (row === null) throw new MeshError('unknown_approval', `no approval ${id} is known`);
    return row;
  };

  const decide = createDecide({ found, finish, invocationRows, audit });

  return {
    ask: async (asking) => {
      const operation = readOperation(asking.ask);
      const told = await asking.submit((tx) => record(tx, asking, operation));
      return 'decision' in told ? told : answered(told, [asking.ask.withdrawn, asking.stopped]);
    },
    withdrawOf: (tx, runId) => {
      for (const id of rows.pendingOfRun(runId)) withdraw(tx, id);
    },
    api: {
      list: ({ status, before, limit }) =>
        rows.list({ state: status ?? null, before: before ?? null, limit }).map(toApproval),
      get: (id) => toApproval(found(id)),
      decide: async (caller, id, asked) => {
        const problem = await writer.submit((tx) => decide(tx, caller, id, asked));
        if (problem !== null) throw problem;
        return toApproval(found(id));
      },
    },
    begin: () => expiry.begin(),
    close: () => {
      expiry.close();
    },
  };
};

const undecided = { decidedAt: null, decidedBy: null, answer: null, reason: null } as const;
