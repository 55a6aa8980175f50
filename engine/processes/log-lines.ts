// The log of a program: each line of stderr (and what stdout holds beside its protocol) is a status event, and the last ones explain a failure.
import { StringDecoder } from 'node:string_decoder';

/** More lines than a person reads are counted instead of stored. */
const LINES_REPORTED = 1_000;
const LINE_CHARS = 4_096;
const TAIL_LINES = 20;

export class LogLines {
  readonly #decoder = new StringDecoder('utf8');
  readonly #tail: string[] = [];
  #open = '';
  #count = 0;

  /** The lines that ended with these bytes, as far as they are to be reported. */
  push(bytes: Uint8Array): string[] {
    const lines = (this.#open + this.#decoder.write(bytes)).split('\n');
    // An endless line keeps its beginning only.
    this.#open = (lines.pop() ?? '').slice(0, LINE_CHARS);
    return this.#take(lines);
  }

  /** One whole line that came another way. */
  line(text: string): string[] {
    return this.#take([text]);
  }

  /** What is left when the log ends, with a note about lines that were only counted. */
  end(): string[] {
    const last = this.#take([this.#open + this.#decoder.end()]);
    this.#open = '';
    const unreported = this.#count - LINES_REPORTED;
    return unreported > 0 ? [...last, `… and ${String(unreported)} more lines`] : last;
  }

  /** The last lines, for people; undefined when there are none. */
  get tail(): string | undefined {
    return this.#tail.length === 0 ? undefined : this.#tail.join('\n');
  }

  #take(lines: readonly string[]): string[] {
    return lines
      .map((line) => line.replace(/\r$/, '').slice(0, LINE_CHARS))
      .filter((line) => line.trim() !== '')
      .filter((line) => {
        this.#tail.push(line);
        if (this.#tail.length > TAIL_LINES) this.#tail.shift();
        return (this.#count += 1) <= LINES_REPORTED;
      });
  }
}
