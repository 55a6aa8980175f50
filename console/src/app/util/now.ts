// The present as a signal that ticks once a second while the page is visible; for running durations and relative times.
import { DestroyRef, inject, Injectable, signal } from '@angular/core';

const TICK_MS = 1_000;

@Injectable({ providedIn: 'root' })
export class Now {
  readonly #ms = signal(Date.now());
  /** Milliseconds since the epoch. */
  readonly ms = this.#ms.asReadonly();

  constructor() {
    const timer = setInterval(() => {
      if (!document.hidden) this.#ms.set(Date.now());
    }, TICK_MS);
    inject(DestroyRef).onDestroy(() => {
      clearInterval(timer);
    });
  }
}
