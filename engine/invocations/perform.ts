// The handler of an invocation job: finds the agent, invokes or re-attaches, keeps the time limit, settles.
import { failure, MeshError } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { AskedFacts } from '#machines/nouns/origin';
import type { AgentAdapter, InvokeRequest, Outcome, Reattached, Target } from '../agents/adapter.ts';
import type { Performer, Remote } from '../remote/remote.ts';
import type { Job } from '../queue/queue.ts';
import { submitDurably } from '../store/durably.ts';
import { type AgentDirectory, type StepData, targetOf } from './directory.ts';
import { createRecorder, type Recorder, type RecorderParts } from './recorder.ts';
import { chainOfCall } from './origin.ts';
import type { LocalPlaces } from './local-places.ts';
import { renderPrompt } from './prompt.ts';
import type { InvocationRow } from './invocation-row.ts';
import { settle, type SettleParts, type StopReason } from './settle.ts';

export interface PerformParts extends RecorderParts, SettleParts {
  readonly agents: AgentDirectory;
  readonly approvals: RecorderParts['approvals'] & SettleParts['approvals'];
  readonly ports: RecorderParts['ports'];
  /** Workers on other hosts, where there is a Redis for them. */
  readonly remote: Pick<Remote, 'performer'> | null;
  /** What agents are told of the request behind a team run; null where a person started it. */
  readonly askedFacts: (teamRunId: string) => AskedFacts | null;
  /** For calls that are performed here. */
  readonly places: LocalPlaces;
}

/** An invocation in hand. */
export interface InHand {
  /** Asks the agent to stop; the invocation then ends by the agent's own word, or unconfirmed after a while. */
  stop(reason: StopReason): void;
  /** Lets go of it without a word to the agent: the daemon ends, and its next life asks what became of it. */
  letGo(): void;
}

const failed = (error: unknown): Outcome => ({
  status: 'failed',
  artifacts: [],
  error:
    error instanceof MeshError
      ? failure(error.code, error.detail)
      : failure('internal', error instanceof Error ? error.message : String(error)),
});

/** What a call needs to begin. */
interface Ready {
  readonly target: Target;
  readonly adapter: AgentAdapter;
  /** Filled in. */
  readonly prompt: string;
  /** Performs it instead of the adapter here. */
  readonly elsewhere: Performer | null;
}

/**
 * Makes the handler. `inHand` is filled while an agent works, so that a cancel finds it. `isUntouched` says that the
 * job was made in this life and is seen for the first time: its agent has surely not been asked.
 */
