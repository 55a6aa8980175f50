// What a run has said so far: reports each thing to the sink in its order, and keeps what the outcome needs.
import { failure, type Failure } from '#machines/nouns/error';
import { LIMITS } from '#machines/nouns/limits';
import type { Clock } from '../../ports.ts';
import type { OutcomeArtifact, Sink } from '../adapter.ts';
import { Fault } from './fault.ts';
import type { Look, OutRow } from './mail.ts';
import { readFromOutbox } from './outbox.ts';
import type { Said } from './said.ts';

/** The last message may be the answer, so it is held. After this long without an end it was one on the way. */
const HOLD_MS = 5_000;
/** More single events of one run than this help nobody; the rest is counted. */
const EVENTS = 1_000;
/** Tools by which an agent sends what we hold: they do not show that it goes on. */
const SENDING = /(?:send_message|send_file|edit_message|add_reaction)$/;

interface Held {
  readonly rowid: number;
  readonly id: string;
  text: string;
  readonly since: number;
  readonly isFailure: boolean;
  isTold: boolean;
}

export interface TranscriptParts {
  readonly sink: Sink;
  readonly clock: Clock;
  /** The session’s folder. */
  readonly folder: string;
  /** Rows up to here were told by an earlier life of the daemon; null: there was none. */
  readonly toldUpTo: number | null;
  /** Makes durable up to which row was told. */
  readonly save: (rowid: number) => Promise<void>;
}

export class Transcript {
  readonly #parts: TranscriptParts;
  readonly #artifacts: OutcomeArtifact[] = [];
  readonly #seen = new Set<string>();
  #held: Held | null = null;
  #tool: Look['tool'] = null;
  #events = 0;
  #bytes = 0;
  /** While the rows are read again that an earlier life of the daemon may have told of. */
  #isReplay: boolean;

  constructor(parts: TranscriptParts) {
    this.#parts = parts;
    this.#isReplay = parts.toldUpTo !== null;
  }

  /** What comes from now on is new. */
  endReplay(): void {
    this.#isReplay = false;
  }

  /** Whether something was said that can be the answer. */
  get hasAnswer(): boolean {
    return this.#held !== null || this.#artifacts.length > 0;
  }

  get hasToolInFlight(): boolean {
    return this.#tool !== null;
  }

  /** A line of what happens at the agent. */
  async status(text: string): Promise<void> {
    if (this.#isCountedOnly()) return;
    await this.#parts.sink.event({ kind: 'status', payload: { state: 'working', text } });
  }

  /** Takes one row, once. Throws Fault when all rows together are more than a run may hold. */
  async take(row: OutRow, said: Said): Promise<void> {
    if (this.#seen.has(row.id)) return;
    this.#seen.add(row.id);
    const isTold = row.rowid <= (this.#parts.toldUpTo ?? 0);
    if (said.kind === 'nothing') return;
    if (said.kind === 'note') {
      if (!isTold) await this.status(said.text);
      return;
    }
    this.#grow(said.text);
    if (said.kind === 'edit') {
      await this.#edit(row, said, isTold);
      return;
    }
    for (const name of said.files) await this.#file(row, name);
    if (said.text === '') return;
    await this.#release();
    this.#held = {
      rowid: row.rowid,
      id: row.id,
      text: said.text,
      since: this.#parts.clock.now(),
      isFailure: said.isFailure,
      isTold,
    };
  }

  /** Takes what tool is in flight: its begin and its end are told as a pair. */
  async takeTool(tool: Look['tool']): Promise<void> {
    const before = this.#tool;
    if (before?.name === tool?.name && before?.startedAt === tool?.startedAt) return;
    this.#tool = tool;
    if (before !== null) await this.#tell(before, 'end');
    if (tool === null) return;
    if (!SENDING.test(tool.name)) await this.#release();
    await this.#tell(tool, 'start');
  }

  /** What was held long enough is told: the agent goes on. */
  async tick(): Promise<void> {
    if (this.#held !== null && this.#parts.clock.now() - this.#held.since >= HOLD_MS) await this.#release();
  }

  /** What the outcome holds. The final text is the engine’s to record. */
  async close(): Promise<{ text?: string; artifacts: OutcomeArtifact[]; failure: Failure | null }> {
    if (this.#tool !== null) await this.takeTool(null);
    if (this.#events > EVENTS)
      await this.#parts.sink.event({
        kind: 'status',
        payload: { state: 'working', text: `… and ${String(this.#events - EVENTS)} more lines` },
      });
    const held = this.#held;
    return {
      ...(held === null || held.isFailure ? {} : { text: held.text }),
      artifacts: this.#artifacts,
      failure:
        held?.isFailure === true
          ? failure('agent_failed', held.text.replace(/^Error: /, '') || 'NanoClaw’s agent failed')
          : null,
    };
  }

  #isCountedOnly(): boolean {
    this.#events += 1;
    return this.#events > EVENTS;
  }

  #grow(text: string): void {
    this.#bytes += Buffer.byteLength(text);
    if (this.#bytes > LIMITS.artifactBytes)
      throw new Fault(
        'invalid_agent_response',
        `The agent wrote more than ${String(LIMITS.artifactBytes)} bytes`,
      );
  }

  async #release(): Promise<void> {
    const held = this.#held;
    if (held === null || held.isTold) return;
    held.isTold = true;
    if (!this.#isCountedOnly())
      await this.#parts.sink.event({ kind: 'message', payload: { role: 'agent', text: held.text } });
    await this.#parts.save(held.rowid);
  }

  async #edit(row: OutRow, { id, text }: { id: string; text: string }, isTold: boolean): Promise<void> {
    const held = this.#held;
    if (held?.id === id && !held.isTold) {
      held.text = text;
      return;
    }
    await this.#release();
    const since = this.#parts.clock.now();
    this.#held = { rowid: row.rowid, id: row.id, text, since, isFailure: false, isTold };
  }

  async #file({ id }: OutRow, name: string): Promise<void> {
    const found = readFromOutbox(this.#parts.folder, id, name);
    const isFound = typeof found !== 'string';
    if (isFound) {
      this.#grow(found.text ?? JSON.stringify(found.data ?? null));
      this.#artifacts.push(found);
    } else if (!this.#isReplay) {
      await this.status(found);
      return;
    }
    // Read again, the recorder counts it off against what it has; what was put away meanwhile is still named.
    await this.#parts.sink.event({
      kind: 'artifact',
      payload: isFound ? { ...found } : { name },
      ...(this.#isReplay ? { metadata: { replayed: true } } : {}),
    });
  }

  async #tell({ name, startedAt }: NonNullable<Look['tool']>, phase: 'start' | 'end'): Promise<void> {
    if (this.#isCountedOnly()) return;
    await this.#parts.sink.event({
      kind: 'tool',
      payload: { name, phase, call_id: `${name}@${startedAt}` },
    });
  }
}
