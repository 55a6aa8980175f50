// One run at a program that talks in JSON lines over its standard streams: begun, attended, and ended with its process group.
import { failure, type Failure } from '#machines/nouns/error';
import type { InvokeRequest, NativeHandle, Outcome, Sink } from '../agents/adapter.ts';
import type { Clock } from '../ports.ts';
import { AgentFault } from './agent-fault.ts';
import { GRACE_MS, howEnded } from './attendance.ts';
import { startGated } from './gate.ts';
import { Held } from './held.ts';
import { endMarked, groupAlive } from './process-group.ts';
import { keyVariable, markedEnvironment, type Program } from './program.ts';
import { Story } from './story.ts';

/** An agent that was asked to stop gets this long to say that it did; then its processes are ended. */
const CONFIRM_MS = 2_000;
/** After the end of a run the program gets this long to go by itself; it may be saving its session. */
const LINGER_MS = 1_000;
/** The same after a cancel, which should be over within two seconds. */
const LINGER_AFTER_STOP_MS = 300;

/** How the agent itself said that the run ended. `text` is the answer where the agent repeats it with the end. */
export interface Ending {
  readonly status: Outcome['status'];
  readonly error?: Failure;
  readonly text?: string;
}

/** What a manner of talking works with. */
export interface Stage {
  readonly clock: Clock;
  readonly request: InvokeRequest;
  readonly sink: Sink;
  readonly story: Story;
  /** Writes one JSON value as a line to the program’s stdin. What a program that has gone does not read is lost. */
  say(value: unknown): void;
  /** Gives the program a text as its whole stdin: nothing can be said after it. */
  sayAll(text: string): void;
  /** Tells that the request has left: before that nothing was asked of the agent. */
  sent(): void;
  /** Saves the agent’s own id of the run, with what finds it again. */
  remember(taskId: string, more: NativeHandle): Promise<void>;
}

/** How one make of agent talks; made anew for each run. */
export interface Manner {
  /** Called once, when the gate is open: says what begins the run. */
  begin(): void;
  /** Takes one JSON value of stdout; the next is read when it is done. Throws AgentFault for what no agent may say. */
  take(value: unknown): Promise<void>;
  /** Asks the agent to end the run. False: it cannot be asked (now), so its processes are ended. */
  cancel(): boolean;
  /** Nothing more comes. `ended` must settle now, with `gone` when the agent never said how the run ended. */
  over(): void;
  /**
   * After a good end: whether the program may serve another run. A promise resolves when it is ready for one, or to false.
   * Absent where a program serves one run only.
   */
  stay?(): Promise<boolean> | false;
  /** The agent’s word about the end. Rejects with AgentFault, or with a fault of ours. */
  readonly ended: Promise<Ending | 'gone'>;
}

const failed = (error: Failure): Outcome => ({ status: 'failed', artifacts: [], error });

const withCause = (error: Failure, tail: string | undefined): Failure =>
  error.cause !== undefined || tail === undefined ? error : { ...error, cause: tail };

/** A program that may serve several runs, one after the other, as its keeper sees it. */
export interface Custody {
  /** What finds it again besides its pid and start time. */
  readonly handle: NativeHandle;
  /** Whether it has served a run before. */
  readonly isUsed: boolean;
  /** Takes it back after a good end; false when it is not wanted any more, and it is ended. */
  keep(manner: Manner): boolean;
}

/**
 * Attends one run at a program in hand. `unanswered`: a program that had served before could not begin another run;
 * nothing was asked of it, and nothing of it runs any more. Rejects with faults of ours; then nothing of it runs either.
 */
