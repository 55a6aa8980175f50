// Colours and their meaning. Without colour every mark keeps its word, so nothing is said by colour alone.

export type Paint = (text: string) => string;

export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly warn: Paint;
  readonly bad: Paint;
  readonly name: Paint;
}

const sgr =
  (open: number, close: number): Paint =>
  (text) =>
    text === '' ? '' : `\u001b[${open}m${text}\u001b[${close}m`;
const same: Paint = (text) => text;

const COLOURED: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  good: sgr(32, 39),
  warn: sgr(33, 39),
  bad: sgr(31, 39),
  name: sgr(36, 39),
};
const PLAIN: Style = { bold: same, dim: same, good: same, warn: same, bad: same, name: same };

export const COLOUR_CHOICES = ['auto', 'always', 'never'] as const;
export type ColourChoice = (typeof COLOUR_CHOICES)[number];

/**
 * The style for a stream. `auto`: colours on a terminal only, and not when NO_COLOR (no-color.org) or TERM=dumb say
 * otherwise; CLICOLOR_FORCE turns them on for a pipe.
 */
export const styleFor = (
  choice: ColourChoice,
  isTerminal: boolean,
  env: Readonly<Record<string, string | undefined>>,
): Style => {
  if (choice !== 'auto') return choice === 'always' ? COLOURED : PLAIN;
  if (env['NO_COLOR']) return PLAIN;
  if (env['CLICOLOR_FORCE'] && env['CLICOLOR_FORCE'] !== '0') return COLOURED;
  return isTerminal && env['TERM'] !== 'dumb' ? COLOURED : PLAIN;
};

const GOOD = new Set(['completed', 'approved', 'reachable', 'ok']);
const BAD = new Set(['failed', 'rejected', 'lost', 'blocked', 'error']);
const WARN = new Set([
  'cancelled',
  'cancelling',
  'retrying',
  'paused',
  'waiting_approval',
  'expired',
  'degraded',
  'stopping',
]);

/** A state word in its colour. */
export const paintState = (style: Style, state: string): string =>
  (GOOD.has(state) ? style.good : BAD.has(state) ? style.bad : WARN.has(state) ? style.warn : style.name)(
    state,
  );
