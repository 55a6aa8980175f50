// Process groups by pid and start time: whether one is still the one we began, and ending it for certain.
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import type { Clock } from '../ports.ts';

/** How often a group that is being ended is looked at. */
const POLL_MS = 20;
/** After SIGKILL the kernel needs moments; what lives longer than this hangs in the kernel. */
const KILL_WAIT_MS = 1_000;

interface Stat {
  readonly state: string;
  readonly group: number;
  readonly startTicks: string;
}

/** proc(5): the fields after the command name, which itself may hold blanks and brackets. */
const readStat = (pid: number): Stat | null => {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', group: Number(fields[2]), startTicks: fields[19] ?? '' };
  } catch {
    return null;
  }
};

const bootId = (): string => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
};

const isZombie = (state: string): boolean => state === 'Z' || state === 'X';

/**
 * What tells a process from a later one with the same number: the boot and its start time.
 * Null when there is no such process; one that has ended and waits to be reaped counts as gone.
 */
export const processStart = (pid: number): string | null => {
  if (process.platform === 'linux') {
    const stat = readStat(pid);
    return stat === null || isZombie(stat.state) ? null : `${bootId()}:${stat.startTicks}`;
  }
  const ps = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const line = ps.status === 0 ? ps.stdout.trim() : '';
  return line === '' || isZombie(line.charAt(0)) ? null : line.replace(/^\S+\s+/, '');
};

/** All processes; null where the system cannot list them. */
const everybody = (): number[] | null =>
  process.platform === 'linux'
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number)
    : null;

/** Live members of a group; null where the system cannot list them. */
const members = (group: number): number[] | null =>
  everybody()?.filter((pid) => {
    const stat = readStat(pid);
    return stat?.group === group && !isZombie(stat.state);
  }) ?? null;

const signalGroup = (group: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: it is there, and a member changed its user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** Whether any process of the group still runs. */
export const groupAlive = (group: number): boolean => {
  if (!signalGroup(group, 0)) return false;
  const live = members(group);
  return live === null || live.length > 0;
};

const carries = (pid: number, variable: string): boolean => {
  try {
    return readFileSync(`/proc/${String(pid)}/environ`, 'utf8')
      .split('\0')
      .includes(variable);
  } catch {
    return false;
  }
};

/**
 * Whether the group is the one that `leader` began at `started`: the leader still lives with that start time, or it
 * has ended and a member carries `variable` (NAME=value) in its environment. A reused number is never taken for it.
 */
export const isOurGroup = (leader: number, started: string, variable: string): boolean => {
  const now = processStart(leader);
  if (now !== null) return now === started;
  return (members(leader) ?? []).some((pid) => carries(pid, variable));
};

const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

const goneWithin = async (clock: Clock, ms: number, isAlive: () => boolean): Promise<boolean> => {
  for (const end = clock.now() + ms; isAlive();) {
    if (clock.now() >= end) return false;
    await sleep(clock, POLL_MS);
  }
  return true;
};

/** Ends a group: SIGTERM, and SIGKILL after `graceMs`. Resolves to whether nothing of it runs any more. */
export const endGroup = async (clock: Clock, group: number, graceMs: number): Promise<boolean> => {
  signalGroup(group, 'SIGTERM');
  if (await goneWithin(clock, graceMs, () => groupAlive(group))) return true;
  signalGroup(group, 'SIGKILL');
  return goneWithin(clock, KILL_WAIT_MS, () => groupAlive(group));
};

const marked = (variable: string): number[] =>
  (everybody() ?? []).filter((pid) => pid !== process.pid && carries(pid, variable));

const signalAll = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch {
      // Gone meanwhile, or of another user.
    }
};

/**
 * Ends every process that carries `variable` (NAME=value) in its environment, whatever its group: agents start their
 * tools in sessions of their own, which outlive them when they are killed. Resolves to whether none runs any more.
 * Where the system does not show environments it finds nothing.
 */
export const endMarked = async (clock: Clock, variable: string, graceMs: number): Promise<boolean> => {
  const found = marked(variable);
  if (found.length === 0) return true;
  signalAll(found, 'SIGTERM');
  if (await goneWithin(clock, graceMs, () => marked(variable).length > 0)) return true;
  signalAll(marked(variable), 'SIGKILL');
  return goneWithin(clock, KILL_WAIT_MS, () => marked(variable).length > 0);
};
