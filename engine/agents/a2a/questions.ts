// What an agent waits for in mid-task, put to a person: a question, a yes to a tool, or an authorization that it lacks.
import type { Part, SendMessageRequest } from '@a2a-js/sdk';
import type { ApprovalAnswer, ApprovalAsk, InvokeRequest, Sink } from '../adapter.ts';
import { answerIdOf, dataPart, textPart, toAnswer } from './ask.ts';
import { isTaskNotFound } from './faults.ts';
import type { Following } from './follow.ts';
import type { Settings } from './settings.ts';
import { waitsFor, type Waiting } from './states.ts';
import type { TaskView } from './task-view.ts';
import { pause } from './time.ts';

/** While a person thinks, the task is looked at so often: it may go on by itself, or be answered elsewhere. */
const LOOK_MS = 5_000;
/** Of a question, in the one line that stands for it. */
const TITLE_CHARS = 300;

/** Whether a turn that ended `input-required` is a finished step and no question. A tool that waits for a yes is one. */
export const isFinished = (view: TaskView, { inputRequired }: Settings): boolean => {
  const { waiting } = view;
  if (waiting?.for !== 'input' || waiting.calls.length > 0 || inputRequired === 'ask') return false;
  return inputRequired === 'completed' || (waiting.text === '' && view.hasAnswer);
};

/** Whether it waits and asks nothing at all: no words, no data, no tool. */
export const asksNothing = ({ waiting }: TaskView): boolean =>
  waiting?.for === 'input' && waiting.text === '' && waiting.data === undefined && waiting.calls.length === 0;

const titleOf = (text: string, otherwise: string): string => {
  const [line = ''] = text.trim().split('\n', 1);
  const shown = [...line].slice(0, TITLE_CHARS).join('');
  return shown === '' ? otherwise : shown;
};

/** Addresses in what the agent says: where it wants the person to go. They are shown, never opened by us. */
const addressesIn = (waiting: Waiting): string[] => [
  ...new Set(
    `${waiting.text} ${JSON.stringify(waiting.data ?? null)}`.match(/https?:\/\/[^\s"'<>\\]+/g) ?? [],
  ),
];

type Question = Omit<ApprovalAsk, 'withdrawn'>;

const questionsOf = ({ target }: InvokeRequest, taskId: string, waiting: Waiting): Question[] => {
  const { text, data } = waiting;
  const common = {
    expiresAt: null,
    operation: { agent: target.name, task_id: taskId, text, ...(data === undefined ? {} : { data }) },
  };
  if (waiting.for === 'auth') {
    return [
      {
        ...common,
        nativeId: `${taskId}/${waiting.key}`,
        kind: 'question',
        title: titleOf(text, `${target.name} needs an authorization before it goes on`),
        tool: null,
        operation: { ...common.operation, state: 'auth-required', addresses: addressesIn(waiting) },
      },
    ];
  }
  if (waiting.calls.length > 0) {
    return waiting.calls.map(({ callId, name, operation }) => ({
      ...common,
      nativeId: `${taskId}/${callId}`,
      kind: 'permission',
      title: titleOf(text, `${target.name} wants to use ${name}`),
      tool: name,
      operation,
    }));
  }
  return [
    {
      ...common,
      nativeId: `${taskId}/${waiting.key}`,
      kind: 'question',
      title: titleOf(text, `${target.name} asks for input`),
      tool: null,
      operation: { ...common.operation, state: 'input-required' },
    },
  ];
};

/** What the agent is told. What a person types for an authorization stays here: it may be a secret. */
const told = (waiting: Waiting, answers: readonly ApprovalAnswer[]): Part[] => {
  const [first] = answers;
  const refusal =
    first?.decision === 'deny'
      ? `Denied by a person.${first.reason === null ? '' : ` ${first.reason}`}`
      : 'Nobody answered in time.';
  if (waiting.for === 'auth') {
    return [textPart(first?.decision === 'allow' ? 'The authorization was given. Please go on.' : refusal)];
  }
  if (waiting.calls.length > 0) {
    return waiting.calls.map(({ callId }, at) =>
      dataPart({ callId, outcome: answers[at]?.decision === 'allow' ? 'proceed_once' : 'cancel' }),
    );
  }
  return [textPart(first?.decision === 'allow' ? (first.text ?? 'Yes.') : refusal)];
};

/** Looks at the task now and then; resolves when it does not wait any more, or is gone. */
const untilMoved = async (following: Following, signal: AbortSignal): Promise<void> => {
  const { clock, client, view } = following;
  const id = view.taskId ?? '';
  for (;;) {
    await pause(clock, LOOK_MS, signal);
    if (signal.aborted) return;
    try {
      if (!waitsFor(await client.getTask({ tenant: '', id }, { signal }), view.waiting)) return;
    } catch (error) {
      // Away for a moment: the question stands.
      if (signal.aborted || isTaskNotFound(error)) return;
    }
  }
};

/** What comes after the questions: a message for the agent, a task that went on by itself, or nothing more to ask. */
export type Next =
  { readonly message: SendMessageRequest; readonly isRefusal: boolean } | 'moved' | 'withdrawn';

/**
 * Asks a person everything that the agent waits for, each question once. While it is open the task is watched, and the
 * questions are withdrawn when it goes on without us.
 */
export const askPerson = async (following: Following, request: InvokeRequest, sink: Sink): Promise<Next> => {
  const { view } = following;
  const { waiting, taskId } = view;
  if (waiting === null || taskId === null) return 'withdrawn';
  const over = new AbortController();
  const withdrawn = new AbortController();
  const watching = untilMoved(following, AbortSignal.any([over.signal, request.signal]));
  const moved = watching.then((): 'moved' => 'moved');
  try {
    const answers = Promise.all(
      questionsOf(request, taskId, waiting).map((question) =>
        sink.approval({ ...question, withdrawn: withdrawn.signal }),
      ),
    );
    const first = await Promise.race([answers, moved]);
    if (request.signal.aborted) return 'withdrawn';
    if (first === 'moved') {
      withdrawn.abort();
      await answers;
      return 'moved';
    }
    if (first.some(({ decision }) => decision === 'withdrawn')) return 'withdrawn';
    const messageId = answerIdOf(request.key, `${taskId}/${waiting.key}`);
    return {
      message: toAnswer({ taskId, contextId: view.contextId }, messageId, told(waiting, first)),
      isRefusal: first.every(({ decision }) => decision !== 'allow'),
    };
  } finally {
    over.abort();
    await watching;
  }
};
