// Cuts what a program prints into JSON values, one a line, with limits on how long and how deep a line may be.
import { LIMITS } from '#machines/nouns/limits';
import { AgentFault } from './agent-fault.ts';

/** A line: the value that it is, or its text when it is no JSON (programs print greetings and warnings there, too). */
export type Line = { readonly value: unknown } | { readonly text: string };

const NEWLINE = 0x0a;

/**
 * How deep the brackets of a JSON text nest; brackets inside strings do not count.
 * RFC 8259 section 9: an implementation may set limits on the maximum depth of nesting.
 */
export const depthOf = (json: string): number => {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const char = json[at];
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, (depth += 1));
    else if (char === '}' || char === ']') depth -= 1;
  }
  return deepest;
};

/** What one line is; null for a blank one. Throws AgentFault when it nests deeper than the log allows. */
export const readLine = (line: string): Line | null => {
  const text = line.trim();
  if (text === '') return null;
  // Every message of these protocols is an object: a line that is a mere number or word is talk.
  if (!text.startsWith('{')) return { text };
  if (depthOf(text) > LIMITS.jsonDepth) {
    throw new AgentFault(
      'invalid_agent_response',
      `The program printed JSON that nests deeper than ${String(LIMITS.jsonDepth)} levels`,
    );
  }
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { text };
  }
};

/** Collects bytes into lines. A line longer than one artifact may be is a fault of the program. */
export class JsonLines {
  readonly #parts: Uint8Array[] = [];
  #bytes = 0;

  /** The lines that end with these bytes, one after the other. Throws AgentFault. */
  *push(chunk: Uint8Array): Generator<Line> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#keep(chunk.subarray(from, end));
      from = end + 1;
      yield* this.#take();
    }
    this.#keep(chunk.subarray(from));
  }

  /** What is left when the program has closed its output. Throws AgentFault. */
  *end(): Generator<Line> {
    yield* this.#take();
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > LIMITS.artifactBytes) {
      throw new AgentFault(
        'invalid_agent_response',
        `The program printed a line of more than ${String(LIMITS.artifactBytes)} bytes`,
      );
    }
    if (part.length > 0) this.#parts.push(part);
  }

  *#take(): Generator<Line> {
    const line = readLine(Buffer.concat(this.#parts).toString('utf8'));
    this.#parts.length = 0;
    this.#bytes = 0;
    if (line !== null) yield line;
  }
}
