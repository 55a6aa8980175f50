// agentmeshd.json and agentmeshd.pid: what a daemon writes down about itself. Information, never a lock; both are
// written only by who holds the lock, and believed only after a look at the process itself.
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { FILES } from '#api/contract/address';
import { bornMs, commandLine, isAlive, processIdentity } from './process-facts.ts';

const DaemonInfoSchema = z.object({
  /** The supervisor: who takes the signals. */
  pid: z.int().min(1),
  worker_pid: z.int().min(1),
  /** processIdentity(pid); null where there is no /proc. */
  process: z.string().nullable(),
  url: z.string(),
  /** Path of the Unix socket; null when no path is short enough. */
  socket: z.string().nullable(),
  version: z.string(),
  log_id: z.string(),
  started_at: z.string(),
});
export type DaemonInfo = Readonly<z.infer<typeof DaemonInfoSchema>>;

const text = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

/** What the last daemon on this folder wrote; null when there is none or it cannot be read as such. */
export const readInfo = (dataDir: string): DaemonInfo | null => {
  try {
    return DaemonInfoSchema.parse(JSON.parse(text(join(dataDir, FILES.info)) ?? 'null'));
  } catch {
    return null;
  }
};

/** Writes a file whole or not at all (the Disk port of the engine). */
interface Disk {
  writeAtomic(path: string, text: string): void;
}

/** Only under the lock. */
export const writeInfo = (disk: Disk, dataDir: string, info: DaemonInfo): void => {
  disk.writeAtomic(join(dataDir, FILES.info), `${JSON.stringify(info, null, 2)}\n`);
};

/** The bare number in the PID file, the format of the earlier tools too; null when there is none. */
export const readPid = (dataDir: string): number | null => {
  const word = text(join(dataDir, FILES.pid))?.trim() ?? '';
  return /^[1-9]\d{0,9}$/.test(word) ? Number(word) : null;
};

/** Only under the lock. */
export const writePid = (disk: Disk, dataDir: string, pid: number): void => {
  disk.writeAtomic(join(dataDir, FILES.pid), `${String(pid)}\n`);
};

/** Only under the lock, by the daemon that wrote them. */
export const removeInfo = (dataDir: string): void => {
  for (const file of [FILES.info, FILES.pid]) rmSync(join(dataDir, file), { force: true });
};

/** Marks our processes in the process list, so that a PID can be checked. */
export const PROCESS_TITLE = 'agentmeshd';

const looksLikeOurs = (pid: number): boolean => commandLine(pid)?.split(' ')[0] === PROCESS_TITLE;

/**
 * The living supervisor of this folder as its files name it; null when they are stale. A PID that another process got
 * meanwhile is not believed: its start time differs, or it is no agentmeshd, or it was born after the file.
 */
export const livingSupervisor = (dataDir: string): { pid: number; info: DaemonInfo | null } | null => {
  const info = readInfo(dataDir);
  // A killed one that nobody has waited for yet still has its identity.
  if (
    info !== null &&
    info.process !== null &&
    isAlive(info.pid) &&
    processIdentity(info.pid) === info.process
  )
    return { pid: info.pid, info };
  const pid = readPid(dataDir);
  if (pid === null || !isAlive(pid) || !looksLikeOurs(pid)) return null;
  const born = bornMs(pid);
  const written = statSync(join(dataDir, FILES.pid), { throwIfNoEntry: false })?.mtimeMs;
  // btime has a resolution of a second.
  return born === null || written === undefined || born > written + 1_000 ? null : { pid, info: null };
};
