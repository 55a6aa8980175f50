// A short question to a program, such as its version: started, asked, ended, without work for it.
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { AgentEntry } from '#machines/nouns/agent';
import { failure, type Failure } from '#machines/nouns/error';
import type { Probe } from '../agents/adapter.ts';
import type { Clock } from '../ports.ts';
import { AgentFault } from './agent-fault.ts';
import { attend, howEnded, type PipeReader } from './attendance.ts';
import { startGated } from './gate.ts';
import { JsonLines } from './json-lines.ts';
import { LogLines } from './log-lines.ts';
import { findProgram, type Program } from './program.ts';

/** Who asks waits this long for a first look; later ones are answered from what is known. */
const LOOK_MS = 4_000;
/** A slow program may go on introducing itself for this long, for who asks next; at its first start it makes its files. */
const LOOK_MOST_MS = 30_000;
/** A program that was too slow for that is asked again after this. */
const LATE_AGAIN_MS = 10 * 60_000;
/** Programs looked at that are remembered. */
const KEPT = 1_000;
/** What a program may print to say its version. */
const VERSION_CHARS = 4_096;

/** How a program introduces itself. */
export interface Introduction {
  readonly name: string | null;
  readonly version: string | null;
  readonly protocol: string | null;
}

/** What came of asking: it introduced itself, it was too slow, or something is wrong with it. */
export type Look = Introduction | 'late' | Failure;

/** A question and its answer. `over`: nothing more comes, the answer must settle. */
export interface Question<T> {
  begin(): void;
  readonly stdout: PipeReader;
  readonly answer: Promise<T>;
}

/** Makes a reader that hands on each JSON line; everything else is passed over. */
export const jsonReader = (take: (value: unknown) => Promise<void>, over: () => void): PipeReader => {
  const lines = new JsonLines();
  return {
    push: async (bytes) => {
      for (const line of lines.push(bytes)) if ('value' in line) await take(line.value);
    },
    end: () => {
      over();
      return Promise.resolve();
    },
  };
};

/**
 * Starts the program, asks, and ends it. `say` writes a line to it. Never rejects: a program that goes without an answer,
 * or answers nonsense, is a failure; `late` when `signal` aborts first.
 */
export const inquire = async <T>(
  clock: Clock,
  program: Program,
  signal: AbortSignal,
  ask: (say: (value: unknown) => void) => Question<T>,
): Promise<T | 'late' | Failure> => {
  const gated = await startGated(program, program.env);
  if (!('child' in gated)) return gated;
  const { child } = gated;
  const attendance = attend(clock, gated);
  const stderr = new LogLines();
  const late = Promise.withResolvers<'late'>();
  const onAbort = (): void => {
    late.resolve('late');
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    const question = ask((value) => child.stdin.write(`${JSON.stringify(value)}\n`));
    gated.open();
    question.begin();
    const quiet: PipeReader = {
      push: (bytes) => {
        stderr.push(bytes);
        return Promise.resolve();
      },
      end: () => Promise.resolve(),
    };
    const reading = attendance.read(question.stdout, quiet);
    const gone = reading.then((exit) => {
      throw new AgentFault('invalid_agent_response', `The program ${howEnded(exit)}`, stderr.tail);
    });
    gone.catch(() => undefined);
    return await Promise.race([question.answer, late.promise, gone]);
  } catch (error) {
    return error instanceof AgentFault
      ? error.failure
      : failure('invalid_agent_response', 'The program did not answer as expected', String(error));
  } finally {
    signal.removeEventListener('abort', onAbort);
    child.stdin.end();
    await attendance.end();
    attendance.close();
  }
};

/**
 * Asks a program that only says its version: the first number with dots in what it prints, if `sign` is in it too, by which
 * the program is known. `name` is what it is called.
 */
