// Starts a program that is to serve several runs: noted in the book, marked by an id of its own, not begun yet.
import type { Failure } from '#machines/nouns/error';
import type { Ports } from '../ports.ts';
import { startGated } from './gate.ts';
import { Held } from './held.ts';
import type { KeptBook } from './kept-book.ts';
import { makeOwnFolder, removeEmpty } from './own-folder.ts';
import { keptEnvironment, programVariable, type Program } from './program.ts';

export type KeptPorts = Pick<Ports, 'clock' | 'disk' | 'ids' | 'log'>;

export interface Started {
  readonly id: string;
  readonly held: Held;
  /** A folder that was made for it. */
  readonly folder: string | null;
  /** Whether a later life would find it. */
  readonly isBooked: boolean;
}

/** Starts the gate of a program, in an empty folder when it has none of its own. A failure when the system refuses. */
export const startKept = async (
  { clock, ids, log }: KeptPorts,
  book: KeptBook,
  { file, args, cwd, env }: Program,
  hasFolder: boolean,
): Promise<Started | Failure> => {
  const id = ids.uuidv7();
  // Never the folder of one run, which is removed while the program goes on.
  const made = hasFolder ? { path: null } : makeOwnFolder('agent');
  if (!('path' in made)) return made;
  const { path: folder } = made;
  const program = { file, args, cwd: folder ?? cwd, env };
  const gated = await startGated(program, keptEnvironment(program, id));
  if (!('child' in gated)) {
    if (folder !== null) removeEmpty(folder);
    return gated;
  }
  const { pid, started } = gated;
  const held = new Held(clock, gated, programVariable(id));
  try {
    book.put({ id, program: { pid, started }, folder });
    return { id, held, folder, isBooked: true };
  } catch (error) {
    // Its run is found by the handle; only what waits between runs would be lost.
    log.warn({ err: error }, 'a program is not kept, because it could not be noted');
    return { id, held, folder, isBooked: false };
  }
};
