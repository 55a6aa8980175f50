// A team run as others see it: status, steps with their attempts and outputs, and for a failure its root cause.
import { ERRORS, type Failure, isErrorCode } from '#machines/nouns/error';
import type { EventPayload, EventV1 } from '#machines/nouns/event';
import {
  BLOCKED,
  ENDED_OUTSIDE,
  type RootCause,
  type StepView,
  type TeamRun,
  type TeamRunStatus,
  type TeamRunSummary,
} from '#machines/nouns/run';
import { isWorkStep } from '#machines/nouns/team';
import type { RunContext, StepMemory } from '#machines/team-run/context';
import { stepState } from '#machines/team-run/step-state';
import { enabledEvents, isDone, restore, type RunSnapshot } from '#machines/team-run/host';
import type { ApprovalRows } from '../approvals/rows.ts';
import { toInvocation } from '../invocations/invocation-row.ts';
import type { InvocationRows } from '../invocations/rows.ts';
import type { LibraryEntry, MachineLibrary } from './machine-library.ts';
import { askedByOf } from './origin.ts';
import type { TeamRunRow, TeamRunRows } from './rows.ts';

export interface DescribeParts {
  readonly rows: TeamRunRows;
  readonly library: MachineLibrary;
  readonly invocationRows: Pick<InvocationRows, 'ofTeamRun' | 'byKey'>;
  readonly approvalRows: Pick<ApprovalRows, 'pendingOfRun' | 'pendingOfTeamRun'>;
  /** The last error event of the run itself. */
  readonly ownError: (teamRunId: string) => RootCause | null;
  readonly locateFailure: (key: string) => { runId: string; eventId: string | null } | null;
}

