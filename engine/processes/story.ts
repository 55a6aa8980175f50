// What an agent has told during one run: reported in order, and what of it is the answer.
import { LIMITS } from '#machines/nouns/limits';
import type { AdapterEvent, NativeHandle, Outcome, OutcomeArtifact, Sink } from '../agents/adapter.ts';
import { AgentFault } from './agent-fault.ts';

interface Message {
  readonly id: string | null;
  text: string;
}

/** Tool calls remembered, the latest ones: what is told again of one of them changes nothing. */
const CALLS_KEPT = 10_000;

/** Facts about a tool call that go beside its name and phase. */
export interface ToolFacts {
  /** What people call the call, where that is more than the tool’s name. */
  readonly title?: string;
  /** The call that this one is part of, as when an agent lets another work for it. */
  readonly parent_call_id?: string;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly error?: unknown;
}

export class Story {
  readonly #sink: Sink;
  readonly #artifacts: OutcomeArtifact[] = [];
  readonly #calls = new Map<string, { readonly name: string; hasEnded: boolean }>();
  /** Sink calls run one after the other, wherever they come from. */
  #last: Promise<unknown> = Promise.resolve();
  #message: Message | null = null;
  /** Whether something else came after the message: the next piece without an id begins another. */
  #isBroken = false;
  #bytes = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Reports an event after all earlier ones; resolves when it is durable. Rejects as the sink does. */
  report(event: AdapterEvent): Promise<void> {
    return this.#inTurn(() => this.#sink.event(event));
  }

  /** Saves more of what finds the run again, after all earlier reports. */
  handle(native: NativeHandle, taskId: string): Promise<void> {
    return this.#inTurn(() => this.#sink.handle(native, taskId));
  }

  /** A line for people about how it goes. */
  status(text: string, data?: Readonly<Record<string, unknown>>): Promise<void> {
    return this.report({
      kind: 'status',
      payload: { state: 'working', text, ...(data === undefined ? {} : { data }) },
    });
  }

  /** What the run has used: tokens, money, as far as the agent says. */
  usage(usage: Readonly<Record<string, unknown>>): Promise<void> {
    const { input_tokens: read, output_tokens: written } = usage;
    const text =
      typeof read === 'number' && typeof written === 'number'
        ? `${String(read)} tokens in, ${String(written)} out`
        : 'usage';
    return this.report({
      kind: 'status',
      payload: { state: 'working', text, data: { usage } },
      metadata: { usage },
    });
  }

  /**
   * A piece of a message that goes on. `id` tells messages apart where the agent has ids for them; without, a message
   * ends where a tool is used.
   */
  async piece(text: string, id: string | null): Promise<void> {
    if (text === '') return;
    this.#grow(text);
    const current = this.#message;
    const goesOn = current !== null && (id === null ? !this.#isBroken : id === current.id);
    if (goesOn) current.text += text;
    else {
      await this.#supersede();
      this.#message = { id, text };
    }
    this.#isBroken = false;
    await this.report({ kind: 'message', payload: { role: 'agent', text }, delta: true });
  }

  /**
   * A whole message. Where its pieces came before (the same `id`) it only settles what they add up to. It may be the
   * answer, so it is reported when another follows; the last one is recorded by the engine with the end.
   */
  async message(text: string, id: string | null): Promise<void> {
    if (text === '') return;
    if (this.#message !== null && id !== null && this.#message.id === id) this.#message.text = text;
    else {
      this.#grow(text);
      await this.#supersede();
      this.#message = { id, text };
    }
    this.#isBroken = true;
  }

  /** Something that the agent thought: a piece that goes on, or a whole thought. */
  thought(text: string, isPiece: boolean): Promise<void> {
    if (text === '') return Promise.resolve();
    const event = { kind: 'reasoning', payload: { text } } as const;
    return this.report(isPiece ? { ...event, delta: true } : event);
  }

  /** The beginning of a tool call; told again it changes nothing. */
  async toolStart(id: string, name: string, facts: ToolFacts = {}): Promise<void> {
    if (this.#calls.has(id)) return;
    this.#calls.set(id, { name, hasEnded: false });
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > CALLS_KEPT && oldest !== undefined) this.#calls.delete(oldest);
    this.#isBroken = true;
    await this.report({ kind: 'tool', payload: { name, phase: 'start', call_id: id, ...facts } });
  }

  /** News of a call that goes on; of one that is not open it is no news. */
  async toolUpdate(id: string, facts: ToolFacts): Promise<void> {
    const call = this.#calls.get(id);
    if (call === undefined || call.hasEnded) return;
    await this.report({ kind: 'tool', payload: { name: call.name, phase: 'update', call_id: id, ...facts } });
  }

  /** The end of a call, once. One whose beginning nobody told gets it now, so that calls are always pairs. */
  async toolEnd(id: string, name: string, facts: ToolFacts): Promise<void> {
    if (!this.#calls.has(id)) await this.toolStart(id, name);
    const call = this.#calls.get(id);
    if (call === undefined || call.hasEnded) return;
    call.hasEnded = true;
    this.#isBroken = true;
    await this.report({ kind: 'tool', payload: { name: call.name, phase: 'end', call_id: id, ...facts } });
  }

  /** A complete artifact. */
  async artifact(artifact: OutcomeArtifact): Promise<void> {
    this.#grow(artifact.text ?? JSON.stringify(artifact.data ?? null));
    for (const { base64 = '' } of artifact.files ?? []) this.#grow(base64);
    this.#artifacts.push(artifact);
    await this.report({ kind: 'artifact', payload: { ...artifact } });
  }

  /** What the outcome holds, once everything told so far is durable. Rejects as the sink does. */
  async close(): Promise<Pick<Outcome, 'text' | 'artifacts'>> {
    await this.#last;
    const text = this.#message?.text.trim();
    return {
      ...(text === undefined || text === '' ? {} : { text: this.#message?.text ?? '' }),
      artifacts: this.#artifacts,
    };
  }

  async #supersede(): Promise<void> {
    const before = this.#message;
    this.#message = null;
    if (before !== null && before.text.trim() !== '') {
      await this.report({ kind: 'message', payload: { role: 'agent', text: before.text } });
    }
  }

  #inTurn(call: () => Promise<void>): Promise<void> {
    const done = this.#last.then(call);
    this.#last = done;
    // Whoever awaits it is told; the chain itself is awaited by `close`.
    done.catch(() => undefined);
    return done;
  }

  #grow(text: string): void {
    this.#bytes += Buffer.byteLength(text);
    if (this.#bytes > LIMITS.artifactBytes) {
      throw new AgentFault(
        'invalid_agent_response',
        `The agent told more than ${String(LIMITS.artifactBytes)} bytes of text`,
      );
    }
  }
}
