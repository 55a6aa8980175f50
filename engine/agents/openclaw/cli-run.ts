// Runs at an OpenClaw by its program alone (`openclaw agent --json`): for machines where no gateway runs.
import { homedir } from 'node:os';
import { LIMITS } from '#machines/nouns/limits';
import { failure, type Failure } from '#machines/nouns/error';
import type { Clock } from '../../ports.ts';
import { AgentFault } from '../../processes/agent-fault.ts';
import { howEnded, pause, type Exit } from '../../processes/attendance.ts';
import { startGated } from '../../processes/gate.ts';
import { endLeftBehind } from '../../processes/left-behind.ts';
import { LogLines } from '../../processes/log-lines.ts';
import { attendOnce } from '../../processes/one-shot.ts';
import { findProgram, markedEnvironment, type Program } from '../../processes/program.ts';
import { Story } from '../../processes/story.ts';
import { inWorkFolder } from '../../processes/work-folder.ts';
import type { InvokeRequest, NativeHandle, Outcome, Reattached, Sink } from '../adapter.ts';
import { isWithoutGateway, isOccupied, notesOf, outcomeOf, parseAnswer, type Answer } from './cli-answer.ts';
import type { Turns } from './cli-turns.ts';
import { literal } from './literal.ts';
import { sessionKeyOf } from './session-key.ts';

/** What every failed command of OpenClaw ends with. */
const LAST_WORDS = /^\[openclaw\] /;
/** `openclaw agent --message-file` reads no more. */
const MESSAGE_BYTES = 4 * 1024 * 1024;
/** OpenClaw ends a run by itself this long after our deadline, should nobody be left to end it. */
const GRACE_SECONDS = 30;
/** While somebody else’s run holds the state folder, it is asked again after this. */
const OCCUPIED_MS = 3_000;

/**
 * OpenClaw reads a prompt from a file, and what Node gives a child as stdin is a socket, which cannot be opened as one: a
 * pipe can. So the prompt is in no file and no list of processes. The shell waits for the end of OpenClaw when all are told
 * to stop, and says how it ended.
 */
const PIPED = ['/bin/sh', '-c', 'trap : TERM; /bin/cat | "$@"', 'agentmesh-pipe'] as const;

export interface CliParts {
  readonly clock: Clock;
  readonly turns: Turns;
}

type Way = 'gateway' | 'local';

interface Said {
  readonly answer: Answer | null;
  readonly exit: Exit;
  readonly tail: string | undefined;
  readonly wasStopped: boolean;
  readonly isGone: boolean;
}

const failed = (error: Failure): Outcome => ({ status: 'failed', artifacts: [], error });
const cancelled = (isConfirmed: boolean): Outcome => ({
  status: 'cancelled',
  artifacts: [],
  cancelConfirmed: isConfirmed,
});

/** Which state folder a program works in: what runs without a gateway wait for. */
const stateOf = ({ env }: Program): string =>
  JSON.stringify([
    env['OPENCLAW_STATE_DIR'] ?? null,
    env['OPENCLAW_CONFIG_PATH'] ?? null,
    env['OPENCLAW_PROFILE'] ?? null,
    env['HOME'] ?? homedir(),
  ]);

/** What OpenClaw said when it was stopped: through a gateway it aborts the run there, and tells when that failed. */
const isAbortConfirmed = (way: Way, { exit, tail = '', isGone }: Said): boolean =>
  isGone && (way === 'local' || (exit.code !== null && !/not confirmed aborted|failed to abort/.test(tail)));

class CliRun {
  readonly #parts: CliParts;
  readonly #request: InvokeRequest;
  readonly #sink: Sink;
  readonly #story: Story;
  readonly #program: Program;
  #isSent = false;

  constructor(parts: CliParts, request: InvokeRequest, sink: Sink, program: Program) {
    this.#parts = parts;
    this.#request = request;
    this.#sink = sink;
    this.#story = new Story(sink);
    this.#program = program;
  }

  /** To the end, by the ways that the entry allows. */
  async run(): Promise<Outcome> {
    const via = this.#request.target.entry.settings?.['via'] ?? 'auto';
    if (via !== 'local') {
      const said = await this.#once('gateway');
      if ('status' in said) return said;
      if (via === 'gateway' || !isWithoutGateway(said.answer)) return this.#outcome('gateway', said);
    }
    return this.#locally();
  }

  /** One run at a time: ours by turns, those of others are waited for. */
  async #locally(): Promise<Outcome> {
    const { turns, clock } = this.#parts;
    const { signal } = this.#request;
    const state = stateOf(this.#program);
    if (turns.isBusy(state)) await this.#tellWaiting();
    let giveBack: () => void;
    try {
      giveBack = await turns.take(state, signal);
    } catch {
      return cancelled(true);
    }
    try {
      for (let isTold = false; ;) {
        const said = await this.#once('local');
        if ('status' in said) return said;
        if (said.wasStopped || !isOccupied(said.answer)) return await this.#outcome('local', said);
        if (!isTold) await this.#tellWaiting();
        isTold = true;
        await pause(clock, OCCUPIED_MS);
      }
    } finally {
      giveBack();
    }
  }

