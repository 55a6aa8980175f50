// Keyboard first: single keys and `g r` sequences, quiet while someone types. Components bind what they offer.
import { DestroyRef, inject, Injectable } from '@angular/core';

/** A key by name, as in KeyboardEvent.key; `g r` is two in a row. */
export type Bindings = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** A sequence must go on within this long, milliseconds. */
const SEQUENCE_MS = 1_200;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('input:not([type=checkbox]), textarea, select'));

@Injectable({ providedIn: 'root' })
export class Keys {
  readonly #layers: Bindings[] = [];
  #pending: { key: string; until: number } | null = null;

  constructor() {
    const onKey = (event: KeyboardEvent): void => {
      this.handle(event);
    };
    document.addEventListener('keydown', onKey);
    inject(DestroyRef).onDestroy(() => {
      document.removeEventListener('keydown', onKey);
    });
  }

  /** Adds bindings over those that exist; returns how to take them away. The newest layer is asked first. */
  bind(bindings: Bindings): () => void {
    this.#layers.push(bindings);
    return () => {
      this.#layers.splice(this.#layers.indexOf(bindings), 1);
    };
  }

  /** Handles one key press; true when a binding took it. */
  handle(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented)
      return false;
    if (isTyping(event.target) && event.key !== 'Escape') return false;
    // An open dialog has the keyboard to itself.
    if (document.querySelector('dialog[open]') !== null) return false;
    const now = Date.now();
    const sequence =
      this.#pending !== null && this.#pending.until > now ? `${this.#pending.key} ${event.key}` : null;
    this.#pending = null;
    const taken = (sequence !== null && this.#run(sequence, event)) || this.#run(event.key, event);
    if (!taken && this.#begins(event.key)) this.#pending = { key: event.key, until: now + SEQUENCE_MS };
    return taken;
  }

  #run(key: string, event: KeyboardEvent): boolean {
    const action = this.#layers.findLast((layer) => Object.hasOwn(layer, key))?.[key];
    if (action === undefined) return false;
    event.preventDefault();
    action(event);
    return true;
  }

  #begins(key: string): boolean {
    return this.#layers.some((layer) => Object.keys(layer).some((name) => name.startsWith(`${key} `)));
  }
}

/** Binds keys for as long as the component lives. Call it where injection works. */
export const keys = (bindings: Bindings): void => {
  inject(DestroyRef).onDestroy(inject(Keys).bind(bindings));
};
