// What we know of one task: takes updates and snapshots in any mix, reports each fact once, and gives the outcome.
import { Role, TaskState, type Message, type StreamResponse, type Task, type TaskStatus } from '@a2a-js/sdk';
import { failure, isErrorCode, type Failure } from '#machines/nouns/error';
import type { AdapterEvent, Outcome, Sink } from '../adapter.ts';
import { Artifacts, dataOf, textOf } from './artifacts.ts';
import { isTextPiece, readTrace } from './trace-extension.ts';

/** States after which an agent does nothing more by itself. */
const ENDS: ReadonlyMap<TaskState, Outcome['status']> = new Map([
  [TaskState.TASK_STATE_COMPLETED, 'completed'],
  [TaskState.TASK_STATE_FAILED, 'failed'],
  [TaskState.TASK_STATE_CANCELED, 'cancelled'],
  [TaskState.TASK_STATE_REJECTED, 'rejected'],
  [TaskState.TASK_STATE_INPUT_REQUIRED, 'input-required'],
  [TaskState.TASK_STATE_AUTH_REQUIRED, 'failed'],
]);

const STATE_WORDS: ReadonlyMap<TaskState, string> = new Map([
  [TaskState.TASK_STATE_SUBMITTED, 'submitted'],
  [TaskState.TASK_STATE_WORKING, 'working'],
  [TaskState.TASK_STATE_INPUT_REQUIRED, 'input-required'],
  [TaskState.TASK_STATE_AUTH_REQUIRED, 'auth-required'],
]);

/** Codes that an agent may claim for its failure; any other word is its own. */
const CLAIMABLE = ['agent_failed', 'agent_rejected', 'agent_needs_input', 'auth', 'invalid_input'];

export class TaskView {
  readonly #sink: Sink;
  readonly #contextId: string;
  readonly #artifacts: Artifacts;
  readonly #seen = new Set<string>();
  #taskId: string | null;
  #state: TaskState | null = null;
  #end: Outcome['status'] | null = null;
  #finalText: string | null = null;
  /** Pieces of a text that goes on. */
  #running = '';
  #lastMessage: string | null = null;
  #claimed: Failure | null = null;

  /** `taskId` is given when the handle is saved already. */
  constructor(sink: Sink, contextId: string, taskId: string | null = null) {
    this.#sink = sink;
    this.#contextId = contextId;
    this.#taskId = taskId;
    this.#artifacts = new Artifacts(sink);
  }

  get taskId(): string | null {
    return this.#taskId;
  }

  get hasEnded(): boolean {
    return this.#end !== null;
  }

  /** Takes one item of a stream. */
  async take({ payload }: StreamResponse): Promise<void> {
    switch (payload?.$case) {
      case 'task':
        return this.snapshot(payload.value);
      case 'message':
        return this.#answer(payload.value);
      case 'statusUpdate':
        await this.#save(payload.value.taskId);
        return this.#status(payload.value.status, payload.value.metadata);
      case 'artifactUpdate':
        await this.#save(payload.value.taskId);
        return this.#artifacts.grow(payload.value);
      case undefined:
        return undefined;
    }
  }

  /**
   * Takes a task as the agent holds it now. What was not seen yet is reported; with `isReplay` (after a restart of
   * ours) the history counts as seen, because what stood there was reported before.
   */
  async snapshot(task: Task, isReplay = false): Promise<void> {
    await this.#save(task.id);
    const { status } = task;
    const said = task.history.filter(
      ({ role, messageId }) =>
        role === Role.ROLE_AGENT && (messageId === '' || messageId !== status?.message?.messageId),
    );
    const isFinal = status !== undefined && ENDS.has(status.state);
    const answer =
      isFinal && status.message === undefined && task.artifacts.length === 0 ? said.at(-1) : undefined;
    for (const message of said) {
      if (message === answer) this.#lastMessage = textOf(message.parts);
      else if (isReplay) this.#seen.add(message.messageId);
      else await this.#message(message, undefined);
    }
    await this.#artifacts.replace(task.artifacts, isReplay ? { replayed: true } : {});
    await this.#status(status, undefined);
  }

  /** Reports what is left; call it once, when nothing more will be taken. */
  async finish(): Promise<void> {
    await this.#artifacts.finish();
  }

