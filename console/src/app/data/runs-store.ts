// The runs list: read once, then kept by the live events; one re-read a second at most however much happens.
import { DestroyRef, effect, inject, Injectable } from '@angular/core';
import { createStore } from '@xstate/store';
import type { EventV1 } from '#machines/nouns/event';
import { API } from './api.ts';
import { Live } from './live.ts';
import { type ShownProblem, shownProblem } from './problem.ts';
import { applyToRows, plainRow, type RunRow, teamRow } from './runs-model.ts';
import { storeSignal } from './store-signal.ts';

const PAGE = 100;
/** Milliseconds between two reads of the list. */
const READ_EVERY_MS = 1_000;

interface RunsState {
  readonly phase: 'loading' | 'ready' | 'failed';
  readonly rows: ReadonlyMap<string, RunRow>;
  readonly problem: ShownProblem | null;
  /** How many of each sort were asked for; rises with "load older". */
  readonly limit: number;
  /** The last read was full: older runs may exist. */
  readonly more: boolean;
}

/** The store by itself, for specs and for the service below. */
export const createRunsStore = () =>
  createStore({
    context: { phase: 'loading', rows: new Map(), problem: null, limit: PAGE, more: false } as RunsState,
    on: {
      read: (context, event: { rows: readonly RunRow[]; more: boolean }): RunsState => ({
        ...context,
        phase: 'ready',
        problem: null,
        more: event.more,
        rows: new Map([...context.rows, ...event.rows.map((row) => [row.id, row] as const)]),
      }),
      failed: (context, event: { problem: ShownProblem }): RunsState => ({
        ...context,
        phase: context.phase === 'ready' ? 'ready' : 'failed',
        problem: event.problem,
      }),
      events: (context, event: { rows: ReadonlyMap<string, RunRow> }): RunsState => ({
        ...context,
        rows: event.rows,
      }),
      older: (context): RunsState => ({ ...context, limit: Math.min(context.limit + PAGE, 500) }),
      forget: (context): RunsState => ({ ...context, phase: 'loading', rows: new Map(), problem: null }),
    },
  });

@Injectable({ providedIn: 'root' })
export class RunsStore {
  readonly #api = inject(API);
  readonly #live = inject(Live);
  readonly #store = createRunsStore();
  readonly rows = storeSignal(this.#store.select((state) => state.rows));
  readonly phase = storeSignal(this.#store.select((state) => state.phase));
  readonly problem = storeSignal(this.#store.select((state) => state.problem));
  readonly more = storeSignal(this.#store.select((state) => state.more));
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reading = false;
  #again = false;

  constructor() {
    const stop = this.#live.listen((events) => {
      this.#take(events);
    });
    inject(DestroyRef).onDestroy(() => {
      stop();
      clearTimeout(this.#timer);
    });
    let epoch = this.#live.epoch();
    effect(() => {
      // A reconnect, or another log: what is shown may be old.
      if (this.#live.epoch() !== epoch) {
        epoch = this.#live.epoch();
        this.#store.trigger.forget();
      }
      if (this.#live.state() === 'live') void this.read();
    });
  }

  /** Shows older runs too. */
  older(): void {
    this.#store.trigger.older();
    void this.read();
  }

  /** Reads the newest runs again. */
  async read(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = true;
    const { limit } = this.#store.getSnapshot().context;
    try {
      const [teams, calls] = await Promise.all([
        this.#api.call('team-runs.list', { query: { limit } }),
        this.#api.call('invocations.list', { query: { limit, plain_only: 'true' } }),
      ]);
      this.#store.trigger.read({
        rows: [...teams.map(teamRow), ...calls.map(plainRow)],
        more: (teams.length === limit || calls.length === limit) && limit < 500,
      });
    } catch (error) {
      this.#store.trigger.failed({ problem: shownProblem(error) });
    } finally {
      this.#reading = false;
      if (this.#again) {
        this.#again = false;
        this.#readSoon();
      }
    }
  }

  #take(events: readonly EventV1[]): void {
    const { rows } = this.#store.getSnapshot().context;
    const applied = applyToRows(rows, events);
    if (applied.rows !== rows) this.#store.trigger.events({ rows: applied.rows });
    if (applied.stale) this.#readSoon();
  }

  #readSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.read();
    }, READ_EVERY_MS);
  }
}
