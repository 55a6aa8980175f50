// A part of an @xstate/store store as a signal; ends with whoever asked for it.
import { DestroyRef, inject, signal, type Signal } from '@angular/core';

/** What `store.select(selector)` gives. */
interface Selection<T> {
  get(): T;
  subscribe(onValue: (value: T) => void): { unsubscribe(): void };
}

/** Follows a selection. Call it where injection works. */
export const storeSignal = <T>(selection: Selection<T>): Signal<T> => {
  const value = signal(selection.get());
  const subscription = selection.subscribe((next) => {
    value.set(next);
  });
  inject(DestroyRef).onDestroy(() => {
    subscription.unsubscribe();
  });
  return value.asReadonly();
};
