// Compiled machines by template: a run keeps the machine of its pinned template as long as it lives.
import { createHash } from 'node:crypto';
import { structureOf } from '#machines/team-run/chart';
import { compile, COMPILER_VERSION } from '#machines/team-run/compile';
import { host, type HostedMachine } from '#machines/team-run/host';
import { type TeamTemplate, TeamTemplateSchema } from '#machines/nouns/team';
import { MeshError } from '#machines/nouns/error';
import type { TeamRunRows } from './rows.ts';

export interface LibraryEntry {
  readonly template: TeamTemplate;
  readonly hosted: HostedMachine;
  /** SHA-256 of the machine's structure: what its snapshots depend on. */
  readonly machineHash: string;
  readonly compilerVersion: number;
}

/** Machines kept compiled at once; others are compiled again when they are needed. */
const KEPT = 128;

const entryOf = (template: TeamTemplate): LibraryEntry => {
  const machine = compile(template);
  return {
    template,
    hosted: host(machine),
    machineHash: createHash('sha256').update(structureOf(machine)).digest('hex'),
    compilerVersion: COMPILER_VERSION,
  };
};

export interface MachineLibrary {
  /** The machine of a template that is being pinned now. */
  put(hash: string, template: TeamTemplate): LibraryEntry;
  /** The machine of a template that was pinned earlier. */
  get(hash: string): LibraryEntry;
}

/** A library over the pinned templates. */
export const createMachineLibrary = (rows: Pick<TeamRunRows, 'pinned'>): MachineLibrary => {
  const kept = new Map<string, LibraryEntry>();
  const keep = (hash: string, entry: LibraryEntry): LibraryEntry => {
    const [oldest] = kept.keys();
    if (kept.size >= KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(hash, entry);
    return entry;
  };
  return {
    put: (hash, template) => kept.get(hash) ?? keep(hash, entryOf(template)),
    get: (hash) => {
      const known = kept.get(hash);
      if (known !== undefined) return known;
      const pinned = rows.pinned(hash);
      if (pinned === null)
        throw new MeshError('machine_mismatch', `the template ${hash} is not in the database`);
      return keep(hash, entryOf(TeamTemplateSchema.parse(JSON.parse(pinned.parsed))));
    },
  };
};