interface Opened {
  readonly row: TeamRunRow;
  readonly entry: LibraryEntry | null;
  readonly snapshot: RunSnapshot | null;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** What to do about a failure, in one line. */
const nextThing = (error: Failure, runId: string | null): string => {
  const remedy = isErrorCode(error.code)
    ? ERRORS[error.code].remedy
    : 'Read what the agent said in the trace.';
  return runId === null ? remedy : `${remedy} The trace: agentmesh trace ${runId}`;
};

/** Of a run whose machine no longer fits, its own row tells what it remembered. */
const contextOf = (row: TeamRunRow, snapshot: RunSnapshot | null): RunContext =>
  snapshot?.context ?? (JSON.parse(row.snapshot) as { context: RunContext }).context;

const rootCause = (row: TeamRunRow, snapshot: RunSnapshot | null, parts: DescribeParts): RootCause | null => {
  if (row.blocked !== null) {
    const error = JSON.parse(row.blocked) as Failure;
    return { step: null, attempt: null, run_id: null, event_id: null, error, next: nextThing(error, null) };
  }
  const failure = contextOf(row, snapshot).failure;
  // A machine that threw could not say so itself: the run's own error event does.
  if (failure === null) return row.status === ENDED_OUTSIDE.threw ? parts.ownError(row.id) : null;
  const place = failure.key === null ? null : parts.locateFailure(failure.key);
  return {
    step: failure.step,
    attempt: failure.attempt,
    run_id: place?.runId ?? null,
    event_id: place?.eventId ?? null,
    error: failure.error,
    next: nextThing(failure.error, place?.runId ?? null),
  };
};

/** An error event of a run as its root cause. */
export const causeOfEvent = (event: EventV1): RootCause => {
  const { code, message } = event.payload as EventPayload<'error'>;
  const error: Failure = { code, message, retryable: false };
  return {
    step: event.step,
    attempt: null,
    run_id: event.run_id,
    event_id: event.id,
    error,
    next: nextThing(error, event.run_id),
  };
};

export interface Describe {
  summary(row: TeamRunRow): TeamRunSummary;
  whole(row: TeamRunRow): TeamRun;
  /** The agents that the steps of a run were given to, newest attempt first. */
  agents(teamRunId: string): Record<string, string>;
}

/** Wires the description of runs. */
export const createDescribe = (parts: DescribeParts): Describe => {
  const { rows, library, invocationRows, approvalRows } = parts;

  const open = (row: TeamRunRow): Opened => {
    if (row.blocked !== null) return { row, entry: null, snapshot: null };
    let entry: LibraryEntry;
    try {
      entry = library.get(row.template_hash);
    } catch {
      // Nobody checks a run that has ended: this version may not read its template. Its row and memory still tell.
      return { row, entry: null, snapshot: null };
    }
    const restored = restore(entry.hosted, row.snapshot);
    return { row, entry, snapshot: restored.ok ? restored.snapshot : null };
  };

  const memories = ({ row, snapshot }: Opened): Readonly<Record<string, StepMemory>> =>
    contextOf(row, snapshot).steps;

  const templateName = (opened: Opened): string =>
    opened.entry?.template.name ?? rows.pinned(opened.row.template_hash)?.name ?? '';

  const summarize = (opened: Opened): TeamRunSummary => {
    const { row, snapshot } = opened;
    const steps = Object.entries(memories(opened));
    const current =
      snapshot?.context.failure?.step ??
      steps.find(([, memory]) => memory.execution > 0 && memory.output === null)?.[0] ??
      null;
    return {
      team_run_id: row.id,
      team: templateName(opened),
      status: (row.blocked === null || row.ended_at !== null ? row.status : BLOCKED) as TeamRunStatus,
      step: current,
      template: {
        name: templateName(opened),
        hash: row.template_hash,
        compiler_version: row.compiler_version,
        origin: row.origin,
        commit: row.commit_id,
      },
      inputs: JSON.parse(row.inputs) as Record<string, unknown>,
      asked_by: askedByOf(row),
      created_at: iso(row.created_at),
      updated_at: iso(row.updated_at),
      ended_at: row.ended_at === null ? null : iso(row.ended_at),
      steps_done: steps.filter(([, memory]) => memory.output !== null).length,
      steps_total: steps.length,
      pending_approvals: row.ended_at === null ? approvalRows.pendingOfTeamRun(row.id) : [],
    };
  };

  const stepViews = (opened: Opened): StepView[] => {
    const { row, entry, snapshot } = opened;
    const attempts = invocationRows.ofTeamRun(row.id);
    const hasOutput = Object.values(memories(opened)).some(({ output }) => output !== null);
    const outputs = hasOutput ? rows.outputs(row.id) : {};
    const roles = new Map(entry?.template.steps.filter(isWorkStep).map((step) => [step.id, step.role]));
    return Object.entries(memories(opened)).map(([id, memory]) => {
      const own = attempts.filter(({ step }) => step === id);
      return {
        id,
        role: roles.get(id) ?? '',
        agent: own.at(-1)?.agent ?? null,
        state: stepState(id, memory, snapshot?.context ?? null),
        attempts: own.map((attempt) => toInvocation(attempt, approvalRows)),
        retries_left: memory.retriesLeft,
        output: outputs[id] ?? null,
      };
    });
  };

  return {
    summary: (row) => summarize(open(row)),
    whole: (row) => {
      const opened = open(row);
      const { snapshot } = opened;
      return {
        ...summarize(opened),
        steps: stepViews(opened),
        failure: rootCause(row, snapshot, parts),
        enabled:
          row.ended_at !== null
            ? []
            : snapshot === null
              ? ['cancel']
              : isDone(snapshot)
                ? []
                : enabledEvents(snapshot).filter((event) => event !== 'run'),
        cancel_confirmed: snapshot?.context.cancel?.confirmed ?? null,
      };
    },
    agents: (teamRunId) =>
      Object.fromEntries(
        invocationRows
          .ofTeamRun(teamRunId)
          .flatMap(({ step, agent }) => (step === null ? [] : [[step, agent]])),
      ),
  };
};
