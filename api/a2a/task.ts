// A team run as an A2A task: its state, what it says, what was said about it, and its artifacts. A2A 1.0, section 4.1.
import { Role, TaskState, type Message, type Part, type Task, type TaskStatus } from '@a2a-js/sdk';
import type { Engine, Said, StepAnswer } from '#engine/index';
import type { Approval } from '#machines/nouns/approval';
import {
  isTerminalTeamRun,
  type TeamRun,
  type TeamRunStatus,
  type TeamRunSummary,
} from '#machines/nouns/run';
import { answerParts, artifactsOf, isSaidByArtifact } from './artifacts.ts';
import { partOf, textPart } from './parts.ts';
import { isForAsker, isWaiting, waitsOf, wordsOf } from './waiting.ts';

const STATES: Readonly<Record<TeamRunStatus, TaskState>> = {
  pending: TaskState.TASK_STATE_SUBMITTED,
  running: TaskState.TASK_STATE_WORKING,
  retrying: TaskState.TASK_STATE_WORKING,
  // Nobody is asked anything by a pause, and a blocked run may go on with another version.
  paused: TaskState.TASK_STATE_WORKING,
  blocked: TaskState.TASK_STATE_WORKING,
  cancelling: TaskState.TASK_STATE_WORKING,
  waiting_approval: TaskState.TASK_STATE_AUTH_REQUIRED,
  completed: TaskState.TASK_STATE_COMPLETED,
  failed: TaskState.TASK_STATE_FAILED,
  cancelled: TaskState.TASK_STATE_CANCELED,
};

/** The A2A state of a run that waits for `waits`. */
export const taskState = (run: Pick<TeamRunSummary, 'status'>, waits: readonly Approval[]): TaskState =>
  waits.length === 0
    ? STATES[run.status]
    : waits.every(isForAsker)
      ? TaskState.TASK_STATE_INPUT_REQUIRED
      : TaskState.TASK_STATE_AUTH_REQUIRED;

/** Whether a blocking call returns here: the end, or a wait for somebody. */
export const isSettled = (run: TeamRun): boolean => isTerminalTeamRun(run.status) || isWaiting(run);

const contextIdOf = (run: TeamRun): string => run.asked_by?.context_id ?? run.team_run_id;

const message = (
  run: TeamRun,
  said: Pick<Message, 'messageId' | 'role' | 'parts' | 'metadata'> & { readonly referenceTaskIds?: string[] },
): Message => ({
  contextId: contextIdOf(run),
  taskId: run.team_run_id,
  extensions: [],
  referenceTaskIds: [],
  ...said,
});

/** A message of the mesh about a task. */
export const say = (run: TeamRun, id: string, text: string, metadata?: Message['metadata']): Message =>
  message(run, {
    messageId: `${run.team_run_id}/${id}`,
    role: Role.ROLE_AGENT,
    parts: text === '' ? [] : [textPart(text)],
    metadata,
  });

const WAITS_FOR_PEOPLE = 'A person of the mesh decides: agentmesh approvals';

const statusWords = (run: TeamRun): string => {
  const { failure } = run;
  if (run.status === 'failed' && failure !== null)
    return `${failure.step === null ? '' : `step ${failure.step}: `}${failure.error.message}. ${failure.next}`;
  const where = run.step === null ? '' : `, step ${run.step}`;
  return isTerminalTeamRun(run.status) ? '' : `${run.status}${where}`;
};

/** What its last step said besides its artifacts: the last word of a team. */
const lastWord = (answers: readonly StepAnswer[]): string => {
  const last = answers.at(-1);
  return last === undefined || isSaidByArtifact(last) ? '' : last.text;
};

