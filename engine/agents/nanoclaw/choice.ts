// Which installation and which of its agent groups an install is for, and what is in the way of it.
import { realpathSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { InstallOptions, Obstacle } from '../adapter.ts';
import type { Group } from './admin.ts';
import { installations } from './discover.ts';
import { Fault } from './fault.ts';
import { installSlug } from './place.ts';

/** Thrown while a plan is made: why it cannot be, and what to do. */
export class InTheWay extends Error {
  readonly remedy: string;
  readonly fault: Fault | null;

  constructor(what: string | Fault, remedy: string) {
    super(what instanceof Fault ? what.message : what);
    this.fault = what instanceof Fault ? what : null;
    this.remedy = remedy;
  }
}

const HOW_TO_SAY = 'Say where it is with --dir FOLDER, or set NANOCLAW_DIR.';

/** What is in the way, as a plan tells it. */
export const obstacle = (error: InTheWay | Fault): Obstacle => {
  const remedy = error instanceof InTheWay ? error.remedy : HOW_TO_SAY;
  const fault = error instanceof InTheWay ? error.fault : error;
  return fault === null
    ? { code: 'install_blocked', message: error.message, retryable: false, remedy }
    : { ...fault.failure, remedy };
};

/** The folder of the installation that is meant. Throws InTheWay when there is none, or more than one. */
export const findDir = ({ dir, env }: InstallOptions): string => {
  const named = env['NANOCLAW_DIR'];
  const wanted = dir ?? (named === '' ? undefined : named);
  if (wanted !== undefined) {
    if (!isAbsolute(wanted)) throw new InTheWay(`${wanted} is not a whole path`, HOW_TO_SAY);
    try {
      return realpathSync(wanted);
    } catch {
      throw new InTheWay(`There is no folder ${wanted}`, HOW_TO_SAY);
    }
  }
  const found = installations({ home: env['HOME'] ?? '/', env });
  const [only, second] = found;
  if (only === undefined)
    throw new InTheWay(
      'No NanoClaw was found in the home folder, nor among its services',
      `Install NanoClaw first. ${HOW_TO_SAY}`,
    );
  if (second !== undefined)
    throw new InTheWay(
      'There is more than one NanoClaw on this machine',
      `Say which: ${found.map((each) => `--dir ${each.dir}`).join(' or ')}`,
    );
  return only.dir;
};

/** How a person starts the host of an installation. */
export const howToStart = (dir: string): string =>
  process.platform === 'darwin'
    ? `Start it: launchctl kickstart gui/$(id -u)/com.nanoclaw-v2-${installSlug(dir)}`
    : `Start it as the user that owns it: systemctl --user start nanoclaw-v2-${installSlug(dir)}`;

/**
 * The agent groups that are asked for: by folder or id, several with commas, all by `*`. When nothing is said those of
 * earlier installs, or the only one. Throws InTheWay.
 */
export const chosenGroups = (
  groups: readonly Group[],
  wanted: string | null,
  before: readonly string[],
  dir: string,
): Group[] => {
  const known = groups.map(({ folder }) => folder).join(', ');
  if (groups.length === 0)
    throw new InTheWay(
      `The NanoClaw in ${dir} has no agent group yet`,
      `Make one: \`bin/ncl groups create\` in ${dir}.`,
    );
  if (wanted === '*') return [...groups];
  if (wanted === null) {
    const again = groups.filter(({ folder }) => before.includes(folder));
    if (again.length > 0) return again;
    if (groups.length === 1) return [...groups];
    throw new InTheWay(
      `The NanoClaw in ${dir} has several agent groups: ${known}`,
      "Say which with --group, several with commas, or --group '*' for all.",
    );
  }
  const names = wanted.split(',').map((name) => name.trim());
  const found = names.map((name) => groups.find(({ folder, id }) => folder === name || id === name));
  const missing = names.filter((_, at) => found[at] === undefined);
  if (missing.length > 0)
    throw new InTheWay(
      `The NanoClaw in ${dir} has no agent group ${missing.join(', ')}`,
      `Its agent groups are ${known}.`,
    );
  return [...new Set(found.filter((group) => group !== undefined))];
};
