// A media query as a signal.
import { DestroyRef, inject, signal, type Signal } from '@angular/core';

/** Whether the query holds now. Call it where injection works. */
export const media = (query: string): Signal<boolean> => {
  const list = window.matchMedia(query);
  const value = signal(list.matches);
  const onChange = (): void => {
    value.set(list.matches);
  };
  list.addEventListener('change', onChange);
  inject(DestroyRef).onDestroy(() => {
    list.removeEventListener('change', onChange);
  });
  return value.asReadonly();
};

/** Narrower than this the panes become tabs. */
export const NARROW = '(width < 820px)';