  /** How the task ended; call it after `finish`. */
  outcome(): Outcome {
    const status = this.#end ?? 'failed';
    const text = this.#finalText ?? this.#fallbackText();
    const said = { ...(text === null ? {} : { text }), artifacts: this.#artifacts.outcome() };
    switch (status) {
      case 'completed':
        return { status, ...said };
      case 'cancelled':
        return { status, ...said, cancelConfirmed: true };
      case 'input-required':
        return { status, ...said, error: failure('agent_needs_input', text ?? undefined) };
      case 'rejected':
        return { status, ...said, error: this.#claimed ?? failure('agent_rejected', text ?? undefined) };
      case 'failed': {
        const code = this.#state === TaskState.TASK_STATE_AUTH_REQUIRED ? 'auth' : 'agent_failed';
        return { status, ...said, error: this.#claimed ?? failure(code, text ?? undefined) };
      }
    }
  }

  #fallbackText(): string | null {
    const artifacts = this.#artifacts.text();
    if (artifacts !== '') return artifacts;
    return this.#running === '' ? this.#lastMessage : this.#running;
  }

  async #save(taskId: string): Promise<void> {
    if (this.#taskId !== null || taskId === '') return;
    await this.#sink.handle({ taskId, contextId: this.#contextId }, taskId);
    this.#taskId = taskId;
  }

  /** A direct answer without a task. */
  async #answer(message: Message): Promise<void> {
    const taskId = message.taskId === '' ? null : message.taskId;
    if (this.#taskId === null) {
      await this.#sink.handle({ taskId, contextId: this.#contextId }, taskId);
    }
    await this.#data(message);
    this.#finalText = textOf(message.parts);
    this.#end = 'completed';
  }

  async #status(status: TaskStatus | undefined, metadata: unknown): Promise<void> {
    if (status === undefined || this.#end !== null) return;
    const end = ENDS.get(status.state) ?? null;
    const word = STATE_WORDS.get(status.state);
    if (status.state !== this.#state && word !== undefined) {
      await this.#sink.event({ kind: 'status', payload: { state: word } });
    }
    this.#state = status.state;
    if (status.message === undefined) {
      const trace = readTrace(metadata, undefined);
      if (trace !== null) await this.#trace(trace);
    } else if (end === null) await this.#message(status.message, metadata);
    else await this.#last(status.message, metadata);
    this.#end = end;
  }

  /** The message that comes with the end: its text is the answer, or the reason. */
  async #last(message: Message, metadata: unknown): Promise<void> {
    const trace = readTrace(message.metadata, undefined) ?? readTrace(metadata, undefined);
    if (trace?.kind === 'error') await this.#trace(trace);
    await this.#data(message);
    const text = textOf(message.parts);
    if (text !== '') this.#finalText = text;
  }

  /** A message on the way. */
  async #message(message: Message, metadata: unknown): Promise<void> {
    if (message.role === Role.ROLE_USER || (message.messageId !== '' && this.#seen.has(message.messageId)))
      return;
    this.#seen.add(message.messageId);
    const data = dataOf(message.parts);
    const trace = readTrace(message.metadata, data) ?? readTrace(metadata, data);
    if (trace !== null) return this.#trace(trace);
    const text = textOf(message.parts);
    if (text === '') return undefined;
    const isPiece = isTextPiece(message.metadata) || isTextPiece(metadata);
    if (isPiece) this.#running += text;
    else this.#lastMessage = text;
    await this.#sink.event({
      kind: 'message',
      payload: { role: 'agent', text },
      ...(isPiece ? { delta: true } : {}),
    });
  }

  async #trace(event: AdapterEvent): Promise<void> {
    if (event.kind === 'error') {
      const { code, message, retryable } = event.payload;
      const base =
        isErrorCode(code) && CLAIMABLE.includes(code)
          ? failure(code, message)
          : failure('agent_failed', message, code);
      this.#claimed = retryable === undefined ? base : { ...base, retryable };
    } else await this.#sink.event(event);
  }

  /** Data in a message counts as an artifact without a name. */
  async #data(message: Message): Promise<void> {
    const data = dataOf(message.parts);
    if (data === undefined) return;
    const parts = message.parts.filter(({ content }) => content?.$case !== 'text');
    const artifact = {
      artifactId: message.messageId,
      name: '',
      description: '',
      parts,
      metadata: undefined,
      extensions: [],
    };
    await this.#artifacts.grow({
      taskId: '',
      contextId: '',
      artifact,
      append: false,
      lastChunk: true,
      metadata: undefined,
    });
  }
}
