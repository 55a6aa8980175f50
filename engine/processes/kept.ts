// Programs that stay for the next run of their agent: one run at a time in each, ended when nobody has needed them for a while.
//
// Why one run at a time: a program that crashes, or must be ended because it ignores a cancel, takes nobody else’s run along.
import { tmpdir } from 'node:os';
import type { AgentEntry } from '#machines/nouns/agent';
import type { Failure } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { InvokeRequest, Outcome, Sink } from '../agents/adapter.ts';
import { attendRun, type Manner, type Stage } from './conversation.ts';
import type { Held } from './held.ts';
import { KeptBook } from './kept-book.ts';
import { startKept, type KeptPorts, type Started } from './kept-start.ts';
import { holdsFiles, removeEmpty } from './own-folder.ts';
import { groupAlive, processStart } from './process-group.ts';
import { fileState, findProgram, type Program } from './program.ts';

/** A program that is let go gets this long to leave by itself; it may be saving something. */
const LINGER_MS = 1_000;
/** The same when the daemon stops, which should be quick. */
const LINGER_AT_END_MS = 300;
/** What a program may say while nobody has asked it anything. */
const IDLE_WORDS = 1_000;

/** What is said with one program over all its runs. */
export interface Talk {
  take(value: unknown): Promise<void>;
  over(): void;
  /** Whether nothing odd was said: an odd program serves nobody else. */
  isFit(): boolean;
}

/** What a run needs a program for. */
export interface Wanted {
  /** The entry with its argv; without `cwd` the program gets an empty folder of its own. */
  readonly entry: AgentEntry;
  /** How long the program waits for its next run; 0: it is ended with this one. */
  readonly idleMs: number;
}

interface Kept<T> extends Started {
  readonly talk: T;
  readonly agent: string;
  /** As its agent was known when it began. */
  readonly entry: string;
  /** Who may use it: the same agent, with the same entry, and the same file of the program. */
  readonly key: string;
  /** Resolves when nothing of it runs any more and nothing of it is noted. */
  buried: Promise<void>;
  runs: number;
  isUnwanted: boolean;
  forget: () => void;
}

const failed = (error: Failure): Outcome => ({ status: 'failed', artifacts: [], error });

