// One call in a worker: performed by an adapter of this host, told to the daemon fact by fact until each is recorded.
import { failure, MeshError, type Failure } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type {
  AgentAdapter,
  ApprovalAnswer,
  ApprovalAsk,
  InvokeRequest,
  Outcome,
  Reattached,
  Sink,
  Target,
} from '../agents/adapter.ts';
import type { Clock, Log } from '../ports.ts';
import type { Beat, Call, Fact, Mail, Report, Ticket } from './messages.ts';
import { outcomeToTell } from './told-outcome.ts';

export interface WorkerCallParts {
  readonly worker: string;
  readonly ports: { readonly clock: Clock; readonly log: Log };
  /** Sends a report if Redis is there; what is lost is told again. */
  readonly tell: (report: Report) => void;
  /** Throws what is in the way of calling that agent from here. */
  readonly ready: (call: Call) => { readonly target: Target; readonly adapter: AgentAdapter };
}

export interface WorkerCall {
  readonly run: string;
  fence(): number;
  /** Resolves when nobody here has to remember it any more. */
  readonly done: Promise<void>;
  begin(): void;
  mail(mail: Extract<Mail, { run: string }>): void;
  holds(): Beat['holds'][number];
  /** Tells everything that is not recorded again. */
  tellAgain(): void;
  /** With each beat: tells again what nobody has answered for a while. */
  beat(): void;
  /**
   * It is not ours any more. A run that another worker can take up at its agent goes on there; any other ends here, and
   * so does one that is over. Resolves when nothing of it is left.
   */
  letGo(isOver: boolean): Promise<void>;
}

interface Told {
  readonly fact: Fact;
  readonly recorded: () => void;
}

const failureOf = (error: unknown): Failure =>
  error instanceof MeshError
    ? failure(error.code, error.detail)
    : failure('internal', error instanceof Error ? error.message : String(error));