export const readVersion = (
  clock: Clock,
  program: Program,
  signal: AbortSignal,
  name: string,
  sign: string,
): Promise<Look> =>
  inquire<Introduction>(clock, program, signal, () => {
    let printed = '';
    const { promise: answer, resolve, reject } = Promise.withResolvers<Introduction>();
    return {
      answer,
      begin: () => undefined,
      stdout: {
        push: (bytes) => {
          printed = (printed + Buffer.from(bytes).toString('utf8')).slice(0, VERSION_CHARS);
          return Promise.resolve();
        },
        end: () => {
          const [version] = /\d+\.\d+[\w.+-]*/.exec(printed) ?? [];
          if (version === undefined || !printed.includes(sign))
            reject(
              new AgentFault(
                'invalid_agent_response',
                `The program does not say that it is ${name}`,
                printed,
              ),
            );
          else resolve({ name, version, protocol: null });
          return Promise.resolve();
        },
      },
    };
  });

/** What makes a program the one that was looked at: the file as it is, its arguments, folder and own variables. */
const identityOf = ({ file, args, cwd }: Program, entry: AgentEntry): string => {
  const { mtimeMs, size, ino } = statSync(file);
  return JSON.stringify([file, mtimeMs, size, ino, args, cwd, entry.env ?? null]);
};

/**
 * Makes the probe of a kind whose agents are programs of this machine. A program that is there is reachable; what it says
 * of itself is asked once for each state of its file (starting it costs up to seconds), and left open when it is slow.
 */
export const createProgramProbe = (
  clock: Clock,
  argvOf: (entry: AgentEntry) => readonly string[],
  look: (program: Program, signal: AbortSignal) => Promise<Look>,
): ((entry: AgentEntry, signal: AbortSignal) => Promise<Probe>) => {
  const known = new Map<string, { readonly look: Look; readonly at: number }>();
  const looking = new Map<string, Promise<Look>>();

  /** Looks once, however many ask meanwhile. Ends early when `signal` aborts for another reason than that time is up. */
  const begin = (identity: string, program: Program, signal: AbortSignal): Promise<Look> => {
    const end = new AbortController();
    const cancel = clock.after(LOOK_MOST_MS, () => end.abort());
    const giveUp = (): void => {
      if (!(signal.reason instanceof Error && signal.reason.name === 'TimeoutError')) end.abort();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    const found = look(program, end.signal)
      .then((seen) => {
        // What is wrong may be put right at any moment: only what is right is remembered.
        if (seen === 'late' || !('retryable' in seen)) known.set(identity, { look: seen, at: clock.now() });
        const [oldest] = known.keys();
        if (known.size > KEPT && oldest !== undefined) known.delete(oldest);
        return seen;
      })
      .finally(() => {
        cancel();
        signal.removeEventListener('abort', giveUp);
        looking.delete(identity);
      });
    // Whoever asked may be gone by then.
    found.catch(() => undefined);
    looking.set(identity, found);
    return found;
  };

  const lookAt = async (program: Program, entry: AgentEntry, signal: AbortSignal): Promise<Look> => {
    const identity = identityOf(program, entry);
    const before = known.get(identity);
    if (before !== undefined && (before.look !== 'late' || clock.now() - before.at < LATE_AGAIN_MS))
      return before.look;
    const { promise: late, resolve } = Promise.withResolvers<'late'>();
    const onLate = (): void => resolve('late');
    const cancel = clock.after(LOOK_MS, onLate);
    signal.addEventListener('abort', onLate, { once: true });
    try {
      if (signal.aborted) return 'late';
      return await Promise.race([looking.get(identity) ?? begin(identity, program, signal), late]);
    } finally {
      cancel();
      signal.removeEventListener('abort', onLate);
    }
  };

  return async (entry, signal) => {
    const begun = clock.now();
    const answer = (more: Partial<Probe>): Probe => ({
      ok: true,
      name: null,
      description: entry.description ?? '',
      version: null,
      protocol: null,
      skills: [],
      card: null,
      latencyMs: clock.now() - begun,
      problem: null,
      ...more,
    });
    try {
      // Not in the daemon’s own folder, where a program might read what is there.
      const program = findProgram({ ...entry, command: [...argvOf(entry)], cwd: entry.cwd ?? tmpdir() });
      if (!('file' in program)) return answer({ ok: false, problem: program });
      const found = await lookAt(program, entry, signal);
      if (found === 'late') return answer({});
      return 'retryable' in found ? answer({ ok: false, problem: found }) : answer(found);
    } catch (error) {
      return answer({ ok: false, problem: failure('agent_unreachable', String(error)) });
    }
  };
};
