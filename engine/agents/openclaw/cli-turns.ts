// OpenClaw without a gateway does one run at a time for each of its state folders: ours wait for each other here.

/** The runs that wait for their turn, by state folder. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Whether a run would have to wait. */
  isBusy(state: string): boolean {
    return this.#last.has(state);
  }

  /** Resolves to what gives the turn back, when all who asked before have done so. Rejects when `signal` aborts first. */
  async take(state: string, signal: AbortSignal): Promise<() => void> {
    const before = this.#last.get(state) ?? Promise.resolve();
    const { promise: done, resolve: giveBack } = Promise.withResolvers<undefined>();
    const mine = before.then(() => done);
    this.#last.set(state, mine);
    void mine.then(() => {
      if (this.#last.get(state) === mine) this.#last.delete(state);
    });
    const stopped = Promise.withResolvers<never>();
    const stop = (): void => {
      stopped.reject(new DOMException('stopped', 'AbortError'));
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await Promise.race([before, stopped.promise]);
    } catch (error) {
      giveBack(undefined);
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
    return () => {
      giveBack(undefined);
    };
  }
}
