// A signal whose value survives a reload (localStorage); works without storage too, it just forgets.
import { effect, signal, type WritableSignal } from '@angular/core';

const PREFIX = 'agentmesh.';

const read = (key: string): string | null => {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
};

/**
 * A remembered signal. Call it where injection works.
 * `accepts` guards what an older version may have left behind; anything else becomes `fallback`.
 */
export const remembered = <T extends string | number>(
  key: string,
  fallback: T,
  accepts: (value: unknown) => value is T,
): WritableSignal<T> => {
  const stored = read(key);
  const parsed: unknown = typeof fallback === 'number' ? Number(stored) : stored;
  const value = signal<T>(stored !== null && accepts(parsed) ? parsed : fallback);
  effect(() => {
    try {
      localStorage.setItem(PREFIX + key, String(value()));
    } catch {
      // A full or forbidden storage only means that the choice is not remembered.
    }
  });
  return value;
};

/** A guard for one of a few words. */
export const oneOf =
  <T extends string>(...words: readonly T[]) =>
  (value: unknown): value is T =>
    (words as readonly unknown[]).includes(value);

/** A guard for a number between two. */
export const between =
  (low: number, high: number) =>
  (value: unknown): value is number =>
    typeof value === 'number' && value >= low && value <= high;
