// Every colour in which the console writes text can be read on every ground that it writes on, in both schemes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ROOT } from './tree.ts';

/** WCAG 2.2, 1.4.3: text of any size below large. */
const READABLE = 4.5;
const TOKENS = readFileSync(join(ROOT, 'console/src/styles/tokens.css'), 'utf8');
const SCHEMES = ['light', 'dark'] as const;

const GROUNDS = ['page', 'panel', 'raised', 'hover', 'selected'];
const TEXTS = ['text', 'text-strong', 'dim', 'accent-strong'];
/** Status words stand on pages, panels, and rows that are hovered or selected. */
const STATUS_GROUNDS = ['page', 'panel', 'hover', 'selected'];
const STATUS = [...TOKENS.matchAll(/--(st-[a-z-]+):/g)].map(([, name = '']) => name);

const colour = (token: string, scheme: (typeof SCHEMES)[number]): string => {
  const [, light, dark] =
    new RegExp(`--${token}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(TOKENS) ?? [];
  assert.ok(light !== undefined && dark !== undefined, `--${token} is a colour for both schemes`);
  return scheme === 'light' ? light : dark;
};

/** Relative luminance of sRGB (WCAG 2.2, "relative luminance"). */
const luminance = (hex: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (one: string, other: string): number => {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
};

const tooFaint = (texts: readonly string[], grounds: readonly string[]): string[] =>
  SCHEMES.flatMap((scheme) =>
    texts.flatMap((text) =>
      grounds.flatMap((ground) => {
        const ratio = contrast(colour(text, scheme), colour(ground, scheme));
        return ratio >= READABLE ? [] : [`${scheme}: --${text} on --${ground} is ${ratio.toFixed(2)}`];
      }),
    ),
  );

describe('the colours of the console', () => {
  test('can be measured', () => {
    assert.ok(STATUS.length >= 10);
    assert.equal(contrast('#ffffff', '#000000'), 21);
  });

  test('are readable as text on every ground', () => {
    assert.deepEqual(tooFaint(TEXTS, GROUNDS), []);
  });

  test('are readable as words of a status', () => {
    assert.deepEqual(tooFaint(STATUS, STATUS_GROUNDS), []);
  });

  test('are readable on a button that is filled', () => {
    assert.deepEqual(tooFaint(['on-accent'], ['accent-fill']), []);
  });
});