/** The status of a run now; `answers` are needed where it has ended well. */
export const statusOf = (
  run: TeamRun,
  waits: readonly Approval[],
  answers: readonly StepAnswer[] = [],
): TaskStatus => {
  const [first] = waits;
  const asked = waits.find((wait) => !isForAsker(wait)) ?? first;
  const timestamp = first?.requested_at ?? run.updated_at;
  const status = { state: taskState(run, waits), timestamp };
  if (asked !== undefined) {
    const words = isForAsker(asked)
      ? wordsOf(asked)
      : `${asked.agent} asks: ${asked.title}. ${WAITS_FOR_PEOPLE}`;
    return { ...status, message: say(run, `asks-${asked.approval_id}`, words) };
  }
  const words = run.status === 'completed' ? lastWord(answers) : statusWords(run);
  return {
    ...status,
    message: words === '' ? undefined : say(run, `status-${run.updated_at}`, words),
  };
};

const historyMessage = (run: TeamRun, said: Said): Message => {
  switch (said.by) {
    case 'asker':
      return message(run, {
        messageId: said.messageId ?? `${run.team_run_id}/asked`,
        role: Role.ROLE_USER,
        parts: said.message.parts.map(partOf),
        metadata: Object.keys(said.message.metadata).length === 0 ? undefined : { ...said.message.metadata },
        referenceTaskIds: [...said.message.reference_task_ids],
      });
    case 'agent':
      return say(run, `asks-${said.approvalId}`, said.text);
    case 'person':
      return message(run, {
        messageId: said.messageId ?? `${run.team_run_id}/answers-${said.approvalId}`,
        role: Role.ROLE_USER,
        parts: [textPart(said.text)],
        metadata: undefined,
      });
  }
};

/** How much of a task is wanted. */
export interface Wanted {
  readonly artifacts: boolean;
  /** Messages of its history, the latest; all when absent, none for 0 (A2A 1.0, section 3.2.4). */
  readonly historyLength?: number | undefined;
}

/** The history of a run as it is wanted. What the status says just now is the status's own. */
const historyOf = (engine: Engine, run: TeamRun, waits: readonly Approval[], length?: number): Message[] => {
  if (length === 0) return [];
  const open = new Set(waits.map(({ approval_id: id }) => id));
  const said = engine.teamRuns
    .exchange(run.team_run_id)
    .filter((each) => each.by !== 'agent' || !open.has(each.approvalId))
    .map((each) => historyMessage(run, each));
  return length === undefined ? said : said.slice(-length);
};

/** The task of a run. */
export const taskOf = (engine: Engine, run: TeamRun, { artifacts, historyLength }: Wanted): Task => {
  const waits = waitsOf(engine, run);
  // Without artifacts the last step's word is all that is read.
  const unread = artifacts ? [] : run.steps.slice(0, run.status === 'completed' ? -1 : undefined);
  const answers = engine.teamRuns.answers(run.team_run_id, new Set(unread.map(({ id }) => id)));
  return {
    id: run.team_run_id,
    contextId: contextIdOf(run),
    status: statusOf(run, waits, answers),
    artifacts: artifacts ? answers.flatMap(artifactsOf) : [],
    history: historyOf(engine, run, waits, historyLength),
    metadata: { skill: run.team },
  };
};

/** Which task an update is about. */
export const taskIds = (run: TeamRun): { readonly taskId: string; readonly contextId: string } => ({
  taskId: run.team_run_id,
  contextId: contextIdOf(run),
});

/**
 * The message that a run comes to instead of a task: its only step was answered at once by an agent that keeps no task
 * (A2A 1.0, section 3.1.1). Null for every other run. It names the run, whose trace and task are there all the same.
 */
export const directAnswer = (engine: Engine, run: TeamRun): Message | null => {
  if (run.status !== 'completed' || run.steps.length !== 1) return null;
  const [answer] = engine.teamRuns.answers(run.team_run_id);
  if (answer?.isDirect !== true) return null;
  const parts: Part[] = answerParts(answer);
  return {
    ...message(run, {
      messageId: `${run.team_run_id}/answer`,
      role: Role.ROLE_AGENT,
      parts,
      metadata: { skill: run.team, team_run_id: run.team_run_id },
    }),
    taskId: '',
  };
};
