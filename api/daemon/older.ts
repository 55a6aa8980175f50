// The earlier daemon (one Python process, no lock): recognised by its bare PID file and by what its healthz lacks.
import { DEFAULT_PORT } from '#api/contract/address';
import { MeshError } from '#machines/nouns/error-codes';
import { readPid } from './info.ts';
import { commandLine, isAlive, portsOf } from './process-facts.ts';

/** A daemon on this machine answers at once or is none. */
const PROBE_MS = 1_000;

/** What answers /healthz there: ours (with its log_id), the earlier daemon, something else, or nothing. */
export const probeHealth = async (
  base: string,
): Promise<
  | { readonly kind: 'ours'; readonly logId: string; readonly health: Readonly<Record<string, unknown>> }
  | { readonly kind: 'older' | 'other' | 'nothing' }
> => {
  try {
    const response = await fetch(`${base}/healthz`, {
      signal: AbortSignal.timeout(PROBE_MS),
      redirect: 'error',
    });
    const body: unknown = await response.json();
    if (typeof body !== 'object' || body === null || !('status' in body)) return { kind: 'other' };
    if ('log_id' in body && typeof body.log_id === 'string')
      return { kind: 'ours', logId: body.log_id, health: { ...body } };
    return { kind: body.status === 'ok' ? 'older' : 'other' };
  } catch (error) {
    // Something that listens but speaks no HTTP or no JSON is other; nobody there is nothing.
    const cause = error instanceof Error ? error.cause : null;
    const refused = cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
    return { kind: refused ? 'nothing' : 'other' };
  }
};

const older = (where: string, pid: number | null): MeshError =>
  new MeshError(
    'older_daemon',
    `An earlier AgentMesh daemon is alive on ${where}${pid === null ? '' : ` (pid ${String(pid)})`}`,
    pid === null ? {} : { pid },
  );

/**
 * Looks for an earlier daemon on this folder: the PID file names a living process that answers as one.
 * Call it under the lock: then the PID file is not that of a living daemon of ours.
 * @throws MeshError older_daemon
 */
export const refuseOlderOnFolder = async (dataDir: string, port: number): Promise<void> => {
  const pid = readPid(dataDir);
  if (pid === null || pid === process.pid || pid === process.ppid || !isAlive(pid)) return;
  const known = portsOf(pid);
  // Its command line may be that of any program that got the PID; what it answers is what counts.
  const ports = known.length > 0 || commandLine(pid) !== null ? known : [port, DEFAULT_PORT];
  for (const each of new Set(ports.filter((candidate) => candidate > 0))) {
    const { kind } = await probeHealth(`http://127.0.0.1:${String(each)}`);
    if (kind === 'older') throw older(`${dataDir}, port ${String(each)}`, pid);
  }
};

/** The error for a port that is taken, when an earlier daemon holds it; null when something else does. */
export const olderOnPort = async (base: string, pid: number | null): Promise<MeshError | null> =>
  (await probeHealth(base)).kind === 'older' ? older(base, pid) : null;
