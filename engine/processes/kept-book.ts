// Which programs are kept between runs, durable before they begin: the next life of a killed daemon ends what is left of them.
import { join } from 'node:path';
import { FILES } from '#machines/nouns/data-folder';
import { z } from 'zod';
import type { Clock, Disk } from '../ports.ts';
import { GRACE_MS } from './attendance.ts';
import { removeEmpty } from './own-folder.ts';
import { endGroup, endMarked, isOurGroup, processStart } from './process-group.ts';
import { programVariable } from './program.ts';

const ProcessSchema = z.object({ pid: z.number().int().positive(), started: z.string().min(1) });

const EntrySchema = z.object({
  version: z.literal(1),
  /** Carried in the environment of the program and of what it starts. */
  id: z.string().min(1),
  program: ProcessSchema,
  /** Who keeps it: the book of a process that lives is its own business. */
  keeper: ProcessSchema,
  /** A folder that was made for it, removed with it when it is empty. */
  folder: z.string().nullable(),
});
type Entry = z.infer<typeof EntrySchema>;

export type BookPorts = { readonly clock: Clock; readonly disk: Disk };

export class KeptBook {
  readonly #ports: BookPorts;
  readonly #folder: string;
  readonly #keeper: { readonly pid: number; readonly started: string } | null;

  constructor(ports: BookPorts, dataDir: string) {
    this.#ports = ports;
    this.#folder = join(dataDir, FILES.programs);
    const started = processStart(process.pid);
    this.#keeper = started === null ? null : { pid: process.pid, started };
  }

  /**
   * Notes a program. Durable when it returns.
   * @throws what the disk says; Error when the system does not tell when this process began
   */
  put(program: Pick<Entry, 'id' | 'program' | 'folder'>): void {
    if (this.#keeper === null) throw new Error('the start time of this process is not known');
    const entry: Entry = { version: 1, keeper: this.#keeper, ...program };
    this.#ports.disk.makeFolder(this.#folder);
    this.#ports.disk.writeAtomic(this.#fileOf(entry.id), JSON.stringify(entry));
  }

  /** Forgets a program of which nothing runs any more. */
  drop(id: string): void {
    this.#ports.disk.remove(this.#fileOf(id));
  }

  /** Ends what keepers that have gone left. A reused process number is never touched. Answers how many programs ran yet. */
  async endLeftBehind(): Promise<number> {
    const { disk } = this.#ports;
    const files = disk.list(this.#folder).filter((name) => name.endsWith('.json'));
    const ended = await Promise.all(files.map((name) => this.#endOne(join(this.#folder, name))));
    return ended.filter(Boolean).length;
  }

  async #endOne(file: string): Promise<boolean> {
    const { clock, disk } = this.#ports;
    const entry = this.#read(file);
    if (entry === null || processStart(entry.keeper.pid) === entry.keeper.started) return false;
    const { pid, started } = entry.program;
    const variable = programVariable(entry.id);
    const isLeft = isOurGroup(pid, started, variable);
    if (isLeft) await endGroup(clock, pid, GRACE_MS);
    await endMarked(clock, variable, GRACE_MS);
    if (entry.folder !== null) removeEmpty(entry.folder);
    disk.remove(file);
    return isLeft;
  }

  #read(file: string): Entry | null {
    try {
      const text = new TextDecoder().decode(this.#ports.disk.readFile(file));
      const parsed = EntrySchema.safeParse(JSON.parse(text));
      return parsed.success ? parsed.data : null;
    } catch {
      return null;
    }
  }

  #fileOf(id: string): string {
    return join(this.#folder, `${id}.json`);
  }
}
