// The ONE event stream of this tab: everything the daemon commits, handed to whoever listens, once per frame.
import { DestroyRef, inject, Injectable, signal } from '@angular/core';
import type { StreamState } from '#api/contract/client';
import type { EventV1 } from '#machines/nouns/event';
import { API } from './api.ts';

/** Events are gathered this long (one frame) so that a hundred busy runs cost one update. */
const GATHER_MS = 16;
/** Wait before the log is asked for again when the daemon has not answered at all. */
const RETRY_MS = 1_500;

type Listener = (events: readonly EventV1[]) => void;

@Injectable({ providedIn: 'root' })
export class Live {
  readonly #api = inject(API);
  readonly #listeners = new Set<Listener>();
  readonly #state = signal<StreamState>('connecting');
  readonly #epoch = signal(0);
  #gathered: EventV1[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort = new AbortController();
  #position: { seq: number; logId: string } | null = null;
  #begun: PromiseWithResolvers<void> = Promise.withResolvers();
  #closed = false;

  /** live, connecting (catching up) or lost. */
  readonly state = this.#state.asReadonly();
  /** Rises when the daemon has another log, or the stream lost its place: read everything again. */
  readonly epoch = this.#epoch.asReadonly();

  constructor() {
    void this.#follow();
    inject(DestroyRef).onDestroy(() => {
      this.#closed = true;
      this.#abort.abort();
      clearTimeout(this.#timer);
    });
  }

  /** Resolves once the stream stands: what is read afterwards, plus the stream, has no gap. */
  begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Calls back with each batch from now on; returns how to stop. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tries again at once instead of waiting. */
  retry(): void {
    this.#abort.abort();
  }

  #gather(event: EventV1): void {
    this.#gathered.push(event);
    this.#timer ??= setTimeout(() => {
      this.#flush();
    }, GATHER_MS);
  }

  #flush(): void {
    this.#timer = undefined;
    const batch = this.#gathered;
    this.#gathered = [];
    if (batch.length > 0) for (const listener of this.#listeners) listener(batch);
  }

  #restart(): void {
    this.#gathered = [];
    this.#position = null;
    this.#begun = Promise.withResolvers();
    this.#epoch.update((n) => n + 1);
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      this.#abort = new AbortController();
      const { signal: aborted } = this.#abort;
      try {
        this.#state.set('connecting');
        this.#position ??= await this.#place(aborted);
        const position = this.#position;
        const stream = this.#api.stream({
          afterSeq: position.seq,
          logId: position.logId,
          signal: aborted,
          onState: (state) => {
            this.#state.set(state);
            if (state === 'live') this.#begun.resolve();
          },
          onReset: ({ logId }) => {
            this.#restart();
            this.#position = { seq: 0, logId };
            this.#begun.resolve();
          },
        });
        for await (const event of stream) {
          if (this.#position !== null) this.#position.seq = event.seq;
          this.#gather(event);
        }
      } catch (error) {
        if (aborted.aborted) continue;
        if (this.#position !== null) {
          console.error(error);
          this.#restart();
        }
      }
      if (!aborted.aborted) {
        this.#state.set('lost');
        await this.#pause(aborted);
      }
    }
  }

  /** Where the log stands now: the stream begins there. */
  async #place(signal: AbortSignal): Promise<{ seq: number; logId: string }> {
    const health = await this.#api.call('healthz', { signal });
    return { seq: health.head_seq, logId: health.log_id };
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RETRY_MS);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
