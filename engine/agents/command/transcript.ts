// What a run has said so far: reports each piece to the sink and keeps what the outcome needs.
import { failure, type Failure } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { AdapterEvent, Outcome, OutcomeArtifact, Sink } from '../adapter.ts';
import type { Piece } from './stdout-lines.ts';

/** Codes that a program may claim in an error line; any other word is the program’s own. */
const CLAIMABLE = ['agent_failed', 'agent_rejected', 'agent_needs_input', 'auth', 'invalid_input'] as const;

const toFailure = (payload: Extract<AdapterEvent, { kind: 'error' }>['payload']): Failure => {
  const code = CLAIMABLE.find((known) => known === payload.code) ?? 'agent_failed';
  const base = failure(code, payload.message, code === payload.code ? undefined : payload.code);
  return payload.retryable === undefined ? base : { ...base, retryable: payload.retryable };
};

const toArtifact = ({ name, text, data, mime }: OutcomeArtifact): OutcomeArtifact => ({
  ...(name === undefined ? {} : { name }),
  ...(text === undefined ? {} : { text }),
  ...(data === undefined ? {} : { data }),
  ...(mime === undefined ? {} : { mime }),
});

/** Thrown when a program prints more than a run may hold. */
export class OutputTooLarge extends Error {}

export class Transcript {
  readonly #sink: Sink;
  readonly #artifacts: OutcomeArtifact[] = [];
  /** Sink calls run one after the other, whichever stream they come from. */
  #last: Promise<void> = Promise.resolve();
  #running = '';
  #whole: string | null = null;
  #bytes = 0;
  #failure: Failure | null = null;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** The last failure that the program reported. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** Reports an event after all earlier ones; resolves when it is durable. */
  report(event: AdapterEvent): Promise<void> {
    this.#last = this.#last.then(() => this.#sink.event(event));
    return this.#last;
  }

  /** Takes one piece of stdout, `bytes` of which were read. */
  async take(piece: Piece): Promise<void> {
    if ('text' in piece) {
      this.#grow(piece.text);
      this.#running += piece.text;
      await this.report({ kind: 'message', payload: { role: 'agent', text: piece.text }, delta: true });
      return;
    }
    const { event } = piece;
    if (event.kind === 'message' && event.payload.role !== 'user') {
      this.#grow(event.payload.text);
      if (event.delta === true) this.#running += event.payload.text;
      else {
        this.#whole = event.payload.text;
        this.#running = '';
      }
    } else if (event.kind === 'artifact') {
      this.#artifacts.push(toArtifact(event.payload as OutcomeArtifact));
    } else if (event.kind === 'error') this.#failure = toFailure(event.payload);
    await this.report(event);
  }

  /** Reports the whole of a text that came in pieces, and gives what the outcome holds. */
  async close(): Promise<Pick<Outcome, 'text' | 'artifacts'>> {
    if (this.#running.trim() !== '') {
      this.#whole = this.#running.replace(/\r?\n$/, '');
      await this.report({ kind: 'message', payload: { role: 'agent', text: this.#whole } });
    }
    this.#running = '';
    await this.#last;
    return { ...(this.#whole === null ? {} : { text: this.#whole }), artifacts: this.#artifacts };
  }

  #grow(text: string): void {
    this.#bytes += Buffer.byteLength(text);
    if (this.#bytes > LIMITS.artifactBytes) {
      throw new OutputTooLarge(`more than ${String(LIMITS.artifactBytes)} bytes of text`);
    }
  }
}