export class KeptPrograms<T extends Talk> {
  readonly #ports: KeptPorts;
  readonly #book: KeptBook;
  readonly #talkOf: (held: Held) => T;
  /** The longest idle first. */
  readonly #idle: Kept<T>[] = [];
  /** At work, or about to be ready for the next run. */
  readonly #busy = new Set<Kept<T>>();
  readonly #leaving = new Map<Kept<T>, Promise<void>>();
  /** What is under way and must be over before this process may go. */
  readonly #ending = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(ports: KeptPorts, dataDir: string, talkOf: (held: Held) => T) {
    this.#ports = ports;
    this.#book = new KeptBook(ports, dataDir);
    this.#talkOf = talkOf;
  }

  /** Ends what an earlier life of the daemon has left, by and by. Called once, by who holds the data folder. */
  begin(): void {
    this.#keepTrack(
      this.#book.endLeftBehind().then(
        (count) => {
          if (count > 0) this.#ports.log.info({ count }, 'ended programs that an earlier life had kept');
        },
        (error: unknown) => {
          this.#ports.log.error({ err: error }, 'programs of an earlier life could not be ended');
        },
      ),
    );
  }

  /**
   * Runs one request at a program that waits, or at a new one. Nothing of a program runs before it is in the book and its
   * handle is saved. One that cannot be started is a failed outcome; faults of ours reject.
   */
  async run(
    { entry, idleMs }: Wanted,
    request: InvokeRequest,
    sink: Sink,
    mannerOf: (stage: Stage, talk: T) => Manner,
  ): Promise<Outcome> {
    if (request.signal.aborted) return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
    const program = findProgram({ ...entry, cwd: entry.cwd ?? tmpdir() });
    if (!('file' in program)) return failed(program);
    const key = JSON.stringify([request.target.name, request.target.entry, fileState(program)]);
    for (let waiting = await this.#take(key); ; waiting = null) {
      const one = waiting ?? (await this.#start(program, key, entry.cwd !== undefined, request));
      if (!('held' in one)) return failed(one);
      one.runs += 1;
      const outcome = await attendRun(
        this.#ports.clock,
        one.held,
        request,
        sink,
        (stage) => mannerOf(stage, one.talk),
        {
          handle: { program: one.id },
          isUsed: waiting !== null,
          keep: (manner) => this.#keep(one, idleMs, manner),
        },
      );
      // One that had died, or was fed up, is made up for by a new one, once.
      if (outcome === 'unanswered') continue;
      if (one.folder !== null && holdsFiles(one.folder))
        await sink.event({
          kind: 'status',
          payload: { state: 'working', text: `The agent left files in ${one.folder}` },
        });
      return outcome;
    }
  }

  /** Lets go of programs whose agent has gone or changed; those at work are ended with their run. */
  agentsChanged(entryOf: (agent: string) => AgentEntry | null): void {
    for (const one of [...this.#idle, ...this.#busy]) {
      if (JSON.stringify(entryOf(one.agent)) === one.entry) continue;
      one.isUnwanted = true;
      if (this.#idle.includes(one)) this.#dismiss(one, LINGER_MS);
    }
  }

  /** Ends what waits, and keeps nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const one of [...this.#idle, ...this.#leaving.keys()]) this.#dismiss(one, LINGER_AT_END_MS);
    while (this.#ending.size > 0) await Promise.all(this.#ending);
  }

  /** One that waits, the latest used, alive; null when there is none. One that is about to be ready is waited for. */
  async #take(key: string): Promise<Kept<T> | null> {
    for (;;) {
      const one = this.#idle.findLast((each) => each.key === key);
      if (one === undefined) {
        const soon = [...this.#leaving].flatMap(([each, left]) => (each.key === key ? [left] : []));
        if (soon.length === 0) return null;
        await Promise.race(soon);
        continue;
      }
      this.#idle.splice(this.#idle.indexOf(one), 1);
      one.forget();
      // What has just died may not have been heard of yet.
      if (this.#isUsable(one) && processStart(one.held.pid) === one.held.started) {
        this.#busy.add(one);
        return one;
      }
      this.#dismiss(one, 0);
    }
  }

  async #start(
    program: Program,
    key: string,
    hasFolder: boolean,
    { target }: InvokeRequest,
  ): Promise<Kept<T> | Failure> {
    const started = await startKept(this.#ports, this.#book, program, hasFolder);
    if (!('held' in started)) return started;
    const one: Kept<T> = {
      ...started,
      talk: this.#talkOf(started.held),
      agent: target.name,
      entry: JSON.stringify(target.entry),
      key,
      buried: Promise.resolve(),
      runs: 0,
      isUnwanted: false,
      forget: () => undefined,
    };
    this.#busy.add(one);
    one.buried = this.#bury(one);
    return one;
  }

  /** What is left to do when a program has gone, however it went. */
  async #bury(one: Kept<T>): Promise<void> {
    const { held } = one;
    await held.exited.catch(() => undefined);
    await held.settled();
    if (groupAlive(held.pid)) await held.end();
    one.forget();
    this.#remove(one);
    held.close();
    if (one.folder !== null) removeEmpty(one.folder);
    try {
      if (one.isBooked && !groupAlive(held.pid)) this.#book.drop(one.id);
    } catch (error) {
      this.#ports.log.warn({ err: error }, 'a program that has gone could not be taken out of the book');
    }
  }

  #isUsable(one: Kept<T>): boolean {
    return !this.#isClosed && !one.isUnwanted && one.talk.isFit() && !one.held.isGone;
  }

  #keep(one: Kept<T>, idleMs: number, manner: Manner): boolean {
    const isWorth = idleMs > 0 && one.isBooked && one.runs < LIMITS.keptProgramRuns;
    if (!isWorth || !this.#isUsable(one) || (one.folder !== null && holdsFiles(one.folder))) return false;
    const ready = manner.stay?.() ?? false;
    if (ready === false) return false;
    this.#listenTo(one);
    const left = ready
      .catch(() => false)
      .then((isReady) => {
        if (!this.#leaving.delete(one)) return;
        this.#busy.delete(one);
        if (isReady && this.#isUsable(one)) this.#wait(one, idleMs);
        else this.#dismiss(one, LINGER_MS);
      });
    this.#leaving.set(one, left);
    return true;
  }

  #wait(one: Kept<T>, idleMs: number): void {
    this.#idle.push(one);
    one.forget = this.#ports.clock.after(idleMs, () => {
      this.#dismiss(one, LINGER_MS);
    });
    const [oldest] = this.#idle;
    if (this.#idle.length > LIMITS.keptPrograms && oldest !== undefined) this.#dismiss(oldest, LINGER_MS);
  }

  /** Between two runs nothing of what it says reaches anybody. */
  #listenTo(one: Kept<T>): void {
    let words = 0;
    one.held.listen({
      take: async (value) => {
        await one.talk.take(value);
        words += 1;
        if (words > IDLE_WORDS || !one.talk.isFit()) this.#dismiss(one, LINGER_MS);
      },
      log: (texts) => {
        words += texts.length;
        if (words > IDLE_WORDS) this.#dismiss(one, LINGER_MS);
        return Promise.resolve();
      },
      over: () => {
        one.talk.over();
        this.#dismiss(one, LINGER_MS);
      },
    });
    // What no agent may say ends it; the run before has its outcome, and the next gets another program.
    one.held.open().catch(() => {
      this.#dismiss(one, 0);
    });
  }

  #dismiss(one: Kept<T>, lingerMs: number): void {
    one.isUnwanted = true;
    one.forget();
    this.#remove(one);
    this.#keepTrack(
      one.held
        .dismiss(lingerMs)
        .catch(() => undefined)
        .then(() => one.buried),
    );
  }

  #remove(one: Kept<T>): void {
    this.#busy.delete(one);
    this.#leaving.delete(one);
    const at = this.#idle.indexOf(one);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  #keepTrack(work: Promise<unknown>): void {
    this.#ending.add(work);
    void work.finally(() => this.#ending.delete(work));
  }
}
