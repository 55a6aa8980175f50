// A team run as an A2A task: its state, what it says, and the output of each step as an artifact. A2A 1.0, section 4.1.
import {
  Role,
  TaskState,
  type Artifact,
  type Message,
  type Part,
  type Task,
  type TaskStatus,
} from '@a2a-js/sdk';
import { isTerminalTeamRun, type TeamRun, type TeamRunStatus } from '#machines/nouns/run';

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

/** The A2A state of a status. */
export const taskState = (status: TeamRunStatus): TaskState => STATES[status];

/** Whether a blocking call returns here: the end, or a wait for a person. */
export const isSettled = ({ status }: TeamRun): boolean =>
  isTerminalTeamRun(status) || status === 'waiting_approval';

const part = (content: Part['content'], mediaType: string): Part => ({
  content,
  metadata: undefined,
  filename: '',
  mediaType,
});

const textPart = (text: string): Part => part({ $case: 'text', value: text }, 'text/plain');

const contextIdOf = (run: TeamRun): string => run.asked_by?.context_id ?? run.team_run_id;

/** A message of the mesh about a task. */
export const say = (run: TeamRun, id: string, text: string, metadata?: Message['metadata']): Message => ({
  messageId: `${run.team_run_id}/${id}`,
  contextId: contextIdOf(run),
  taskId: run.team_run_id,
  role: Role.ROLE_AGENT,
  parts: text === '' ? [] : [textPart(text)],
  metadata,
  extensions: [],
  referenceTaskIds: [],
});

const wordsOf = (run: TeamRun): string => {
  const { failure } = run;
  if (run.status === 'failed' && failure !== null)
    return `${failure.step === null ? '' : `step ${failure.step}: `}${failure.error.message}. ${failure.next}`;
  const where = run.step === null ? '' : `, step ${run.step}`;
  return isTerminalTeamRun(run.status) ? '' : `${run.status}${where}`;
};

/** The status of a run now. */
export const statusOf = (run: TeamRun): TaskStatus => {
  const words = wordsOf(run);
  return {
    state: taskState(run.status),
    message: words === '' ? undefined : say(run, `status-${run.updated_at}`, words),
    timestamp: run.updated_at,
  };
};

/** The outputs of the steps that have ended well, in the order of the team; {text} alone is text, the rest is data. */
export const artifactsOf = (run: TeamRun): Artifact[] =>
  run.steps.flatMap(({ id, output, role }) => {
    if (output === null) return [];
    const keys = typeof output === 'object' ? Object.keys(output) : [];
    const text = keys.length === 1 ? (output as Record<string, unknown>)['text'] : undefined;
    return [
      {
        artifactId: id,
        name: id,
        description: `Output of step ${id} (${role})`,
        parts: [
          typeof text === 'string'
            ? textPart(text)
            : part({ $case: 'data', value: output }, 'application/json'),
        ],
        metadata: undefined,
        extensions: [],
      },
    ];
  });

/** The task of a run. */
export const taskOf = (run: TeamRun, withArtifacts = true): Task => ({
  id: run.team_run_id,
  contextId: contextIdOf(run),
  status: statusOf(run),
  artifacts: withArtifacts ? artifactsOf(run) : [],
  history: [],
  metadata: { skill: run.team },
});
