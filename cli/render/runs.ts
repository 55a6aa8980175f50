// Team runs and calls in words: rows for lists, the page of one run, the account of a failure.
import type { FailureView, View } from '#api/contract/view';
import type { Invocation, RootCause, TeamRun, TeamRunSummary } from '#machines/nouns/run';
import { pendingLines } from './approvals.ts';
import { escapeLine, escapeText } from './escape.ts';
import { paintState, type Style } from './style.ts';
import { table, type Column } from './table.ts';
import { ago, between, duration } from './time.ts';

/** One row of `runs list`: a team run, or a plain call. */
export interface RunRow {
  readonly id: string;
  readonly what: string;
  readonly status: string;
  readonly step: string | null;
  readonly done: string;
  readonly created_at: string;
  readonly ended_at: string | null;
  /** How many approvals of it wait for a person. */
  readonly waiting: number;
}

export const teamRow = (run: TeamRunSummary): RunRow => ({
  id: run.team_run_id,
  what: run.team,
  status: run.status,
  step: run.step,
  done: `${run.steps_done}/${run.steps_total}`,
  created_at: run.created_at,
  ended_at: run.ended_at,
  waiting: run.pending_approvals.length,
});

export const callRow = (call: Invocation): RunRow => ({
  id: call.run_id,
  what: call.from === null ? call.agent : `${call.from} → ${call.agent}`,
  status: call.state,
  step: call.step,
  done: '',
  created_at: call.created_at,
  ended_at: call.ended_at,
  waiting: call.pending_approvals.length,
});

const took = (from: string, to: string | null): string =>
  duration(between(from, to ?? new Date().toISOString()));

/** Lines of `runs list`. */
export const runLines = (rows: readonly RunRow[], width: number, style: Style): readonly string[] => {
  const columns: readonly Column<RunRow>[] = [
    { head: 'ID', of: (row) => row.id },
    {
      head: 'STATUS',
      of: (row) => (row.waiting === 0 ? row.status : `${row.status}, waits for you`),
      paint: (row) => (text) =>
        text
          .replace(row.status, paintState(style, row.status))
          .replace('waits for you', style.warn('waits for you')),
    },
    { head: 'WHAT', of: (row) => row.what, gives: true },
    { head: 'STEP', of: (row) => row.step ?? '', gives: true, optional: true },
    { head: 'DONE', of: (row) => row.done, optional: true },
    { head: 'STARTED', of: (row) => ago(row.created_at), optional: true },
    { head: 'TOOK', of: (row) => took(row.created_at, row.ended_at), optional: true },
  ];
  return table(rows, columns, width, style.dim);
};

/** The account of a failure: where, why, what next. */
export const failureLines = (failure: RootCause | FailureView, style: Style): readonly string[] => {
  const flat =
    'error' in failure ? { ...failure.error, ...failure, cause: failure.error.cause ?? null } : failure;
  const runId = 'run_id' in failure ? failure.run_id : failure.runId;
  const eventId = 'event_id' in failure ? failure.event_id : failure.eventId;
  const where = [
    failure.step === null ? '' : `step ${failure.step}`,
    failure.attempt === null ? '' : `attempt ${failure.attempt}`,
    eventId === null ? '' : `event ${eventId}`,
  ];
  const row = (name: string, text: string): string => `  ${style.dim(name.padEnd(6))} ${text}`;
  const place = where.filter((part) => part !== '').join(', ');
  return [
    flat.code === 'cancelled' ? style.warn('cancelled') : style.bad('failed'),
    ...(place === '' ? [] : [row('where', place)]),
    row(
      'why',
      `${escapeText(flat.message).trim().replaceAll('\n', '\n         ')} ${style.dim(`(${escapeLine(flat.code)})`)}`,
    ),
    ...(flat.cause === null || flat.cause === ''
      ? []
      : [row('cause', escapeText(flat.cause).trim().replaceAll('\n', '\n         '))]),
    ...(failure.next === '' ? [] : [row('next', escapeText(failure.next))]),
    ...(runId === null || failure.next.includes(runId) ? [] : [row('trace', `agentmesh trace ${runId}`)]),
  ];
};

interface StepRow {
  readonly step: string;
  readonly role: string;
  readonly agent: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly took: string;
}

const stepColumns = (style: Style): readonly Column<StepRow>[] => [
  { head: 'STEP', of: (row) => row.step },
  {
    head: 'STATE',
    of: (row) => row.state,
    paint: (row) => (text) => text.replace(row.state, paintState(style, row.state)),
  },
  { head: 'ROLE', of: (row) => row.role, gives: true, optional: true },
  { head: 'AGENT', of: (row) => row.agent ?? '', gives: true },
  { head: 'ATTEMPTS', of: (row) => String(row.attempts), optional: true },
  { head: 'TOOK', of: (row) => row.took, optional: true },
];

