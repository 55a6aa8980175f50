// One run as its page shows it: the view of api/contract/view.ts over its events, plus what only the daemon tells (outputs, what is enabled).
import { DestroyRef, effect, inject, Injectable, signal, untracked } from '@angular/core';
import { createStore } from '@xstate/store';
import { MeshError } from '#api/contract/client';
import { applyEvents, emptyView, type View } from '#api/contract/view';
import type { EventV1 } from '#machines/nouns/event';
import type { Chart, Invocation, TeamRun } from '#machines/nouns/run';
import { API } from './api.ts';
import { Live } from './live.ts';
import { type ShownProblem, shownProblem } from './problem.ts';
import { storeSignal } from './store-signal.ts';

/** Pages of the trace are shown in batches of this many events while they load. */
const LOAD_BATCH = 1_000;
/** Milliseconds that a change waits before the daemon is asked for the run again. */
const REFRESH_MS = 150;

interface RunState {
  readonly phase: 'loading' | 'ready' | 'failed' | 'unknown';
  readonly view: View;
  readonly events: ReadonlyMap<number, EventV1>;
  readonly team: TeamRun | null;
  readonly call: Invocation | null;
  readonly chart: Chart | null;
  readonly problem: ShownProblem | null;
}

const fresh = (): RunState => ({
  phase: 'loading',
  view: emptyView(),
  events: new Map(),
  team: null,
  call: null,
  chart: null,
  problem: null,
});

const withEvents = (state: RunState, events: readonly EventV1[]): RunState => {
  const view = applyEvents(state.view, events);
  if (view === state.view) return state;
  const kept = new Map(state.events);
  for (const event of events) kept.set(event.seq, event);
  return { ...state, view, events: kept };
};

/** The store by itself, for specs and for the service below. */
export const createRunStore = () =>
  createStore({
    context: fresh(),
    on: {
      events: (state, event: { events: readonly EventV1[] }): RunState => withEvents(state, event.events),
      loaded: (state): RunState => ({ ...state, phase: 'ready', problem: null }),
      team: (state, event: { team: TeamRun }): RunState => ({ ...state, team: event.team }),
      call: (state, event: { call: Invocation }): RunState => ({ ...state, call: event.call }),
      chart: (state, event: { chart: Chart }): RunState => ({ ...state, chart: event.chart }),
      failed: (state, event: { problem: ShownProblem; unknown: boolean }): RunState => ({
        ...state,
        phase: event.unknown ? 'unknown' : 'failed',
        problem: event.problem,
      }),
      noted: (state, event: { problem: ShownProblem }): RunState => ({ ...state, problem: event.problem }),
      forget: (): RunState => fresh(),
    },
  });

/** Whether an event belongs to the trace of an id (a team run, a run or a task). */
export const belongsTo = (id: string, event: EventV1): boolean =>
  event.team_run_id === id || event.run_id === id || event.task_id === id;

const isUnknown = (error: unknown): boolean =>
  error instanceof MeshError && (error.code === 'unknown_run' || error.code === 'not_found');