/** A call that a ticket asks for; not begun. */
export const createWorkerCall = (ticket: Ticket, parts: WorkerCallParts): WorkerCall => {
  const { worker, ports, tell } = parts;
  const { clock, log } = ports;
  const { run } = ticket;
  let { fence } = ticket;
  let n = 0;
  const told = new Map<number, Told>();
  /** What of it was the last beat's first unrecorded fact. */
  let stuckAt = 0;
  const asks = new Map<
    string,
    { readonly ask: ApprovalAsk; readonly answer: PromiseWithResolvers<ApprovalAnswer> }
  >();
  const controller = new AbortController();
  /** While it works: whether its agent can be asked again how it ended. */
  let isFoundAgain: boolean | null = null;
  let atWork: Promise<unknown> = Promise.resolve();
  let isLetGo = false;
  const { promise: done, resolve: forget } = Promise.withResolvers<undefined>();
  const room: (() => void)[] = [];

  const send = (number: number, fact: Fact): void => {
    tell({ is: 'fact', from: worker, run, fence, n: number, fact });
  };

  const say = (fact: Fact): Promise<void> => {
    if (isLetGo) return Promise.resolve();
    n += 1;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    told.set(n, {
      fact,
      recorded: () => {
        resolve(undefined);
      },
    });
    send(n, fact);
    return promise;
  };

  const recorded = (upTo: number): void => {
    for (const [number, { recorded: tellHim }] of told) {
      if (number > upTo) break;
      told.delete(number);
      tellHim();
    }
    while (room.length > 0 && told.size < LIMITS.workerUnrecorded) room.shift()?.();
  };

  const tellAgain = (): void => {
    for (const [number, { fact }] of told) send(number, fact);
  };

  const tellAsk = ({ withdrawn: _, expiresAt, ...ask }: ApprovalAsk): void => {
    const leftMs = expiresAt === null ? null : Math.max(0, expiresAt - clock.now());
    tell({ is: 'ask', from: worker, run, fence, ask: { ...ask, leftMs } });
  };

  const sink: Sink = {
    handle: (native, taskId) => say({ is: 'handle', native, taskId }),
    event: async (event) => {
      const fact: Fact = { is: 'event', event };
      if (event.delta !== true) {
        await say(fact);
        return;
      }
      // Pieces of a text are many: the next one does not wait for this one, only for room.
      while (told.size >= LIMITS.workerUnrecorded && !isLetGo)
        await new Promise<void>((resolve) => {
          room.push(resolve);
        });
      void say(fact);
    },
    sent: () => void say({ is: 'sent' }),
    approval: (ask) => {
      const known = asks.get(ask.nativeId);
      if (known !== undefined) return known.answer.promise;
      const answer = Promise.withResolvers<ApprovalAnswer>();
      asks.set(ask.nativeId, { ask, answer });
      tellAsk(ask);
      const withdraw = (): void => {
        answer.resolve({ decision: 'withdrawn' });
        if (!isLetGo) tell({ is: 'withdraw', from: worker, run, fence, nativeId: ask.nativeId });
      };
      for (const signal of [ask.withdrawn, controller.signal])
        if (signal.aborted) withdraw();
        else signal.addEventListener('abort', withdraw, { once: true });
      return answer.promise.finally(() => {
        for (const signal of [ask.withdrawn, controller.signal])
          signal.removeEventListener('abort', withdraw);
      });
    },
  };

  const perform = async (): Promise<Outcome | Reattached> => {
    const { target, adapter } = parts.ready(ticket.call);
    isFoundAgain = adapter.capabilities(target.entry).resume;
    const request: InvokeRequest = {
      target,
      prompt: ticket.prompt,
      data: ticket.data,
      runId: run,
      key: ticket.key,
      deadline: clock.now() + ticket.leftMs,
      signal: controller.signal,
    };
    const stopTimer = clock.after(Math.max(0, ticket.leftMs), () => {
      controller.abort(new MeshError('timeout'));
    });
    try {
      return ticket.mode === 'invoke'
        ? await adapter.invoke(request, sink)
        : await adapter.reattach(request, ticket.handle, sink);
    } finally {
      stopTimer();
      isFoundAgain = null;
    }
  };

  const work = async (): Promise<void> => {
    // Nothing is done before the daemon has recorded who does it.
    await say({ is: 'begun' });
    if (isLetGo) return;
    let last: Fact;
    try {
      last = { is: 'end', outcome: outcomeToTell(await perform()) };
    } catch (error) {
      log.warn({ run_id: run, why: failureOf(error).message }, 'a call ended with a fault');
      controller.abort(error);
      last = { is: 'fault', error: failureOf(error) };
    }
    await say(last);
  };

  const letGo = async (isOver: boolean): Promise<void> => {
    if (isLetGo) return;
    isLetGo = true;
    recorded(Number.MAX_SAFE_INTEGER);
    for (const resolve of room.splice(0)) resolve();
    if (isFoundAgain !== null && (isOver || !isFoundAgain)) {
      controller.abort(new MeshError('cancelled'));
      await atWork;
    }
    forget(undefined);
  };

  return {
    run,
    fence: () => fence,
    done,
    begin: () => {
      atWork = work().catch((error: unknown) => {
        log.error({ err: error, run_id: run }, 'a call could not be told to its end');
      });
    },
    mail: (mail) => {
      if (mail.is === 'yours' ? mail.was !== fence : mail.fence !== fence) return;
      switch (mail.is) {
        case 'taken':
          recorded(mail.n);
          return;
        case 'stop':
          controller.abort(new MeshError(mail.reason === 'timeout' ? 'timeout' : 'cancelled'));
          return;
        case 'stale':
          void letGo(mail.isOver);
          return;
        case 'yours':
          ({ fence } = mail);
          recorded(mail.n);
          tellAgain();
          return;
        case 'again': {
          const known = asks.get(mail.nativeId);
          if (known !== undefined) tellAsk(known.ask);
          return;
        }
        case 'answer':
          asks.get(mail.nativeId)?.answer.resolve(mail.answer);
          asks.delete(mail.nativeId);
      }
    },
    holds: () => ({ run, fence, n, asks: [...asks.keys()] }),
    tellAgain,
    beat: () => {
      const [first = 0] = told.keys();
      if (first !== 0 && first === stuckAt) tellAgain();
      stuckAt = first;
    },
    letGo,
  };
};
