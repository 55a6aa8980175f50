// NanoClaw installations on this machine: where people put them, and where their services say they are.
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LIMITS } from '#machines/nouns/limits';
import type { Clock } from '../../ports.ts';
import type { Found } from '../adapter.ts';
import { groupsOf, type Group } from './admin.ts';
import { Fault } from './fault.ts';
import { versionOf } from './place.ts';

/** Where to look. */
export interface Surroundings {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** An installation, and who said that it is there. */
export interface Installation {
  readonly dir: string;
  readonly detail: string;
}

/** A unit file is some hundred bytes. */
const UNIT_BYTES = 64 * 1024;

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
};

const textOf = (file: string): string => {
  try {
    return statSync(file).size > UNIT_BYTES ? '' : readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** The working folder that a systemd unit or a launchd plist names; null when it names none. */
export const workingFolderIn = (text: string): string | null => {
  const unit = /^\s*WorkingDirectory=-?"?(\/[^"\n\r]*?)"?\s*$/m.exec(text)?.[1];
  if (unit !== undefined) return unit;
  const plist = /<key>WorkingDirectory<\/key>\s*<string>(\/[^<]*)<\/string>/.exec(text)?.[1];
  return plist?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&') ?? null;
};

const UNIT_FOLDERS = (home: string): readonly string[] => [
  join(home, '.config', 'systemd', 'user'),
  '/etc/systemd/system',
  join(home, 'Library', 'LaunchAgents'),
];

function* candidates({ home, env }: Surroundings): Generator<Installation> {
  const named = env['NANOCLAW_DIR'];
  if (named !== undefined && named.startsWith('/')) yield { dir: named, detail: 'NANOCLAW_DIR' };
  for (const name of namesIn(home))
    if (/^nanoclaw/i.test(name)) yield { dir: join(home, name), detail: join(home, name) };
  for (const folder of UNIT_FOLDERS(home)) {
    for (const name of namesIn(folder)) {
      if (!/^(?:com\.)?nanoclaw.*\.(?:service|plist)$/.test(name)) continue;
      const dir = workingFolderIn(textOf(join(folder, name)));
      if (dir !== null) yield { dir, detail: `service ${name}` };
    }
  }
}

/** A folder that belongs to somebody else may hold a socket that listens for prompts. */
const isOurs = (dir: string): boolean => {
  const { uid } = statSync(dir);
  const own = process.getuid?.();
  return own === undefined || own === 0 || uid === own;
};

/** The installations that are found, each once, by their real paths. */
export const installations = (surroundings: Surroundings): Installation[] => {
  const found = new Map<string, Installation>();
  for (const { dir, detail } of candidates(surroundings)) {
    try {
      const real = realpathSync(dir);
      versionOf(real);
      if (!found.has(real) && isOurs(real)) found.set(real, { dir: real, detail });
    } catch {
      // Not there, not NanoClaw, or not to be read: not found.
    }
  }
  return [...found.values()];
};

/** What an agent group is called on the mesh: short where it is the only one. */
export const agentName = (groups: readonly Group[], { folder }: Group): string =>
  groups.length === 1
    ? 'nanoclaw'
    : `nanoclaw-${folder}`
        .replace(/[^\p{L}\p{N}._-]+/gu, '-')
        .slice(0, LIMITS.nameChars)
        .replace(/[^\p{L}\p{N}]+$/u, '');

/** Agent groups of the installations on this machine; of one whose host does not run nothing is known. */
export async function* discover(
  clock: Clock,
  signal: AbortSignal,
  surroundings: Surroundings = { home: homedir(), env: process.env },
): AsyncGenerator<Found> {
  const asked = installations(surroundings).map(async ({ dir, detail }) => {
    try {
      return { dir, detail, groups: await groupsOf({ clock, dir, signal }) };
    } catch (error) {
      if (error instanceof Fault) return { dir, detail, groups: [] };
      throw error;
    }
  });
  const taken = new Set<string>();
  for (const { dir, detail, groups } of await Promise.all(asked)) {
    for (const group of groups) {
      const base = agentName(groups, group);
      const place = dir.replace(/^.*\//, '');
      const name = taken.has(base) ? `${base}@${place}` : base;
      taken.add(name);
      yield {
        entry: { name, kind: 'nanoclaw', dir, settings: { agent: group.folder } },
        source: 'local',
        detail: `${detail} (agent group ${group.folder})`,
      };
    }
  }
}