/** The page of one team run. */
export const teamRunLines = (run: TeamRun, width: number, style: Style): readonly string[] => {
  const steps = run.steps.map((step): StepRow => {
    const begun = step.attempts.map((attempt) => attempt.started_at ?? attempt.created_at)[0];
    const last = step.attempts.at(-1);
    return {
      step: step.id,
      role: step.role,
      agent: step.agent,
      state: step.state,
      attempts: step.attempts.length,
      took: begun === undefined || last === undefined ? '' : took(begun, last.ended_at),
    };
  });
  // What was cancelled did not fail, and the account of the run’s failure stands below by itself.
  const failedAttempts = run.steps.flatMap((step) =>
    step.attempts
      .filter(
        ({ error, run_id }) => error !== null && error.code !== 'cancelled' && run_id !== run.failure?.run_id,
      )
      .map(
        (attempt) =>
          `  ${style.name(`${step.id}#${attempt.attempt ?? 1}`)} ${escapeLine(attempt.error?.message ?? '')} ${style.dim(`(${escapeLine(attempt.error?.code ?? '')}, run ${attempt.run_id})`)}`,
      ),
  );
  const twice = run.steps.flatMap((step) => step.attempts.filter((attempt) => attempt.may_have_run_twice));
  const inputs = Object.entries(run.inputs).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const commit = run.template.commit === null ? '' : ` at ${run.template.commit.slice(0, 12)}`;
  return [
    `${style.bold(run.team)}  ${paintState(style, run.status)}  ${run.steps_done}/${run.steps_total} steps, ${took(run.created_at, run.ended_at)}`,
    `  ${style.dim('id')}       ${run.team_run_id}`,
    `  ${style.dim('template')} ${escapeLine(run.template.origin)}${commit} (${run.template.hash.slice(0, 12)})`,
    ...(inputs.length === 0 ? [] : [`  ${style.dim('inputs')}   ${escapeLine(inputs.join(' '))}`]),
    ...(run.enabled.length === 0 ? [] : [`  ${style.dim('takes')}    ${run.enabled.join(', ')}`]),
    ...pendingLines(run.pending_approvals, style),
    ...(run.cancel_confirmed === false ? [style.warn('  the agent never confirmed the cancel')] : []),
    '',
    ...table(steps, stepColumns(style), width, style.dim),
    ...(failedAttempts.length === 0 ? [] : ['', 'attempts that failed', ...failedAttempts]),
    ...twice.map((attempt) => style.warn(`may have run twice: ${attempt.run_id}`)),
    ...(run.failure === null ? [] : ['', ...failureLines(run.failure, style)]),
  ];
};

/** The page of one call. */
export const callLines = (call: Invocation, style: Style): readonly string[] => {
  const row = (name: string, text: string): string => `  ${style.dim(name.padEnd(8))} ${escapeLine(text)}`;
  return [
    `${style.bold(escapeLine(call.agent))}  ${paintState(style, call.state)}  ${took(call.created_at, call.ended_at)}`,
    row('id', call.run_id),
    ...(call.from === null ? [] : [row('from', call.from)]),
    ...(call.task_id === null ? [] : [row('task', call.task_id)]),
    ...(call.team_run_id === null ? [] : [row('team run', `${call.team_run_id} step ${call.step ?? ''}`)]),
    ...pendingLines(call.pending_approvals, style),
    ...(call.may_have_run_twice ? [style.warn('  it may have run twice')] : []),
    ...(call.cancel_confirmed === false ? [style.warn('  the agent never confirmed the cancel')] : []),
    ...(call.error === null
      ? []
      : failureLines(
          {
            step: call.step,
            attempt: call.attempt,
            run_id: call.run_id,
            event_id: null,
            error: call.error,
            next: '',
          },
          style,
        )),
  ];
};

/** What was asked or answered, whole, under its name. */
export const wordsLines = (name: string, words: string | null, style: Style): readonly string[] =>
  words === null || words === ''
    ? []
    : [
        '',
        style.dim(name),
        ...escapeText(words)
          .trimEnd()
          .split('\n')
          .map((line) => `  ${line}`),
      ];

/** One line that says how a view ended, for the end of a follow. */
export const endLine = (view: View, style: Style): string => {
  const time =
    view.startedAt === null || view.endedAt === null ? '' : ` after ${took(view.startedAt, view.endedAt)}`;
  return `${paintState(style, view.status ?? 'unknown')}${time}`;
};
