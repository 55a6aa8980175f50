// The agents of the mesh: read on entry, after each discovery, and again while the page is open, since presence changes by itself.
import { DestroyRef, effect, inject, Injectable } from '@angular/core';
import { createStore } from '@xstate/store';
import type { Agent } from '#machines/nouns/agent';
import { API } from './api.ts';
import { Live } from './live.ts';
import { type ShownProblem, shownProblem } from './problem.ts';
import { storeSignal } from './store-signal.ts';

/** Milliseconds between two reads while the page is open and visible. */
const READ_EVERY_MS = 5_000;
/** How long a discovery waits for answers, milliseconds. */
const DISCOVER_WAIT_MS = 5_000;

interface AgentsState {
  readonly phase: 'loading' | 'ready' | 'failed';
  readonly agents: readonly Agent[];
  readonly problem: ShownProblem | null;
  readonly discovering: boolean;
  /** How many the last discovery found. */
  readonly found: number | null;
}

const createAgentsStore = () =>
  createStore({
    context: { phase: 'loading', agents: [], problem: null, discovering: false, found: null } as AgentsState,
    on: {
      read: (context, event: { agents: readonly Agent[] }): AgentsState => ({
        ...context,
        phase: 'ready',
        problem: null,
        agents: event.agents.toSorted((a, b) => a.name.localeCompare(b.name)),
      }),
      failed: (context, event: { problem: ShownProblem }): AgentsState => ({
        ...context,
        phase: context.phase === 'ready' ? 'ready' : 'failed',
        problem: event.problem,
        discovering: false,
      }),
      discover: (context): AgentsState => ({ ...context, discovering: true, found: null }),
      discovered: (context, event: { found: number }): AgentsState => ({
        ...context,
        discovering: false,
        found: event.found,
      }),
    },
  });

/** Provided by the page that shows agents, so that the reading ends with it. */
@Injectable()
export class AgentsStore {
  readonly #api = inject(API);
  readonly #live = inject(Live);
  readonly #store = createAgentsStore();
  readonly agents = storeSignal(this.#store.select((state) => state.agents));
  readonly phase = storeSignal(this.#store.select((state) => state.phase));
  readonly problem = storeSignal(this.#store.select((state) => state.problem));
  readonly discovering = storeSignal(this.#store.select((state) => state.discovering));
  readonly found = storeSignal(this.#store.select((state) => state.found));

  constructor() {
    const timer = setInterval(() => {
      if (!document.hidden && this.#live.state() === 'live') void this.read();
    }, READ_EVERY_MS);
    inject(DestroyRef).onDestroy(() => {
      clearInterval(timer);
    });
    effect(() => {
      this.#live.epoch();
      if (this.#live.state() === 'live') void this.read();
    });
  }

  async read(): Promise<void> {
    try {
      this.#store.trigger.read({ agents: await this.#api.call('agents.list') });
    } catch (error) {
      this.#store.trigger.failed({ problem: shownProblem(error) });
    }
  }

  /** Looks for agents and probes those known. */
  async discover(): Promise<void> {
    this.#store.trigger.discover();
    try {
      const sweep = await this.#api.call('discover', { body: { wait_ms: DISCOVER_WAIT_MS } });
      this.#store.trigger.discovered({ found: sweep.found });
      await this.read();
    } catch (error) {
      this.#store.trigger.failed({ problem: shownProblem(error) });
    }
  }
}
