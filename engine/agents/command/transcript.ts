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

const toArtifact = ({ name, text, data, files, mime }: OutcomeArtifact): OutcomeArtifact => ({
  ...(name === undefined ? {} : { name }),
  ...(text === undefined ? {} : { text }),
  ...(data === undefined ? {} : { data }),
  ...(files === undefined ? {} : { files }),
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
  #whole: Extract<AdapterEvent, { kind: 'message' }> | null = null;
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

  /** Takes one piece of stdout. The last whole message may be the answer: it is held until something supersedes it. */
  async take(piece: Piece): Promise<void> {
    if ('text' in piece) {
      this.#grow(piece.text);
      await this.#releaseWhole();
      this.#running += piece.text;
      await this.report({ kind: 'message', payload: { role: 'agent', text: piece.text }, delta: true });
      return;
    }
    const { event } = piece;
    if (event.kind === 'message' && event.payload.role !== 'user') {
      this.#grow(event.payload.text);
      await this.#releaseWhole();
      if (event.delta === true) this.#running += event.payload.text;
      else {
        this.#whole = event;
        this.#running = '';
        return;
      }
    } else if (event.kind === 'artifact') {
      this.#artifacts.push(toArtifact(event.payload as OutcomeArtifact));
    } else if (event.kind === 'error') this.#failure = toFailure(event.payload);
    await this.report(event);
  }

  /** What the outcome holds, after all reports are durable. The final text is the engine’s to record. */
  async close(): Promise<Pick<Outcome, 'text' | 'artifacts'>> {
    await this.#last;
    const running = this.#running.replace(/\r?\n$/, '');
    const text = running.trim() === '' ? this.#whole?.payload.text : running;
    return { ...(text === undefined ? {} : { text }), artifacts: this.#artifacts };
  }

  async #releaseWhole(): Promise<void> {
    const whole = this.#whole;
    this.#whole = null;
    if (whole !== null) await this.report(whole);
  }

  #grow(text: string): void {
    this.#bytes += Buffer.byteLength(text);
    if (this.#bytes > LIMITS.artifactBytes) {
      throw new OutputTooLarge(`more than ${String(LIMITS.artifactBytes)} bytes of text`);
    }
  }
}
