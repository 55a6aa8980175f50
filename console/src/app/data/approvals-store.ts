// What agents ask people, live: read once, kept by the stream, decided from here; what a cut left open is looked up again.
import { computed, DestroyRef, effect, inject, Injectable, untracked } from '@angular/core';
import { createStore } from '@xstate/store';
import { MeshError } from '#api/contract/client';
import type { Approval } from '#machines/nouns/approval';
import type { EventV1 } from '#machines/nouns/event';
import { API } from './api.ts';
import {
  applyToCards,
  changed,
  type ApprovalCard,
  type Cards,
  type Decided,
  waitingOf,
  withPending,
  withTruth,
} from './approvals-model.ts';
import { Live } from './live.ts';
import { type ShownProblem, shownProblem } from './problem.ts';
import { storeSignal } from './store-signal.ts';

const MOST = 100;
/** How long a card that has ended stays, so that people see what became of it. */
const LINGER_MS = 8_000;

interface ApprovalsState {
  readonly cards: Cards;
}

/** The store by itself, for specs and for the service below. */
export const createApprovalsStore = () =>
  createStore({
    context: { cards: new Map() } as ApprovalsState,
    on: {
      read: ({ cards }, event: { pending: readonly Approval[] }): ApprovalsState => ({
        cards: withPending(cards, event.pending),
      }),
      truth: ({ cards }, event: { approval: Approval }): ApprovalsState => ({
        cards: withTruth(cards, event.approval),
      }),
      events: (state, event: { events: readonly EventV1[] }): ApprovalsState => {
        const cards = applyToCards(state.cards, event.events);
        return cards === state.cards ? state : { cards };
      },
      pressed: ({ cards }, event: { id: string; decision: 'allow' | 'deny' }): ApprovalsState => ({
        cards: changed(cards, event.id, { phase: 'resolving', pressed: event.decision, problem: null }),
      }),
      failed: (
        { cards },
        event: { id: string; problem: ShownProblem; phase: 'pending' | 'unsure' },
      ): ApprovalsState => ({
        cards: changed(cards, event.id, { phase: event.phase, problem: event.problem }),
      }),
      drop: ({ cards }, event: { id: string }): ApprovalsState => ({
        cards: new Map([...cards].filter(([id]) => id !== event.id)),
      }),
      forget: (): ApprovalsState => ({ cards: new Map() }),
    },
  });

/** It was decided before, by somebody, the clock or the end of the run: the daemon knows what. */
const isOver = (error: unknown): boolean =>
  error instanceof MeshError &&
  ['approval_decided', 'approval_expired', 'approval_withdrawn'].includes(error.code);

/** Whether the decision may have reached the daemon all the same. */
const isAmbiguous = (error: unknown): boolean =>
  !(error instanceof MeshError) || ['daemon_unreachable', 'stopping', 'internal'].includes(error.code);

@Injectable({ providedIn: 'root' })
export class ApprovalsStore {
  readonly #api = inject(API);
  readonly #live = inject(Live);
  readonly #store = createApprovalsStore();
  readonly cards = storeSignal(this.#store.select((state) => state.cards));
  /** How many wait for somebody. */
  readonly waiting = computed(() => waitingOf(this.cards().values()).length);
  readonly #lingering = new Map<string, ReturnType<typeof setTimeout>>();

  constructor() {
    const stop = this.#live.listen((events) => {
      this.#store.trigger.events({ events });
    });
    inject(DestroyRef).onDestroy(() => {
      stop();
      for (const timer of this.#lingering.values()) clearTimeout(timer);
    });
    let epoch = this.#live.epoch();
    effect(() => {
      if (this.#live.epoch() !== epoch) {
        epoch = this.#live.epoch();
        this.#store.trigger.forget();
      }
      if (this.#live.state() === 'live') untracked(() => void this.#read());
    });
    effect(() => {
      for (const { phase, approval } of this.cards().values())
        if (phase === 'ended') this.#dropSoon(approval.approval_id);
    });
  }

  /** The cards of one run, or of a team run with its steps. */
  of(id: string): readonly ApprovalCard[] {
    return [...this.cards().values()].filter(
      ({ approval }) => approval.run_id === id || approval.team_run_id === id,
    );
  }

  /** Decides about what the card shows. What went wrong stands on the card. */
  async decide(card: ApprovalCard, { decision, answer, reason }: Decided): Promise<void> {
    const { approval_id: id, operation_hash: hash } = card.approval;
    this.#store.trigger.pressed({ id, decision });
    try {
      const approval = await this.#api.call('approvals.decide', {
        params: { approval_id: id },
        body: {
          decision,
          hash,
          ...(answer === null ? {} : { answer }),
          ...(reason === null ? {} : { reason }),
        },
      });
      this.#store.trigger.truth({ approval });
    } catch (error) {
      const phase = isAmbiguous(error) ? 'unsure' : 'pending';
      if (!isOver(error)) this.#store.trigger.failed({ id, problem: shownProblem(error), phase });
      if (isOver(error) || phase === 'unsure') await this.#lookUp(id);
    }
  }

  /** Reads what waits, and what became of those that waited when the connection went. */
  async #read(): Promise<void> {
    try {
      const pending = await this.#api.call('approvals.list', { query: { status: 'pending', limit: MOST } });
      this.#store.trigger.read({ pending });
      const there = new Set(pending.map(({ approval_id }) => approval_id));
      const doubtful = [...this.cards().values()].filter(
        ({ phase, approval }) =>
          phase === 'unsure' || (phase === 'pending' && !there.has(approval.approval_id)),
      );
      await Promise.all(doubtful.map(({ approval }) => this.#lookUp(approval.approval_id)));
    } catch (error) {
      // The next time that the stream is live it is read again.
      if (!(error instanceof MeshError)) console.error(error);
    }
  }

  async #lookUp(id: string): Promise<void> {
    try {
      const approval = await this.#api.call('approvals.get', { params: { approval_id: id } });
      this.#store.trigger.truth({ approval });
    } catch {
      // Still not there: `#read` looks it up when the stream is live again.
    }
  }

  #dropSoon(id: string): void {
    if (this.#lingering.has(id)) return;
    const timer = setTimeout(() => {
      this.#lingering.delete(id);
      this.#store.trigger.drop({ id });
    }, LINGER_MS);
    this.#lingering.set(id, timer);
  }
}