export const attendRun = async (
  clock: Clock,
  held: Held,
  request: InvokeRequest,
  sink: Sink,
  mannerOf: (stage: Stage) => Manner,
  custody: Custody | null = null,
): Promise<Outcome | 'unanswered'> => {
  const { signal } = request;
  const story = new Story(sink);
  const native = { pid: held.pid, started: held.started, ...custody?.handle };
  const isUsed = custody?.isUsed === true;
  let wasSent = false;
  let wasStopped = false;
  let isKept = false;
  let stopClock = (): void => undefined;
  const manner = mannerOf({
    clock,
    request,
    sink,
    story,
    say: (value) => {
      held.say(value);
    },
    sayAll: (text) => {
      held.sayAll(text);
    },
    sent() {
      wasSent = true;
      sink.sent();
    },
    remember: (taskId, more) => story.handle({ ...native, ...more }, taskId),
  });
  manner.ended.catch(() => undefined);
  held.listen({
    take: (value) => manner.take(value),
    log: async (texts) => {
      // What a program that served before says until now is about the run before.
      if (isUsed && !wasSent) return;
      for (const text of texts) await story.status(text);
    },
    over: () => {
      manner.over();
    },
  });
  const onAbort = (): void => {
    // What has exited cannot be cancelled any more: its word stands.
    if (held.hasExited) return;
    wasStopped = true;
    if (manner.cancel()) stopClock = clock.after(CONFIRM_MS, () => void held.end());
    else void held.end();
  };
  const outcomeOf = (ending: Ending, said: Pick<Outcome, 'text' | 'artifacts'>): Outcome => {
    const { status, error, text = said.text } = ending;
    return {
      status,
      ...said,
      ...(text === undefined ? {} : { text }),
      ...(error === undefined ? {} : { error: withCause(error, held.tail) }),
      ...(status === 'cancelled' ? { cancelConfirmed: true } : {}),
    };
  };
  try {
    await sink.handle(native, null);
    if (signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: await held.end() };
    signal.addEventListener('abort', onAbort, { once: true });
    const reading = held.open();
    manner.begin();
    // A fault while reading comes up here; the end of stdout alone only makes `ended` settle.
    const ending = await Promise.race([manner.ended, reading.then(() => manner.ended)]);
    stopClock();
    signal.removeEventListener('abort', onAbort);
    if (isUsed && !wasSent && !wasStopped) {
      await held.end();
      return 'unanswered';
    }
    if (custody !== null && ending !== 'gone' && !wasStopped) {
      const said = await story.close();
      isKept = custody.keep(manner);
      if (isKept) return outcomeOf(ending, said);
    }
    const hasLeft = await held.dismiss(wasStopped ? LINGER_AFTER_STOP_MS : LINGER_MS);
    const exit = await reading;
    // Tools in sessions of their own outlive an agent that was stopped; after a good end they are its own business.
    const isClean = (!wasStopped && ending !== 'gone') || (await endMarked(clock, held.variable, GRACE_MS));
    const said = await story.close();
    if (ending !== 'gone') return outcomeOf(ending, said);
    if (wasStopped)
      return { status: 'cancelled', ...said, cancelConfirmed: isClean && !groupAlive(held.pid) };
    const how = hasLeft ? howEnded(exit) : 'closed its output';
    const error = failure('agent_failed', `The program ${how} before it had answered`, held.tail);
    return { status: 'failed', ...said, error };
  } catch (error) {
    await held.end();
    await endMarked(clock, held.variable, GRACE_MS);
    if (!(error instanceof AgentFault)) throw error;
    if (isUsed && !wasSent && !wasStopped) return 'unanswered';
    const said = await story.close();
    return { status: 'failed', ...said, error: withCause(error.failure, held.tail) };
  } finally {
    stopClock();
    signal.removeEventListener('abort', onAbort);
    if (!isKept) held.close();
  }
};

/**
 * Runs one request at a program. Nothing of it runs before its handle is saved, and nothing of it runs when this
 * resolves. A program that cannot be started, says what its protocol does not allow, or goes without a word is a failed
 * outcome; faults of ours (the sink’s) reject.
 */
export const converse = async (
  clock: Clock,
  program: Program,
  request: InvokeRequest,
  sink: Sink,
  mannerOf: (stage: Stage) => Manner,
): Promise<Outcome> => {
  if (request.signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
  const gated = await startGated(program, markedEnvironment(program, request));
  if (!('child' in gated)) return failed(gated);
  const held = new Held(clock, gated, keyVariable(request.key));
  const outcome = await attendRun(clock, held, request, sink, mannerOf);
  // A program that is new answers, or its failure is the outcome.
  if (outcome === 'unanswered') throw new Error('a new program was taken for a used one');
  return outcome;
};
