// What a program prints, as pieces in order: plain text as it comes, and lines that are events.
import { StringDecoder } from 'node:string_decoder';
import { EventKindSchema, PAYLOAD_SCHEMAS } from '#machines/nouns/event';
import { LIMITS } from '#machines/nouns/limits';
import { z } from 'zod';
import { depthOf } from '../../processes/json-lines.ts';
import type { AdapterEvent } from '../adapter.ts';

/** A piece of stdout. */
export type Piece = { readonly text: string } | { readonly event: AdapterEvent };

const metadata = z.record(z.string(), z.unknown()).optional();
const delta = z.boolean().optional();

/** One line that is an event: the payload is checked by the schema of its kind; other keys are dropped. */
const EventLineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('status'), payload: PAYLOAD_SCHEMAS.status, metadata }),
  z.object({ kind: z.literal('message'), payload: PAYLOAD_SCHEMAS.message, delta, metadata }),
  z.object({ kind: z.literal('artifact'), payload: PAYLOAD_SCHEMAS.artifact, metadata }),
  z.object({ kind: z.literal('tool'), payload: PAYLOAD_SCHEMAS.tool, metadata }),
  z.object({ kind: z.literal('reasoning'), payload: PAYLOAD_SCHEMAS.reasoning, delta, metadata }),
  z.object({ kind: z.literal('error'), payload: PAYLOAD_SCHEMAS.error, metadata }),
]);

const withoutUndefined = (value: z.infer<typeof EventLineSchema>): AdapterEvent =>
  Object.fromEntries(
    Object.entries(value).filter(([, part]) => part !== undefined),
  ) as unknown as AdapterEvent;

/** The event that a line is; null when it is just text. */
export const parseEventLine = (line: string): AdapterEvent | null => {
  if (!line.startsWith('{') || depthOf(line) > LIMITS.jsonDepth) return null;
  try {
    const value: unknown = JSON.parse(line);
    const known = z.looseObject({ kind: EventKindSchema }).safeParse(value);
    const parsed = known.success ? EventLineSchema.safeParse(value) : null;
    return parsed?.success === true ? withoutUndefined(parsed.data) : null;
  } catch {
    return null;
  }
};

/** Cuts stdout into pieces. Characters that span two chunks stay whole; text is not held back until its newline. */
export class StdoutLines {
  readonly #decoder = new StringDecoder('utf8');
  /** A line that begins with `{` and has not ended yet. */
  #held: string | null = null;
  #atLineStart = true;

  push(bytes: Uint8Array): Piece[] {
    return this.#take(this.#decoder.write(bytes));
  }

  /** What is left when stdout ends. */
  end(): Piece[] {
    const pieces = this.#take(this.#decoder.end());
    if (this.#held === null) return pieces;
    const event = parseEventLine(this.#held);
    const last: Piece = event === null ? { text: this.#held } : { event };
    this.#held = null;
    return [...pieces, last];
  }

  #take(chunk: string): Piece[] {
    const pieces: Piece[] = [];
    let text = '';
    const flush = (): void => {
      if (text !== '') pieces.push({ text });
      text = '';
    };
    for (let at = 0; at < chunk.length;) {
      const newline = chunk.indexOf('\n', at);
      const end = newline === -1 ? chunk.length : newline + 1;
      const segment = chunk.slice(at, end);
      at = end;
      if (this.#held !== null || (this.#atLineStart && segment.startsWith('{'))) {
        const line = (this.#held ?? '') + segment;
        const event = newline === -1 ? null : parseEventLine(line);
        const isOpen = newline === -1 && line.length <= LIMITS.artifactBytes;
        this.#held = isOpen ? line : null;
        if (event !== null) {
          flush();
          pieces.push({ event });
        } else if (!isOpen) text += line;
      } else text += segment;
      this.#atLineStart = newline !== -1;
    }
    flush();
    return pieces;
  }
}