/** Provided by the run page: one store a page, one run a store. */
@Injectable()
export class RunStore {
  readonly #api = inject(API);
  readonly #live = inject(Live);
  readonly #store = createRunStore();
  readonly phase = storeSignal(this.#store.select((state) => state.phase));
  readonly view = storeSignal(this.#store.select((state) => state.view));
  readonly events = storeSignal(this.#store.select((state) => state.events));
  readonly team = storeSignal(this.#store.select((state) => state.team));
  readonly call = storeSignal(this.#store.select((state) => state.call));
  readonly chart = storeSignal(this.#store.select((state) => state.chart));
  readonly problem = storeSignal(this.#store.select((state) => state.problem));
  /** The id that the page is about. */
  readonly id = signal('');

  /** Events that came by stream while the trace was still being read. */
  #early: EventV1[] | null = null;
  #load = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    const stop = this.#live.listen((events) => {
      this.#take(events);
    });
    inject(DestroyRef).onDestroy(() => {
      stop();
      this.#load.abort();
      clearTimeout(this.#timer);
    });
    effect(() => {
      const id = this.id();
      this.#live.epoch();
      if (id !== '') untracked(() => void this.load(id));
    });
    // Back again after a loss: what failed to load is tried again, and the daemon's own words are read anew.
    effect(() => {
      if (this.#live.state() !== 'live') return;
      untracked(() => {
        if (this.phase() === 'failed') void this.load(this.id());
        else if (this.phase() === 'ready') this.#refreshSoon();
      });
    });
  }

  /** Reads the whole run, first to last, then follows the stream. */
  async load(id: string): Promise<void> {
    this.#load.abort();
    this.#load = new AbortController();
    const { signal: aborted } = this.#load;
    this.#store.trigger.forget();
    this.#early = [];
    try {
      await this.#live.begun();
      if (aborted.aborted) return;
      let batch: EventV1[] = [];
      for await (const event of this.#api.trace(id, 0, aborted)) {
        batch.push(event);
        if (batch.length < LOAD_BATCH) continue;
        this.#store.trigger.events({ events: batch });
        batch = [];
      }
      if (aborted.aborted) return;
      this.#store.trigger.events({ events: [...batch, ...this.#early] });
      this.#early = null;
      this.#store.trigger.loaded();
      await this.#refresh(aborted);
    } catch (error) {
      if (aborted.aborted) return;
      this.#store.trigger.failed({ problem: shownProblem(error), unknown: isUnknown(error) });
    }
  }

  /** Asks the daemon for the run again, soon. */
  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#refresh(this.#load.signal);
    }, REFRESH_MS);
  }

  /** What only the daemon tells. Without it (a task's trace, a log that others wrote) the events are all there is. */
  async #refresh(aborted: AbortSignal): Promise<void> {
    try {
      if (this.view().teamRunId === this.id()) await this.#refreshTeam(aborted);
      else if (this.view().calls.length + this.view().steps.length > 0) await this.#refreshCall(aborted);
    } catch (error) {
      if (!aborted.aborted && !isUnknown(error)) this.#store.trigger.noted({ problem: shownProblem(error) });
    }
  }

  async #refreshTeam(signal: AbortSignal): Promise<void> {
    const params = { team_run_id: this.id() };
    this.#store.trigger.team({ team: await this.#api.call('team-runs.get', { params, signal }) });
    if (this.chart() !== null) return;
    const { chart } = await this.#api.call('team-runs.machine', { params, signal });
    this.#store.trigger.chart({ chart });
  }

  async #refreshCall(signal: AbortSignal): Promise<void> {
    // A task's id is no run's id.
    const isRun = [...this.events().values()].some((event) => event.run_id === this.id());
    if (!isRun) return;
    const call = await this.#api.call('invocations.get', { params: { run_id: this.id() }, signal });
    this.#store.trigger.call({ call });
  }

  #take(events: readonly EventV1[]): void {
    const id = this.id();
    const mine = events.filter((event) => belongsTo(id, event));
    if (mine.length === 0) return;
    if (this.#early !== null) {
      this.#early.push(...mine);
      return;
    }
    this.#store.trigger.events({ events: mine });
    if (mine.some((event) => event.kind === 'status' || event.kind === 'error')) this.#refreshSoon();
  }

  /** Pauses, resumes or cancels; throws what the daemon answers. */
  async control(
    what: 'pause' | 'resume' | 'cancel',
    options: { readonly now?: boolean; readonly reason?: string } = {},
  ): Promise<void> {
    const params = { team_run_id: this.id() };
    if (what === 'pause')
      this.#store.trigger.team({
        team: await this.#api.call('team-runs.pause', { params, body: { now: options.now ?? false } }),
      });
    else if (what === 'resume')
      this.#store.trigger.team({ team: await this.#api.call('team-runs.resume', { params, body: {} }) });
    else {
      const body = options.reason === undefined || options.reason === '' ? {} : { reason: options.reason };
      if (this.team() !== null)
        this.#store.trigger.team({ team: await this.#api.call('team-runs.cancel', { params, body }) });
      else
        this.#store.trigger.call({
          call: await this.#api.call('invocations.cancel', { params: { run_id: this.id() }, body }),
        });
    }
  }
}
