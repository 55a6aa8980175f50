// Times for people: how long something took, how long ago it was, how far into a run it happened.

/** Milliseconds in words: 7ms, 1.2s, 2m05s, 3h04m, 2d03h. */
export const duration = (ms: number): string => {
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  const whole = Math.max(0, ms);
  if (whole < 1_000) return `${Math.round(whole)}ms`;
  if (whole < 60_000) return `${(Math.floor(whole / 100) / 10).toFixed(1)}s`;
  const minutes = Math.floor(whole / 60_000);
  if (minutes < 60) return `${minutes}m${two((whole % 60_000) / 1_000)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
};

/** From one RFC 3339 time to another, milliseconds; NaN when either cannot be read. */
export const between = (from: string, to: string): number => Date.parse(to) - Date.parse(from);

/** `+1.234s` into the run. */
export const offset = (start: string, ts: string): string => {
  const ms = between(start, ts);
  if (Number.isNaN(ms)) return '?';
  const sign = ms < 0 ? '-' : '+';
  const size = Math.abs(ms);
  return size < 60_000 ? `${sign}${(size / 1_000).toFixed(3)}s` : `${sign}${duration(size)}`;
};

/** `just now`, `12s ago`, `3m05s ago`; a dash for never. */
export const ago = (ts: string | null, now: number = Date.now()): string => {
  if (ts === null) return '-';
  const ms = now - Date.parse(ts);
  if (Number.isNaN(ms)) return ts;
  if (ms < 1_000) return 'just now';
  return ms < 60_000 ? `${Math.floor(ms / 1_000)}s ago` : `${duration(ms)} ago`;
};

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `500ms`, `30s`, `5m`, `1h`, `1d` or a bare number of seconds; null when it is none of these. */
export const parseDuration = (text: string): number | null => {
  const match = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text.trim());
  const unit = UNITS[match?.[2] ?? 's'];
  return match?.[1] === undefined || unit === undefined ? null : Number(match[1]) * unit;
};
