// `agentmeshd status` and `stop`: what runs on a data folder, and how to end it.
import { MeshError } from '#machines/nouns/error-codes';
import { livingSupervisor, readInfo, type DaemonInfo } from './info.ts';
import { probeHealth } from './older.ts';
import { isAlive, processIdentity } from './process-facts.ts';

const POLL_MS = 30;

export type DaemonStatus =
  | { readonly state: 'stopped' }
  /** Its supervisor lives, but no worker answers: it starts, stops, or starts again after a crash. */
  | { readonly state: 'not_answering'; readonly pid: number; readonly info: DaemonInfo | null }
  | {
      readonly state: 'running';
      readonly pid: number;
      readonly info: DaemonInfo;
      /** What healthz answered. */
      readonly health: Readonly<Record<string, unknown>>;
    };

/** Looks at the files, the process and healthz; a PID that another process has meanwhile counts for nothing. */
export const daemonStatus = async (dataDir: string): Promise<DaemonStatus> => {
  const info = readInfo(dataDir);
  if (info !== null) {
    const answer = await probeHealth(info.url);
    // Another daemon may have got the port: its log has another name.
    if (answer.kind === 'ours' && answer.logId === info.log_id)
      return { state: 'running', pid: info.pid, info, health: answer.health };
  }
  const living = livingSupervisor(dataDir);
  return living === null
    ? { state: 'stopped' }
    : { state: 'not_answering', pid: living.pid, info: living.info };
};

/**
 * Asks the daemon to stop and waits until its processes are gone.
 * @returns the pid that was stopped; null when none ran
 * @throws MeshError timeout when it is still there after `timeoutMs`
 */
export const stopDaemon = async (dataDir: string, timeoutMs: number): Promise<number | null> => {
  const status = await daemonStatus(dataDir);
  if (status.state === 'stopped') return null;
  const { pid } = status;
  const identity = processIdentity(pid);
  const worker = status.info?.worker_pid ?? null;
  const workerIdentity = worker === null ? null : processIdentity(worker);
  const lives = (): boolean =>
    (isAlive(pid) && processIdentity(pid) === identity) ||
    (worker !== null && isAlive(worker) && processIdentity(worker) === workerIdentity);
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
  const deadline = performance.now() + timeoutMs;
  while (lives()) {
    if (performance.now() > deadline)
      throw new MeshError(
        'timeout',
        `The daemon (pid ${String(pid)}) is still stopping after ${String(timeoutMs / 1_000)} s`,
      );
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return pid;
};
