// A bootstrap file that is watched: its last good content, and a word when that changes.
import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { AgentEntry } from '#machines/nouns/agent';
import { LIMITS } from '#machines/nouns/limits';
import type { Ports } from '../ports.ts';
import { parseBootstrap } from './bootstrap.ts';

/** An editor saves in several steps: a change counts when the file has been quiet this long. */
const QUIET_MS = 100;
/** Not every file system reports changes: the file is looked at this often anyway. */
const POLL_MS = 2_000;

export interface BootstrapFile {
  readonly path: string;
  /** Reads the file now; true when its agents changed. */
  look(): boolean;
  /** Agents of the last good content; none when there is no file. */
  entries(): readonly AgentEntry[];
  /** What is wrong with the file as it stands, one line each. */
  problems(): readonly string[];
  close(): void;
}

/** Watches the file at `path`, which need not exist; `onChange` is called after a change was read. */
export const watchBootstrap = (
  path: string,
  ports: Pick<Ports, 'clock' | 'disk' | 'log'>,
  onChange: () => void,
): BootstrapFile => {
  const { clock, disk, log } = ports;
  let text: string | null = null;
  let entries: readonly AgentEntry[] = [];
  let problems: readonly string[] = [];
  let cancelQuiet: () => void = () => undefined;
  let cancelPoll: () => void = () => undefined;
  let isClosed = false;

  const readText = (): string => {
    if (!disk.exists(path)) return '';
    if (disk.size(path) > LIMITS.bootstrapBytes) throw new Error('is over 1 MiB');
    return new TextDecoder().decode(disk.readFile(path));
  };

  const look = (): boolean => {
    let now: string;
    try {
      now = readText();
    } catch (error) {
      problems = [`cannot be read: ${error instanceof Error ? error.message : String(error)}`];
      return false;
    }
    if (now === text) return false;
    text = now;
    const parsed = now.trim() === '' ? { entries: [], problems: [] } : parseBootstrap(now);
    if ('problem' in parsed) {
      problems = [parsed.problem];
      log.warn(
        { path, problem: parsed.problem },
        'the bootstrap file cannot be used; its last good state stands',
      );
      return false;
    }
    problems = parsed.problems;
    for (const problem of problems)
      log.warn({ path, problem }, 'an entry of the bootstrap file cannot be used');
    const isChanged = JSON.stringify(parsed.entries) !== JSON.stringify(entries);
    entries = parsed.entries;
    return isChanged;
  };

  const lookAndTell = (): void => {
    if (!isClosed && look()) onChange();
  };

  const soon = (): void => {
    cancelQuiet();
    if (!isClosed) cancelQuiet = clock.after(QUIET_MS, lookAndTell);
  };

  const poll = (): void => {
    cancelPoll = clock.after(POLL_MS, () => {
      let now: string | null;
      try {
        now = readText();
      } catch {
        now = null;
      }
      // What is just being written is read when it is quiet.
      if (now !== text) soon();
      if (!isClosed) poll();
    });
  };

  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(dirname(path), { persistent: false }, (_, name) => {
      if (name === null || name === basename(path)) soon();
    });
    watcher.on('error', (error) => {
      log.warn({ err: error, path }, 'the bootstrap file is only polled');
    });
  } catch (error) {
    log.warn({ err: error, path }, 'the bootstrap file is only polled');
  }
  poll();

  return {
    path,
    look,
    entries: () => entries,
    problems: () => problems,
    close() {
      isClosed = true;
      cancelQuiet();
      cancelPoll();
      watcher?.close();
    },
  };
};
