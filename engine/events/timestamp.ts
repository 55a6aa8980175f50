// Reads the time of a record: RFC 3339 with any offset and any fraction, or epoch seconds; never a guess.

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):?(\d{2}))$/;

/** RFC 3339 has four digits for the year. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const inRange = (ms: number): number | null => (ms >= FIRST_MS && ms <= LAST_MS ? ms : null);

/** Whether the local day exists: JavaScript would roll 30 February over into March. */
const isRealDay = (year: number, month: number, day: number): boolean => {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day <= days;
};

/**
 * Milliseconds since the epoch of an RFC 3339 time, the fraction cut to milliseconds; null when it is none.
 * Read too: lower-case t and z, a blank for T, an offset without its colon (`+0800`), a leap second
 * (23:59:60 UTC only; it becomes the second after). A time without an offset is unreadable: it could be anywhere.
 */
export const parseTimestamp = (text: string): number | null => {
  const match = RFC3339.exec(text);
  if (match === null) return null;
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)];
  const [offsetHour, offsetMinute] = [part(9), part(10)];
  if (!isRealDay(year, month, day) || hour > 23 || minute > 59 || second > 60) return null;
  if (offsetHour > 23 || offsetMinute > 59) return null;
  const at = new Date(0);
  // Date.UTC reads years below 100 as 19xx; setUTCFullYear does not.
  at.setUTCFullYear(year, month - 1, day);
  at.setUTCHours(hour, minute, second, Number((match[7] ?? '').slice(0, 3).padEnd(3, '0')));
  const offset = (match[8] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute) * MINUTE_MS;
  const ms = at.getTime() - offset;
  if (second === 60 && ((ms % DAY_MS) + DAY_MS) % DAY_MS >= 1000) return null;
  return inRange(ms);
};

/** Milliseconds of epoch seconds; null outside of the years that RFC 3339 can write. */
export const fromEpochSeconds = (seconds: number): number | null =>
  Number.isFinite(seconds) ? inRange(Math.round(seconds * 1000)) : null;

let lastMs = Number.NaN;
let lastText = '';

/** The form that this log writes: UTC, milliseconds, Z. The events of a transaction share one time, so the last is kept. */
export const formatTimestamp = (ms: number): string => {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
};
