// The life of a worker: order, config, lock, log, daemon, ready; then down when told, or when the supervisor is gone.
import { join } from 'node:path';
import { FILES } from '#api/contract/address';
import type { Log } from '#engine/index';
import { ERRORS, MeshError } from '#machines/nouns/error-codes';
import { coalesced } from './coalesced.ts';
import { readConfig, type DaemonConfig } from './config.ts';
import { prepareDataFolder } from './data-folder.ts';
import { PROCESS_TITLE } from './info.ts';
import { takeLock } from './lock.ts';
import { openLog, type DaemonLog } from './log.ts';
import { startDaemon, type Daemon, type Parts } from './main.ts';
import { nonEmpty } from './paths.ts';
import {
  isMessage,
  type StartFailure,
  type SupervisorMessage,
  type WorkerMessage,
  type WorkerOrder,
} from './messages.ts';

/** Asked to stop, everything is down within this, in milliseconds; hurried, within the second. */
const DEADLINE_MS = 9_500;
const HURRIED_DEADLINE_MS = 1_500;

/** Why a start in progress ends without a failure. */
const STOPPED = new Error('stopped while starting');

export interface WorkerOptions {
  readonly order: WorkerOrder;
  readonly parts: (log: Log) => Parts;
  readonly version: string;
  readonly builtInTemplates: string;
  readonly consoleDir: string;
}

/** Resolves when the message is in the channel; a supervisor that is gone is no error here. */
const tell = (message: WorkerMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else
      process.send(message, undefined, undefined, () => {
        resolve();
      });
  });

const failureOf = (error: unknown): StartFailure => {
  const known =
    error instanceof MeshError
      ? error
      : new MeshError('internal', error instanceof Error ? (error.stack ?? error.message) : String(error));
  const { remedy, exit } = ERRORS[known.code];
  return { code: known.code, message: known.detail, remedy, exit };
};

interface Begun {
  readonly log: DaemonLog;
  readonly daemon: Daemon;
}

const begin = async (options: WorkerOptions, config: DaemonConfig, signal: AbortSignal): Promise<Begun> => {
  const { order } = options;
  const notice = prepareDataFolder(config.dataDir);
  const lock = takeLock(config.dataDir);
  // The log belongs to who has the lock: a second start must not turn the files of the first.
  const file = join(config.dataDir, FILES.log);
  const people = { write: (text: string) => process.stderr.write(text), colour: order.colour };
  const log = openLog(file, config.logLevel, order.readable ? people : null);
  const { logger } = log;
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'the worker crashed');
    process.stderr.write(`${error.stack ?? error.message}\n`);
    process.exit(1);
  });
  try {
    if (log.problem() === null) await tell({ type: 'log', file });
    else process.stderr.write(`agentmeshd: no log file: ${log.problem() ?? ''}\n`);
    if (notice !== null) logger.warn(notice);
    // Agents and templates see the same current folder however the daemon was started.
    process.chdir(config.dataDir);
  } catch (error) {
    lock.release();
    throw error;
  }
  const around = {
    version: options.version,
    builtInTemplates: options.builtInTemplates,
    consoleDir: options.consoleDir,
    runtimeDir: nonEmpty(process.env['XDG_RUNTIME_DIR']),
    supervisorPid: process.connected ? process.ppid : process.pid,
    log: logger,
    lock,
  };
  return { log, daemon: await startDaemon(config, options.parts(logger), around, signal) };
};

/** Runs until stopped, then ends the process: 0 after a stop, the catalogue's exit code when it could not start. */
export const runWorker = async (options: WorkerOptions): Promise<void> => {
  process.title = `${PROCESS_TITLE} worker`;
  const abort = new AbortController();
  let begun: Begun | null = null;
  let deadline: NodeJS.Timeout | undefined;

  const end = (exit: number): never => {
    begun?.log.close();
    process.exit(exit);
  };
  const stop = (why: string, hurry: boolean): void => {
    clearTimeout(deadline);
    deadline = setTimeout(
      () => {
        begun?.log.logger.warn('not everything was closed in time; the database is whole all the same');
        begun?.daemon.abandon();
        end(hurry ? 0 : 1);
      },
      hurry ? HURRIED_DEADLINE_MS : DEADLINE_MS,
    );
    abort.abort(STOPPED);
    if (begun === null) return;
    begun.log.logger.info(hurry ? `${why}: stopping at once` : `${why}: stopping`);
    void begun.daemon.stop({ hurry }).then(() => {
      begun?.log.logger.info('stopped');
      end(0);
    });
  };

  process.on('message', (message) => {
    if (isMessage<SupervisorMessage>(message)) stop('asked by the supervisor', message.hurry);
  });
  // Without its supervisor nobody would start it again or pass signals on: it must not stay behind.
  process.on('disconnect', () => {
    stop('the supervisor is gone', true);
  });
  let signals = 0;
  const onSignal = coalesced((signal) => {
    signals += 1;
    stop(signal, signals > 1);
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onSignal);

  try {
    begun = await begin(options, readConfig(options.order.flags, process.env), abort.signal);
  } catch (error) {
    if (error === STOPPED) return end(0);
    const failure = failureOf(error);
    await tell({ type: 'failed', failure });
    return end(failure.exit);
  }
  const { info } = begun.daemon;
  begun.log.logger.info({ url: info.url, socket: info.socket, pid: info.pid }, 'ready');
  await tell({ type: 'ready', info });
};