export const createPerform = (
  parts: PerformParts,
  inHand: Map<string, InHand>,
): ((job: Job, isUntouched: boolean) => Promise<void>) => {
  const { agents, rows, writer, ports } = parts;

  const end = async (
    row: InvocationRow,
    outcome: Outcome,
    stop: StopReason | null,
    recorder: Recorder | null,
  ): Promise<void> => {
    ports.crash.reach('outcome.before-commit');
    const settleAs = (settled: Outcome): Promise<void> =>
      submitDurably(writer, ports.clock, (tx) => {
        if (rows.state(row.runId)?.hasEnded !== false) return;
        settle(tx, { row, outcome: settled, stop, recorder }, parts);
      });
    await recorder?.idle();
    try {
      await settleAs(outcome);
    } catch (error) {
      if (error instanceof MeshError && error.code === 'stopping') throw error;
      // What the agent answered cannot be recorded as it is (too large, not JSON): that is its failure, said once.
      ports.log.error({ err: error, run_id: row.runId }, 'an outcome could not be recorded as it came');
      await settleAs(failed(error));
    }
  };

  /** Runs the adapter; resolves at the latest when a stop was not confirmed in time. */
  const untilEnded = (
    row: InvocationRow,
    controller: AbortController,
    work: () => Promise<Outcome>,
  ): Promise<{ outcome: Outcome; stop: StopReason | null }> => {
    let stop: StopReason | null = null;
    const forget: (() => void)[] = [];
    return new Promise<{ outcome: Outcome; stop: StopReason | null }>((resolve) => {
      const halt = (reason: StopReason): void => {
        if (stop !== null) return;
        stop = reason;
        forget.push(
          ports.clock.after(LIMITS.cancelConfirmMs, () => {
            resolve({ outcome: { status: 'cancelled', artifacts: [], cancelConfirmed: false }, stop });
          }),
        );
        controller.abort(new MeshError(reason === 'cancel' ? 'cancelled' : 'timeout'));
      };
      inHand.set(row.runId, {
        stop: halt,
        letGo: () => {
          for (const each of forget) each();
        },
      });
      forget.push(
        ports.clock.after(Math.max(0, row.deadline - ports.clock.now()), () => {
          halt('timeout');
        }),
      );
      if (row.cancelRequested !== null) halt('cancel');
      work().then(
        (outcome) => {
          resolve({ outcome, stop });
        },
        (error: unknown) => {
          ports.log.error({ err: error, run_id: row.runId }, 'an adapter threw');
          // Whatever its agent still does is nobody's any more.
          controller.abort(error);
          resolve({ outcome: failed(error), stop });
        },
      );
    }).finally(() => {
      inHand.delete(row.runId);
      for (const each of forget) each();
    });
  };

  /** Artifacts that an earlier life of the daemon has recorded. */
  const recordedArtifacts = (runId: string): string[] =>
    parts.log
      .page({ run_id: runId, kind: 'artifact' }, 0, LIMITS.eventsPageMax)
      .lines.map((line) => (JSON.parse(line) as { id: string }).id);

  /**
   * The agent was made one of another kind while it was at work: whoever asked it knows what its handle means. It may
   * need what the agent no longer has (an address, a folder), and then nobody can tell.
   */
  const reattachByKindOf = async (
    kind: string,
    request: InvokeRequest,
    handle: InvocationRow['handle'],
    recorder: Recorder,
  ): Promise<Reattached> => {
    try {
      return await agents.adapter(kind).reattach(request, handle, recorder);
    } catch (error) {
      ports.log.warn({ err: error, run_id: request.runId, kind }, 'an agent changed its kind in mid-call');
      return { status: 'unknown' };
    }
  };

  const invokeOrReattach = async (
    row: InvocationRow,
    isFirst: boolean,
    adapter: AgentAdapter | Performer,
    request: InvokeRequest,
    recorder: Recorder,
  ): Promise<Outcome> => {
    if (isFirst) return adapter.invoke(request, recorder);
    // A worker elsewhere keeps book itself of whom it asked.
    const askedKind = 'kind' in adapter ? row.agentKind : null;
    const found = await (askedKind === null || askedKind === request.target.kind
      ? adapter.reattach(request, row.handle, recorder)
      : reattachByKindOf(askedKind, request, row.handle, recorder));
    if (found.status === 'never-received') return adapter.invoke(request, recorder);
    if (found.status === 'unknown')
      return { status: 'failed', artifacts: [], error: failure('outcome_unknown') };
    return found;
  };

  /** From the beginning of its time limit to its recorded end. */
  const call = async (row: InvocationRow, isUntouched: boolean, ready: Ready): Promise<void> => {
    const { target, adapter, prompt, elsewhere } = ready;
    const { values, skill, ...data } = row.data as StepData;
    const deadline =
      row.startedAt === null
        ? await submitDurably(writer, ports.clock, (tx) => {
            const until = rows.markWorking(tx, row.runId, target.name, target.kind);
            if (until !== null) elsewhere?.begin(tx);
            return until;
          })
        : row.deadline;
    // A cancel may have come while that was written, and ended it if it was first.
    if (deadline === null) return;
    const { cancelRequested = null } = rows.state(row.runId) ?? {};
    const fresh: InvocationRow = { ...row, agent: target.name, deadline, cancelRequested };
    const asked = row.teamRunId === null ? null : parts.askedFacts(row.teamRunId);
    const isFirst = isUntouched || row.startedAt === null;
    const controller = new AbortController();
    const recorder = createRecorder(
      fresh,
      parts,
      isFirst ? [] : recordedArtifacts(row.runId),
      controller.signal,
    );
    const { outcome, stop } = await untilEnded(fresh, controller, () =>
      invokeOrReattach(
        fresh,
        isFirst,
        elsewhere ?? adapter,
        {
          target,
          prompt,
          data: {
            ...data,
            origin: chainOfCall(row, parts.log.logId),
            key: row.key,
            // An agent with many skills is told which one was meant.
            ...(skill === undefined ? {} : { skill: skill.id }),
            ...(values === undefined ? {} : values),
            ...(asked === null ? {} : { asked }),
          },
          runId: row.runId,
          key: row.key,
          deadline,
          signal: controller.signal,
        },
        recorder,
      ),
    );
    await end(fresh, outcome, stop, recorder);
    elsewhere?.ended();
  };

  return async (job, isUntouched) => {
    const row = rows.get(job.id);
    if (row === null || row.endedAt !== null) {
      await writer.submit((tx) => {
        parts.outbox.remove(tx, job.id);
      });
      return;
    }
    if (row.cancelRequested !== null && row.startedAt === null) {
      await end(row, { status: 'cancelled', artifacts: [], cancelConfirmed: true }, 'cancel', null);
      return;
    }
    let target: Target;
    let adapter: AgentAdapter;
    let prompt = row.prompt;
    const { values } = row.data as StepData;
    try {
      target = targetOf(agents, row);
      adapter = agents.adapter(target.kind);
      if (values !== undefined) {
        const rendered = renderPrompt(row.prompt, values);
        if (!rendered.ok)
          throw new MeshError(
            'invalid_input',
            `the prompt refers to ${rendered.missing.join(', ')}, which is not there`,
          );
        prompt = rendered.text;
      }
      if (prompt.length > LIMITS.promptBytes) throw new MeshError('invalid_input', 'the prompt is too long');
    } catch (error) {
      await end(row, failed(error), null, null);
      return;
    }
    const elsewhere = parts.remote?.performer(row.runId, target, row.startedAt === null) ?? null;
    const work = (): Promise<void> => call(row, isUntouched, { target, adapter, prompt, elsewhere });
    await (elsewhere === null ? parts.places.within(work) : work());
  };
};
