// What a call at a worker asks a person: asked once here, answered to whoever holds the call, as often as it takes.
import type { ApprovalAnswer } from '../agents/adapter.ts';
import type { Recorder } from '../invocations/recorder.ts';
import type { Clock } from '../ports.ts';
import type { Ask } from './messages.ts';

interface Asked {
  answer: ApprovalAnswer | null;
  readonly withdrawn: AbortController;
}

export interface SessionAsks {
  /** One that was asked before is answered again, if it has an answer. */
  ask(ask: Ask): void;
  withdraw(nativeId: string): void;
  /** The holder still waits for these: it gets its answers, or is to ask again what was not heard here. */
  waiting(nativeIds: readonly string[]): void;
}

export interface SessionAsksParts {
  readonly recorder: Pick<Recorder, 'approval'>;
  readonly clock: Clock;
  /** To the holder of the call, whoever that is by then. */
  readonly answer: (nativeId: string, answer: ApprovalAnswer) => void;
  readonly again: (nativeId: string) => void;
  readonly onError: (error: unknown) => void;
}

/** The questions of one call. */
export const createSessionAsks = (parts: SessionAsksParts): SessionAsks => {
  const { recorder, clock } = parts;
  const asked = new Map<string, Asked>();
  const tell = (nativeId: string): void => {
    const answer = asked.get(nativeId)?.answer ?? null;
    if (answer !== null) parts.answer(nativeId, answer);
  };
  return {
    ask: ({ leftMs, operation, ...ask }) => {
      const { nativeId } = ask;
      if (asked.has(nativeId)) {
        tell(nativeId);
        return;
      }
      const known: Asked = { answer: null, withdrawn: new AbortController() };
      asked.set(nativeId, known);
      const expiresAt = leftMs === null ? null : clock.now() + leftMs;
      recorder
        .approval({ ...ask, operation, expiresAt, withdrawn: known.withdrawn.signal })
        .then((answer) => {
          known.answer = answer;
          tell(nativeId);
        }, parts.onError);
    },
    withdraw: (nativeId) => {
      asked.get(nativeId)?.withdrawn.abort();
    },
    waiting: (nativeIds) => {
      for (const nativeId of nativeIds)
        if (asked.has(nativeId)) tell(nativeId);
        else parts.again(nativeId);
    },
  };
};
