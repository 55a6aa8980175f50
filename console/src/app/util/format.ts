// Durations and times for people, in the language that is chosen.
import { computed, inject, Injectable, type Signal } from '@angular/core';
import type { Catalogue } from './texts/catalogue.ts';
import { Texts } from './texts/texts.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds as the two largest units that matter: `420 ms`, `3.4s`, `1m 04s`, `2h 10m`, `3d 4h`. */
export const durationText = (ms: number, units: Catalogue['units']): string => {
  const whole = Math.max(0, Math.round(ms));
  const pad = (n: number): string => String(n).padStart(2, '0');
  if (whole < SECOND) return `${whole}${units.space}${units.ms}`;
  if (whole < 10 * SECOND) return `${(Math.floor(whole / 100) / 10).toFixed(1)}${units.s}`;
  if (whole < MINUTE) return `${Math.floor(whole / SECOND)}${units.s}`;
  if (whole < HOUR)
    return `${Math.floor(whole / MINUTE)}${units.m} ${pad(Math.floor((whole % MINUTE) / SECOND))}${units.s}`;
  if (whole < DAY)
    return `${Math.floor(whole / HOUR)}${units.h} ${pad(Math.floor((whole % HOUR) / MINUTE))}${units.m}`;
  return `${Math.floor(whole / DAY)}${units.d} ${Math.floor((whole % DAY) / HOUR)}${units.h}`;
};

const RELATIVE_UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', SECOND],
];

/** `3 minutes ago`, in the language; `now` within a few seconds. */
export const relativeText = (then: number, now: number, language: string, justNow: string): string => {
  const ms = then - now;
  if (Math.abs(ms) < 5 * SECOND) return justNow;
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  for (const [unit, size] of RELATIVE_UNITS)
    if (Math.abs(ms) >= size) return format.format(Math.round(ms / size), unit);
  return justNow;
};

@Injectable({ providedIn: 'root' })
export class Format {
  readonly #texts = inject(Texts);
  readonly #absolute = computed(
    () => new Intl.DateTimeFormat(this.#texts.language(), { dateStyle: 'medium', timeStyle: 'medium' }),
  );
  readonly #clock = computed(
    () =>
      new Intl.DateTimeFormat(this.#texts.language(), {
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        hourCycle: 'h23',
      }),
  );

  readonly duration: Signal<(ms: number) => string> = computed(() => {
    const { units } = this.#texts.t();
    return (ms) => durationText(ms, units);
  });
  /** Date and time of an RFC 3339 string; the string itself when it is none. */
  readonly absolute: Signal<(ts: string) => string> = computed(() => {
    const format = this.#absolute();
    return (ts) => (Number.isNaN(Date.parse(ts)) ? ts : format.format(new Date(ts)));
  });
  /** Time of day of an RFC 3339 string. */
  readonly clock: Signal<(ts: string) => string> = computed(() => {
    const format = this.#clock();
    return (ts) => (Number.isNaN(Date.parse(ts)) ? ts : format.format(new Date(ts)));
  });
  readonly relative: Signal<(ts: string, now: number) => string> = computed(() => {
    const language = this.#texts.language();
    const justNow = this.#texts.t().time.now;
    return (ts, now) => relativeText(Date.parse(ts), now, language, justNow);
  });
}
