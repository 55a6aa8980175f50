// Durations and times as people read them.
import { durationText, relativeText } from './format.ts';
import { en } from './texts/en.ts';
import { zhCN } from './texts/zh-cn.ts';

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [420.4, '420 ms'],
    [3_480, '3.4s'],
    [59_999, '59s'],
    [64_000, '1m 04s'],
    [7_800_000, '2h 10m'],
    [273_600_000, '3d 4h'],
    [-5, '0 ms'],
  ])('%d ms is %s', (ms, text) => {
    expect(durationText(ms, en.units)).toBe(text);
  });

  it('speaks Chinese', () => {
    expect(durationText(64_000, zhCN.units)).toBe('1分 04秒');
  });
});

describe('relative times', () => {
  const now = Date.UTC(2026, 0, 2);

  it('says just now, then counts in the largest unit', () => {
    expect(relativeText(now - 2_000, now, 'en', 'just now')).toBe('just now');
    expect(relativeText(now - 180_000, now, 'en', 'just now')).toMatch(/^3 min/);
    expect(relativeText(now - 26 * 3_600_000, now, 'en', 'just now')).toBe('yesterday');
  });
});
