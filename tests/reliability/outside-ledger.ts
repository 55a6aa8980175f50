// What the daemon has acknowledged, kept outside of it: posted events, started team runs, and everything that SSE showed.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MeshError } from '#api/contract/client';
import type { EventV1 } from '#machines/nouns/event';
import type { MeshUnderFire } from './mesh-under-fire.ts';
import type { Chance } from './seeded.ts';

/** Texts that a careless writer of lines would break. */
const TEXTS = [
  'plain',
  'line\u2028separator',
  'quote " and \\ slash',
  'tab\tnew\nline',
  '😀 and é',
  'x'.repeat(5_000),
];
const PAUSE_MS = 40;

export class OutsideLedger {
  /** id -> the event as POST answered it, as JSON. */
  readonly posted = new Map<string, string>();
  /** seq -> the event as the stream showed it, as JSON. */
  readonly streamed = new Map<number, string>();
  /** What went wrong while looking; the end asserts that it is empty. */
  readonly faults: string[] = [];
  readonly #mesh: MeshUnderFire;
  readonly #chance: Chance;
  readonly #stop = new AbortController();
  #posting: Promise<void> = Promise.resolve();
  #following: Promise<void> = Promise.resolve();

  constructor(mesh: MeshUnderFire, chance: Chance) {
    this.#mesh = mesh;
    this.#chance = chance;
  }

  /** Posts events and follows the stream until told to stop. */
  begin(): void {
    const note = (error: unknown): void => {
      this.faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    };
    this.#posting = this.#post().catch(note);
    this.#following = this.#follow().catch(note);
  }

  /** Ends the posting: what was acknowledged until now is all there is. */
  async stopPosting(): Promise<void> {
    this.#stop.abort();
    await this.#posting;
  }

  /** Waits until the stream has shown everything up to `head`. */
  async caughtUp(head: number): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (this.streamed.size < head && this.faults.length === 0) {
      if (performance.now() > deadline)
        throw new Error(`the stream showed ${this.streamed.size} of ${head} events`);
      await sleep(20);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#closing.abort();
    await Promise.all([this.#posting, this.#following]);
  }

  readonly #closing = new AbortController();

  async #post(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const id = randomUUID();
      const body = {
        id,
        run_id: `outside-${this.#chance.whole(0, 9)}`,
        kind: 'message',
        payload: { role: 'user', text: this.#chance.pick(TEXTS), n: this.posted.size },
        metadata: { agent: 'outside' },
      };
      const stored = await this.#mesh.ask('events.append', { body });
      this.posted.set(id, JSON.stringify(stored));
      await sleep(PAUSE_MS * this.#chance.next());
    }
  }

  async #follow(): Promise<void> {
    // Through every kill one stream: the client itself throws at a gap and drops doubles.
    for await (const event of this.#mesh.client.stream({ afterSeq: 0, signal: this.#closing.signal })) {
      if (this.streamed.has(event.seq)) throw new MeshError('internal', `seq ${event.seq} was shown twice`);
      this.streamed.set(event.seq, JSON.stringify(event satisfies EventV1));
    }
  }
}
