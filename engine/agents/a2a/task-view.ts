// What we know of one task: takes updates and snapshots in any mix, reports each fact once, and gives the outcome.
import {
  Role,
  TaskState,
  type Message,
  type StreamResponse,
  type TaskArtifactUpdateEvent,
  type Task,
  type TaskStatus,
} from '@a2a-js/sdk';
import { failure, type Failure } from '#machines/nouns/error';
import type { AdapterEvent, Outcome, Sink } from '../adapter.ts';
import { Artifacts, asArtifact, dataOf, textOf } from './artifacts.ts';
import { ENDS, keyOf, STATE_WORDS, waitingOf, WAITS, type Waiting } from './states.ts';
import { appends, goesOn } from './dialect.ts';
import { CUT_OFF, isCutOff, isTextPiece, readCall, type PendingCall } from './gemini.ts';
import { outcomeOf } from './outcome.ts';
import { answerIn, claimedFailure, saidOf } from './said.ts';
import { Tools } from './tools.ts';
import { readTrace } from './trace-extension.ts';

/** Metadata of what may have been recorded before. */
const REPLAYED = { replayed: true } as const;

export class TaskView {
  readonly #sink: Sink;
  readonly #artifacts: Artifacts;
  readonly #seen = new Set<string>();
  readonly #calls = new Map<string, PendingCall>();
  readonly #tools = new Tools();
  #contextId: string;
  #taskId: string | null;
  #state: TaskState | null = null;
  #end: Outcome['status'] | null = null;
  #waiting: Waiting | null = null;
  /** Key of the question that was answered last: what repeats it asks nothing new. */
  #answered: string | null = null;
  #finalText: string | null = null;
  /** Pieces of a text that goes on. */
  #running = '';
  #lastMessage: string | null = null;
  #claimed: Failure | null = null;
  /** While the task is told from its beginning, to whoever may know a part of it. */
  #isRetelling = false;
  #isDirect = false;

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

  /** The context as the agent calls it; ours until it says one. */
  get contextId(): string {
    return this.#contextId;
  }

  get hasEnded(): boolean {
    return this.#end !== null;
  }

  /** What the agent waits for; null while it works and when it has ended. */
  get waiting(): Waiting | null {
    return this.#end === null ? this.#waiting : null;
  }

  /** Whether the agent does nothing more by itself: it has ended, or waits. */
  get rests(): boolean {
    return this.#end !== null || this.#waiting !== null;
  }

  /** Whether it has said something in this turn that can be its answer. */
  get hasAnswer(): boolean {
    return (this.#finalText ?? this.#fallbackText() ?? '') !== '';
  }

  /** Takes one item of a stream. */
  async take({ payload }: StreamResponse): Promise<void> {
    switch (payload?.$case) {
      case 'task':
        return this.snapshot(payload.value);
      case 'message':
        return this.#answer(payload.value);
      case 'statusUpdate':
        await this.#save(payload.value);
        return this.#status(payload.value.status, payload.value.metadata);
      case 'artifactUpdate':
        await this.#save(payload.value);
        return this.#artifact(payload.value);
      case undefined:
        return undefined;
    }
  }

  /**
   * Takes a task as the agent holds it now. What was not seen yet is reported; with `isReplay` (after a restart of
   * ours) all of it, marked as `replayed`: the recorder knows what stands in the log.
   */
  async snapshot(task: Task, isReplay = false): Promise<void> {
    await this.#save({ taskId: task.id, contextId: task.contextId });
    this.#isRetelling = isReplay;
    try {
      await this.#whole(task);
    } finally {
      this.#isRetelling = false;
    }
  }

  async #whole(task: Task): Promise<void> {
    const { status } = task;
    const said = saidOf(task);
    const answer = answerIn(task, said);
    if (this.#isRetelling) {
      // It may be that nobody has heard that the agent has it.
      await this.#enter(TaskState.TASK_STATE_SUBMITTED);
      if (said.some((message) => message !== answer)) await this.#enter(TaskState.TASK_STATE_WORKING);
    }
    for (const message of said) {
      if (message === answer && !this.#seen.has(message.messageId)) {
        this.#seen.add(message.messageId);
        this.#lastMessage = textOf(message.parts);
      } else await this.#message(message, undefined);
    }
    await this.#artifacts.replace(this.#tools.withoutOutputs(task), this.#isRetelling ? REPLAYED : {});
    await this.#status(status, undefined);
  }

  /** The question is answered, or was answered elsewhere: what follows is the next turn. */
  goOn(): void {
    this.#answered = this.#waiting?.key ?? null;
    this.#waiting = null;
    this.#finalText = null;
    this.#lastMessage = null;
    this.#running = '';
    this.#claimed = null;
    this.#calls.clear();
  }

  /** It was refused what it asked for, and waits without another question. */
  leave(): void {
    this.#claimed = failure('agent_needs_input', 'It was refused what it asked for, and did not go on');
  }

  /** What it waits for is no question: the turn is its end. */
  settle(): void {
    this.#end = 'completed';
  }

  /** Reports what is left; call it once, when nothing more will be taken. */
  async finish(): Promise<void> {
    await this.#artifacts.finish();
  }

