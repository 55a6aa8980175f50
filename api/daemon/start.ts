// `agentmeshd start`: in the foreground this process is the supervisor; in the background it starts one and waits.
import { spawn } from 'node:child_process';
import { get } from 'node:http';
import { join } from 'node:path';
import { isMessage, type StartFailure, type StartFlags, type StartReport } from './messages.ts';
import { compileCacheEnv, supervise } from './supervisor.ts';

/** A log of many millions of lines may have to be read through; longer than this and somebody should look. */
const START_WITHIN_MS = 120_000;

const ANSWER_WITHIN_MS = 5_000;

/** Exit codes as in machines/nouns/error-codes.ts; written out because supervisors import nothing. */
const EXIT_FAILURE = 1;
const EXIT_UNREACHABLE = 10;
const EXIT_TIMED_OUT = 23;
const EXIT_INTERRUPTED = 130;

const WORKER = join(import.meta.dirname, 'worker.ts');
const BACKGROUND = join(import.meta.dirname, 'background.ts');

export interface StartOptions {
  readonly flags: StartFlags;
  readonly env: NodeJS.ProcessEnv;
  /** stderr. */
  readonly write: (text: string | Uint8Array) => void;
  readonly colour: boolean;
  /** Another worker program, for tests of the supervisor. */
  readonly workerFile?: string;
}

const number = (word: string | undefined): number | undefined =>
  word !== undefined && /^\d{1,9}$/.test(word) ? Number(word) : undefined;

/** AGENTMESH_CRASH_LIMIT: crashes in a row before giving up. AGENTMESH_RESTART_DELAY_MS: wait before the first restart. */
export const restartRules = (env: NodeJS.ProcessEnv): { crashLimit?: number; firstDelayMs?: number } => {
  const crashLimit = number(env['AGENTMESH_CRASH_LIMIT']);
  const firstDelayMs = number(env['AGENTMESH_RESTART_DELAY_MS']);
  return {
    ...(crashLimit === undefined ? {} : { crashLimit }),
    ...(firstDelayMs === undefined ? {} : { firstDelayMs }),
  };
};

const failureText = ({ message, remedy }: StartFailure): string => `agentmeshd: ${message}\n  ${remedy}\n`;

/** Runs the daemon here until a signal ends it; resolves to the exit code. */
export const startInForeground = (options: StartOptions): Promise<number> => {
  const { flags, env, write, colour } = options;
  process.title = 'agentmeshd';
  // A terminal or a pipe that goes away must not take the daemon with it.
  process.stderr.on('error', () => undefined);
  return supervise({
    workerFile: options.workerFile ?? WORKER,
    order: { flags, readable: true, colour },
    env,
    output: write,
    report: (report) => {
      if (report.type === 'failed') write(failureText(report.failure));
    },
    ...restartRules(env),
  });
};

/** Whether healthz answers 200 within a few seconds; over node:http, because loading fetch takes longer than asking. */
const answers = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    get(`${url}/healthz`, { timeout: ANSWER_WITHIN_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    })
      .on('timeout', () => {
        resolve(false);
      })
      .on('error', () => {
        resolve(false);
      });
  });

export type BackgroundStart =
  | { readonly exit: 0; readonly report: Extract<StartReport, { type: 'ready' }> }
  | { readonly exit: number; readonly report: null };

/** Starts a daemon that outlives this process; resolves when it answers, or when it is clear that it will not. */
export const startInBackground = async (options: StartOptions): Promise<BackgroundStart> => {
  const order = { flags: options.flags, workerFile: options.workerFile ?? WORKER };
  const child = spawn(process.execPath, [BACKGROUND, JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true,
    env: { ...options.env, ...compileCacheEnv() },
  });
  const { promise, resolve } = Promise.withResolvers<BackgroundStart>();
  const fail = (exit: number, text: string): void => {
    options.write(text);
    resolve({ exit, report: null });
  };
  /** A supervisor that has said why is about to end; afterwards nothing of the start is left. */
  const failWhenGone = (exit: number, text: string): void => {
    child.removeAllListeners('exit');
    child.once('exit', () => {
      fail(exit, text);
    });
  };
  const timer = setTimeout(() => {
    fail(
      EXIT_TIMED_OUT,
      `agentmeshd: still starting (pid ${String(child.pid)}); see \`agentmeshd status\` and the log\n`,
    );
  }, START_WITHIN_MS);
  const interrupt = (signal: NodeJS.Signals): void => {
    failWhenGone(EXIT_INTERRUPTED, `agentmeshd: ${signal} while starting: not started\n`);
    child.kill('SIGTERM');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt).on('SIGHUP', interrupt);
  child.on('message', (report) => {
    if (!isMessage<StartReport>(report)) return;
    if (report.type === 'ready') resolve({ exit: 0, report });
    if (report.type === 'failed') failWhenGone(report.failure.exit, failureText(report.failure));
    if (report.type === 'gave-up')
      failWhenGone(
        EXIT_FAILURE,
        ['agentmeshd: ', report.message, ...report.lines.map((line) => `\n  ${line}`), '\n'].join(''),
      );
  });
  child.on('error', (error) => {
    fail(EXIT_FAILURE, `agentmeshd: ${error.message}\n`);
  });
  child.on('exit', (code, signal) => {
    setImmediate(fail, EXIT_FAILURE, `agentmeshd: the start ended with ${String(signal ?? code)}\n`);
  });
  const started = await promise;
  clearTimeout(timer);
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt).off('SIGHUP', interrupt);
  child.removeAllListeners();
  if (child.connected) child.disconnect();
  child.unref();
  if (started.report === null || (await answers(started.report.info.url))) return started;
  options.write(`agentmeshd: it runs, but ${started.report.info.url}/healthz does not answer; see the log\n`);
  return { exit: EXIT_UNREACHABLE, report: null };
};
