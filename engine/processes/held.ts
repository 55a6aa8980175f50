// A started program in our hands, from its gate to the end of its group. What it prints goes to whoever listens at the time.
import type { Clock } from '../ports.ts';
import { attend, pause, type Attendance, type Exit } from './attendance.ts';
import type { Gated } from './gate.ts';
import { JsonLines, type Line } from './json-lines.ts';
import { LogLines } from './log-lines.ts';

/** Who hears what a program prints. */
export interface Listener {
  /** Takes one JSON value of stdout; the next is read when it is done. Throws AgentFault for what no agent may say. */
  take(value: unknown): Promise<void>;
  /** Lines for people. */
  log(texts: readonly string[]): Promise<void>;
  /** Nothing more comes. */
  over(): void;
}

const DEAF: Listener = {
  take: () => Promise.resolve(),
  log: () => Promise.resolve(),
  over: () => undefined,
};

export class Held {
  readonly pid: number;
  readonly started: string;
  /** NAME=value in the environment of the program and of everything that it starts. */
  readonly variable: string;
  readonly #clock: Clock;
  readonly #gated: Gated;
  readonly #attendance: Attendance;
  readonly #lines = new JsonLines();
  #listener = DEAF;
  #talk = new LogLines();
  #stderr = new LogLines();
  #reading: Promise<Exit> | null = null;
  #isOver = false;

  constructor(clock: Clock, gated: Gated, variable: string) {
    this.pid = gated.pid;
    this.started = gated.started;
    this.variable = variable;
    this.#clock = clock;
    this.#gated = gated;
    this.#attendance = attend(clock, gated);
  }

  /** Whether it has ended, or closed its output, after which nobody can talk with it. */
  get isGone(): boolean {
    return this.#isOver || this.#attendance.hasExited();
  }

  get hasExited(): boolean {
    return this.#attendance.hasExited();
  }

  get exited(): Promise<Exit> {
    return this.#attendance.exited;
  }

  /** The last lines for people since somebody began to listen. */
  get tail(): string | undefined {
    return this.#stderr.tail ?? this.#talk.tail;
  }

  /** From now on `listener` hears it, and nobody else. */
  listen(listener: Listener): void {
    this.#listener = listener;
    this.#talk = new LogLines();
    this.#stderr = new LogLines();
  }

  /**
   * Lets it begin, when it has not yet. Resolves once it has exited, nothing of its group runs and all that it said is
   * read; rejects with what a listener throws.
   */
  open(): Promise<Exit> {
    if (this.#reading === null) {
      this.#gated.open();
      this.#reading = this.#read();
      this.#reading.catch(() => undefined);
    }
    return this.#reading;
  }

  /** Resolves when nothing more is read of it; at once when it never began. */
  async settled(): Promise<void> {
    await this.#reading?.catch(() => undefined);
  }

  /** Writes one JSON value as a line to its stdin. What a program that has gone does not read is lost. */
  say(value: unknown): void {
    this.#gated.child.stdin.write(`${JSON.stringify(value)}\n`);
  }

  /** Gives it a text as its whole stdin: nothing can be said after it. */
  sayAll(text: string): void {
    this.#gated.child.stdin.end(text);
  }

  /** Ends its process group; resolves to whether nothing of it runs any more. */
  end(): Promise<boolean> {
    return this.#attendance.end();
  }

  /** Lets it go: stdin closed, a moment to leave, then the end of its group. Resolves to whether it left by itself. */
  async dismiss(lingerMs: number): Promise<boolean> {
    this.#gated.child.stdin.end();
    await Promise.race([this.exited, pause(this.#clock, lingerMs)]);
    if (this.hasExited) return true;
    await this.end();
    return false;
  }

  /** Lets go of its pipes. */
  close(): void {
    this.#attendance.close();
  }

  #read(): Promise<Exit> {
    const takeAll = async (found: Iterable<Line>): Promise<void> => {
      for (const line of found) {
        if ('value' in line) await this.#listener.take(line.value);
        else await this.#log(this.#talk.line(line.text));
      }
    };
    return this.#attendance.read(
      {
        push: (bytes) => takeAll(this.#lines.push(bytes)),
        end: async () => {
          await takeAll(this.#lines.end());
          await this.#log(this.#talk.end());
          this.#isOver = true;
          this.#listener.over();
        },
      },
      {
        push: (bytes) => this.#log(this.#stderr.push(bytes)),
        end: () => this.#log(this.#stderr.end()),
      },
    );
  }

  #log(texts: readonly string[]): Promise<void> {
    return texts.length === 0 ? Promise.resolve() : this.#listener.log(texts);
  }
}
