// The parent of the daemon: starts the worker, passes signals on, starts it again after a crash. Nothing but node:*,
// so that there is little that could break here.
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { coalesced } from './coalesced.ts';
import { lastLines } from './last-lines.ts';
import {
  isMessage,
  type StartReport,
  type SupervisorMessage,
  type WorkerMessage,
  type WorkerOrder,
} from './messages.ts';

export interface SuperviseOptions {
  /** The worker's program (.ts). */
  readonly workerFile: string;
  readonly order: WorkerOrder;
  readonly env: NodeJS.ProcessEnv;
  /** Where the worker's stdout and stderr and our own lines go. */
  readonly output: (text: string | Uint8Array) => void;
  /** Told once: that it runs, or why it does not. */
  readonly report: (report: StartReport) => void;
  /** Crashes in a row before giving up. */
  readonly crashLimit?: number;
  /** The wait before the first restart, in milliseconds; doubled with each crash in a row. */
  readonly firstDelayMs?: number;
  /** Running this long ends a row of crashes, in milliseconds. */
  readonly quietMs?: number;
  /** A worker that was asked to stop is killed after this, in milliseconds; hurried, after the second. */
  readonly graceMs?: readonly [number, number];
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const LONGEST_DELAY_MS = 30_000;

/** Hands our compile cache on, so that the next program of ours starts as fast. */
export const compileCacheEnv = (): { NODE_COMPILE_CACHE?: string } => {
  const folder = getCompileCacheDir();
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
};

/** Runs the worker until it is to end; resolves to the exit code. Handles SIGTERM, SIGINT and SIGHUP meanwhile. */
export const supervise = (options: SuperviseOptions): Promise<number> =>
  new Promise((resolve) => {
    const { output, crashLimit = 8, firstDelayMs = 200, quietMs = 60_000 } = options;
    const [graceMs, hurriedMs] = options.graceMs ?? [11_000, 3_000];
    let tail = lastLines(20);
    let worker: ChildProcess | null = null;
    let logFile: string | null = null;
    let restart: NodeJS.Timeout | undefined;
    let kill: NodeJS.Timeout | undefined;
    let launches = 0;
    let crashes = 0;
    let stops = 0;
    let reported = false;

    const record = (level: 'info' | 'error', msg: string, more: object = {}): void => {
      if (logFile === null) return;
      const line = { level: level === 'info' ? 30 : 50, time: Date.now(), part: 'supervisor', msg, ...more };
      try {
        appendFileSync(logFile, `${JSON.stringify(line)}\n`);
      } catch {
        // A log that cannot be written must not end the daemon.
      }
    };
    const note = (level: 'info' | 'error', msg: string, more: object = {}): void => {
      output(`agentmeshd: ${msg}\n`);
      record(level, msg, more);
    };
    const report = (what: StartReport): void => {
      if (!reported) options.report(what);
      reported = true;
    };
    const finish = (exit: number): void => {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      clearTimeout(kill);
      clearTimeout(restart);
      resolve(exit);
    };

    const launch = (): void => {
      launches += 1;
      tail = lastLines(20);
      const env: NodeJS.ProcessEnv = { ...options.env, ...compileCacheEnv() };
      // A test's crash point belongs to one worker; the next must be able to live.
      if (launches > 1) delete env['AGENTMESH_CRASH_AT'];
      // Detached: a terminal's Ctrl-C is ours to pass on, not the worker's to receive as well.
      const child = spawn(process.execPath, [options.workerFile, JSON.stringify(options.order)], {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        detached: true,
        env,
      });
      worker = child;
      let failed: Extract<WorkerMessage, { type: 'failed' }> | null = null;
      let quiet: NodeJS.Timeout | undefined;
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Uint8Array) => {
          tail.push(chunk);
          output(chunk);
        });
      child.on('message', (message) => {
        if (!isMessage<WorkerMessage>(message)) return;
        if (message.type === 'log') logFile = message.file;
        if (message.type === 'failed') failed = message;
        if (message.type !== 'ready') return;
        report(message);
        quiet = setTimeout(() => {
          crashes = 0;
        }, quietMs);
      });
      let ended = false;
      const end = (how: string, code: number | null): void => {
        if (ended) return;
        ended = true;
        worker = null;
        clearTimeout(quiet);
        for (const stream of [child.stdout, child.stderr]) stream?.destroy();
        if (failed !== null && launches === 1) {
          record('error', failed.failure.message, { code: failed.failure.code });
          report(failed);
          finish(failed.failure.exit);
        } else if (code === 0 || stops > 0) finish(code ?? 1);
        else if (launches === 1 && logFile === null && code !== null) giveUp(`the worker ${how}`);
        else crashed(failed === null ? how : `${how}: ${failed.failure.message}`);
      };
      child.on('error', (error) => {
        if (child.pid === undefined) end(`could not be started: ${error.message}`, null);
      });
      child.on('exit', (code, signal) => {
        const how = signal === null ? `ended with ${String(code)}` : `was ended by ${signal}`;
        // Its last words may still be in the pipe; a grandchild that holds the pipe must not make us wait for them.
        const timer = setTimeout(end, 200, how, code);
        child.on('close', () => {
          clearTimeout(timer);
          end(how, code);
        });
      });
    };

    const giveUp = (message: string): void => {
      const lines = tail.lines();
      note('error', message, { output: lines });
      report({ type: 'gave-up', message, lines });
      finish(1);
    };

    const crashed = (how: string): void => {
      crashes += 1;
      if (crashes >= crashLimit) {
        giveUp(`the worker ${how}; that were ${String(crashes)} crashes in a row, giving up`);
        return;
      }
      const delayMs = Math.min(LONGEST_DELAY_MS, firstDelayMs * 2 ** (crashes - 1));
      note('error', `the worker ${how}; starting it again in ${String(delayMs)} ms`, {
        output: tail.lines(),
      });
      restart = setTimeout(launch, delayMs);
    };

    const onSignal = coalesced((signal: NodeJS.Signals) => {
      stops += 1;
      clearTimeout(restart);
      if (worker === null) {
        finish(0);
        return;
      }
      const child = worker;
      note('info', stops === 1 ? `${signal}: stopping` : `${signal} again: stopping at once`);
      if (stops > 2) child.kill('SIGKILL');
      // No channel: the worker is on its way out, or the timer below ends it.
      if (child.connected) {
        const stop: SupervisorMessage = { type: 'stop', hurry: stops > 1 };
        child.send(stop, () => undefined);
      }
      clearTimeout(kill);
      kill = setTimeout(
        () => {
          note('error', 'the worker does not stop; ending it with SIGKILL');
          child.kill('SIGKILL');
        },
        stops === 1 ? graceMs : hurriedMs,
      );
    });
    for (const signal of SIGNALS) process.on(signal, onSignal);
    launch();
  });