  async #tellWaiting(): Promise<void> {
    // Nothing runs: after a crash it is safe to begin anew.
    await this.#sink.handle({ waiting: true }, null);
    await this.#story.status('OpenClaw does one run at a time without a gateway: this one waits for another');
  }

  /** One start of the program. */
  async #once(way: Way): Promise<Said | Outcome> {
    const request = this.#request;
    if (request.signal.aborted) return cancelled(true);
    const { file, args, ...place } = this.#program;
    const seconds = Math.max(1, Math.ceil((request.deadline - this.#parts.clock.now()) / 1_000));
    const own = [
      'agent',
      '--json',
      ...(way === 'local' ? ['--local'] : []),
      '--session-key',
      sessionKeyOf(request),
      '--message-file',
      '/dev/stdin',
      '--timeout',
      String(seconds + GRACE_SECONDS),
    ];
    const [shell, ...pipe] = PIPED;
    const program = { ...place, file: shell, args: [...pipe, file, ...args, ...own] };
    const gated = await startGated(program, { NO_COLOR: '1', ...markedEnvironment(program, request) });
    if (!('child' in gated)) return failed(gated);
    const stderr = new LogLines();
    // Through a gateway it only says how it went wrong, as its last words do: that is in the answer.
    const log = async (lines: readonly string[]): Promise<void> => {
      if (way === 'gateway') return;
      for (const line of lines) if (!LAST_WORDS.test(line)) await this.#story.status(line);
    };
    const printed: Uint8Array[] = [];
    let bytes = 0;
    const sink: Sink = {
      handle: (native, taskId) => this.#sink.handle(native, taskId),
      event: (event) => this.#sink.event(event),
      approval: (ask) => this.#sink.approval(ask),
      sent: () => {
        if (!this.#isSent) this.#sink.sent();
        this.#isSent = true;
      },
    };
    try {
      const end = await attendOnce(this.#parts.clock, gated, request, sink, {
        input: literal(request.prompt),
        stdout: {
          push: (chunk) => {
            bytes += chunk.length;
            if (bytes > LIMITS.artifactBytes)
              throw new AgentFault(
                'invalid_agent_response',
                `OpenClaw printed more than ${String(LIMITS.artifactBytes)} bytes`,
              );
            printed.push(chunk);
            return Promise.resolve();
          },
          end: () => Promise.resolve(),
        },
        stderr: { push: (chunk) => log(stderr.push(chunk)), end: () => log(stderr.end()) },
      });
      const answer = parseAnswer(Buffer.concat(printed).toString('utf8'));
      return { answer, tail: stderr.tail, ...end };
    } catch (error) {
      if (!(error instanceof AgentFault)) throw error;
      return failed(error.failure);
    }
  }

  async #outcome(way: Way, said: Said): Promise<Outcome> {
    await this.#story.close();
    if (said.wasStopped) return cancelled(isAbortConfirmed(way, said));
    const { answer, exit, tail } = said;
    if (answer === null)
      return failed(failure('agent_failed', `OpenClaw ${howEnded(exit)} without an answer`, tail));
    const { tools, usage } = notesOf(answer);
    if (tools !== null) await this.#story.status(tools);
    if (usage !== null) await this.#story.usage(usage);
    return outcomeOf(answer, exit.code);
  }
}

/** Runs a request to OpenClaw’s own end. A program that is not there is a failed outcome that says what to do. */
export const invokeByCli = async (parts: CliParts, request: InvokeRequest, sink: Sink): Promise<Outcome> => {
  if (request.signal.aborted) return cancelled(true);
  const bytes = Buffer.byteLength(literal(request.prompt));
  if (bytes > MESSAGE_BYTES)
    return failed(failure('invalid_input', `The prompt has ${String(bytes)} bytes; OpenClaw takes 4 MiB`));
  return inWorkFolder(request, sink, async (entry) => {
    const program = findProgram(entry);
    if (!('file' in program))
      return failed({
        ...program,
        message: `${program.message}: install it (npm install -g openclaw), or give its path as the command of the agent`,
      });
    return new CliRun(parts, request, sink, program).run();
  });
};

/** After a restart: what was started is ended, and nobody can say how far it had come. */
export const reattachByCli = (
  { clock }: CliParts,
  request: InvokeRequest,
  handle: NativeHandle | null,
): Promise<Reattached> =>
  handle?.['waiting'] === true
    ? Promise.resolve({ status: 'never-received' })
    : endLeftBehind(clock, handle, request.key);
