// What the system knows about processes and their ports, read from /proc (proc(5)). Elsewhere than on Linux: nothing,
// and the callers do with what healthz says.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const read = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

const entries = (path: string): string[] => {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
};

/** Whether a process of this id exists (a zombie does not count where /proc tells). */
export const isAlive = (pid: number): boolean => {
  const stat = read(`/proc/${String(pid)}/stat`);
  if (stat !== null) return !/^\d+ \(.*\) [ZX]/s.test(stat);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** starttime of proc(5), in ticks since boot; null when there is no such process, or no /proc. */
const startTicks = (pid: number): string | null => {
  const stat = read(`/proc/${String(pid)}/stat`);
  // The name in field 2 may hold spaces and parentheses: count from behind it. starttime is field 22.
  const after = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return after?.at(22 - 3) ?? null;
};

/**
 * Names one process for ever: boot id and start time. A process that gets the same pid later has another one.
 * Null when there is no such process, or no /proc.
 */
export const processIdentity = (pid: number): string | null => {
  const ticks = startTicks(pid);
  const boot = read('/proc/sys/kernel/random/boot_id');
  return ticks === null || boot === null ? null : `${boot.trim()}:${ticks}`;
};

/** USER_HZ, which Linux shows to programs on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** When a process started, in milliseconds since the epoch (to the second); null when unknown. */
export const bornMs = (pid: number): number | null => {
  const ticks = startTicks(pid);
  const [, boot] = /^btime (\d+)$/m.exec(read('/proc/stat') ?? '') ?? [];
  return ticks === null || boot === undefined
    ? null
    : Number(boot) * 1_000 + (Number(ticks) * 1_000) / TICKS_PER_SECOND;
};

/** The command line of a process, its arguments joined by spaces; null when it cannot be read. */
export const commandLine = (pid: number): string | null =>
  read(`/proc/${String(pid)}/cmdline`)
    ?.replaceAll('\0', ' ')
    .trim() ?? null;

/** Listening TCP sockets: inode and port (column 10 and the second half of column 2; state 0A = LISTEN). */
const listeners = (): Map<string, number> => {
  const found = new Map<string, number>();
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6'])
    for (const line of (read(file) ?? '').split('\n').slice(1)) {
      const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
      if (state === '0A') found.set(inode, Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16));
    }
  return found;
};

const socketInodes = (pid: string): string[] =>
  entries(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      return inode === undefined ? [] : [inode];
    } catch {
      return [];
    }
  });

/** TCP ports that a process listens on; empty when unknown. */
export const portsOf = (pid: number): number[] => {
  const all = listeners();
  return socketInodes(String(pid)).flatMap((inode) => all.get(inode) ?? []);
};

/** Who listens on a TCP port, as far as this user may see; null when unknown. */
export const holderOf = (port: number): { readonly pid: number; readonly command: string } | null => {
  const wanted = new Set([...listeners()].filter(([, each]) => each === port).map(([inode]) => inode));
  if (wanted.size === 0) return null;
  const pid = entries('/proc').find(
    (name) => /^\d+$/.test(name) && socketInodes(name).some((inode) => wanted.has(inode)),
  );
  return pid === undefined ? null : { pid: Number(pid), command: commandLine(Number(pid)) ?? '?' };
};