  /** How the task ended; call it after `finish`. One that still waits has asked in vain. */
  outcome(): Outcome {
    return outcomeOf({
      status: this.#end ?? (this.#waiting === null ? 'failed' : 'input-required'),
      text: this.#finalText ?? this.#fallbackText(),
      artifacts: this.#artifacts.outcome(),
      claimed: this.#claimed,
      isDirect: this.#isDirect,
    });
  }

  #fallbackText(): string | null {
    // A text that came in pieces is the answer; artifacts beside it are what it made or used.
    if (this.#running !== '') return this.#running;
    const artifacts = this.#artifacts.text();
    return artifacts === '' ? this.#lastMessage : artifacts;
  }

  async #save({ taskId, contextId }: { taskId: string; contextId: string }): Promise<void> {
    if (contextId !== '') this.#contextId = contextId;
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
    this.#isDirect = taskId === null && this.#taskId === null;
    this.#end = 'completed';
  }

  async #status(status: TaskStatus | undefined, metadata: unknown): Promise<void> {
    if (status === undefined || this.#end !== null) return;
    // While it waits, only its end is news: that it goes on is found by looking at it again.
    if (this.#waiting !== null && !ENDS.has(status.state)) return;
    const isGoingOn = WAITS.has(status.state) && goesOn(metadata);
    const waits = isGoingOn ? undefined : WAITS.get(status.state);
    if (waits !== undefined && keyOf(status) === this.#answered) return;
    const end = ENDS.get(status.state) ?? null;
    if (!isGoingOn) await this.#enter(status.state);
    const { message } = status;
    const text = message === undefined ? '' : textOf(message.parts);
    const isCut = waits !== undefined && isCutOff(text);
    if (isCut) this.#claimed = failure('agent_failed', CUT_OFF);
    else if (message === undefined) {
      const trace = readTrace(metadata, undefined);
      if (trace !== null) await this.#trace(trace);
    } else if (end === null && waits === undefined) await this.#message(message, metadata);
    else await this.#last(message, metadata);
    // A turn that broke, and asks nothing, is no question.
    const isBroken = waits !== undefined && (text === '' || isCut) && this.#claimed !== null;
    this.#end = end ?? (isBroken ? 'failed' : null);
    if (waits === undefined || this.#end !== null) return;
    this.#waiting = waitingOf(status, waits, [...this.#calls.values()]);
  }

  async #enter(state: TaskState): Promise<void> {
    const word = STATE_WORDS.get(state);
    if (state !== this.#state && word !== undefined)
      await this.#tell({ kind: 'status', payload: { state: word } });
    this.#state = state;
  }

  async #tell(event: AdapterEvent): Promise<void> {
    await this.#sink.event(this.#isRetelling ? { ...event, metadata: REPLAYED } : event);
  }

  /** The message that comes with the end, or with a question: its text is the answer, the reason, or what is asked. */
  async #last(message: Message, metadata: unknown): Promise<void> {
    const data = dataOf(message.parts);
    const trace = readTrace(message.metadata, data) ?? readTrace(metadata, data);
    this.#noteCall(data);
    if (trace?.kind === 'error') await this.#trace(trace);
    else if (trace === null) await this.#data(message);
    const text = textOf(message.parts);
    if (text !== '') this.#finalText = text;
  }

  /** A message on the way. */
  async #message(message: Message, metadata: unknown): Promise<void> {
    if (message.role === Role.ROLE_USER || (message.messageId !== '' && this.#seen.has(message.messageId)))
      return;
    this.#seen.add(message.messageId);
    const data = dataOf(message.parts);
    this.#noteCall(data);
    const trace = readTrace(message.metadata, data) ?? readTrace(metadata, data);
    const text = textOf(message.parts);
    if (trace !== null) return this.#trace(trace, text);
    if (text === '') return undefined;
    const isPiece = isTextPiece(message.metadata) || isTextPiece(metadata);
    if (isPiece) this.#running += text;
    else this.#lastMessage = text;
    await this.#tell({
      kind: 'message',
      payload: { role: 'agent', text },
      ...(isPiece ? { delta: true } : {}),
    });
  }

  #noteCall(data: unknown): void {
    const call = readCall(data);
    if (call === null) return;
    if (call.pending === null) this.#calls.delete(call.callId);
    else this.#calls.set(call.callId, call.pending);
  }

  /** `words`: the text beside it, which says more of a failure than a code does. */
  async #trace(event: AdapterEvent, words = ''): Promise<void> {
    if (event.kind === 'error') {
      this.#claimed = claimedFailure(event.payload, words);
      return;
    }
    // What was said before a tool was used is not the answer yet.
    if (event.kind === 'tool' && this.#running !== '') {
      this.#lastMessage = this.#running;
      this.#running = '';
    }
    await this.#tell(
      event.kind === 'tool' ? { ...event, payload: this.#tools.identified(event.payload) } : event,
    );
  }

  async #artifact(update: TaskArtifactUpdateEvent): Promise<void> {
    const output = this.#tools.outputIn(update.artifact);
    if (output !== null) return this.#tell({ kind: 'tool', payload: output });
    return this.#artifacts.grow({ ...update, append: appends(update) });
  }

  async #data(message: Message): Promise<void> {
    const update = asArtifact(message);
    if (update !== null) await this.#artifacts.grow(update, this.#isRetelling ? REPLAYED : {});
  }
}
