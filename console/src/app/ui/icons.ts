// The glyphs, as 16 × 16 line paths. One word a glyph; statuses and event kinds name the one they use below.
import type { EventKind } from '#machines/nouns/event';
import type { Presence } from '#machines/nouns/agent';
import type { StepState } from '#machines/nouns/run';

export const ICONS = {
  check: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5M5.25 8.25l1.9 1.9 3.6-4.1',
  cross: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5M5.9 5.9l4.2 4.2M10.1 5.9l-4.2 4.2',
  spinner: 'M8 1.75A6.25 6.25 0 1 1 1.75 8',
  retry: 'M13.5 3v3.2h-3.2M13.2 6.2A5.6 5.6 0 1 0 13.6 9',
  pause: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5M6.4 5.6v4.8M9.6 5.6v4.8',
  hand: 'M4.5 8.5V4.6a.9.9 0 0 1 1.8 0V7.5V3.2a.9.9 0 0 1 1.8 0V7.5V3.6a.9.9 0 0 1 1.8 0V8V5.4a.9.9 0 0 1 1.8 0v4.2c0 2.6-1.5 4.6-4 4.6-1.9 0-2.9-.8-3.7-2.200L2.4 9.400c-.5-.9.7-1.7 1.3-.9z',
  stack: 'M2.5 5.6 8 2.800l5.5 2.800L8 8.400zM2.5 8.2 8 11l5.5-2.800M2.5 10.8 8 13.600l5.5-2.8',
  clock: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5M8 4.800V8l2.3 1.6',
  hourglass: 'M4.5 2h7M4.5 14h7M5 2c0 3.5 3 3.8 3 6s-3 2.5-3 6M11 2c0 3.5-3 3.8-3 6s3 2.5 3 6',
  none: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5M3.7 3.700l8.6 8.6',
  lock: 'M4 7.200h8v6H4zM5.6 7.200V5.200a2.4 2.4 0 0 1 4.8 0v2',
  skip: 'M3.5 4l4.5 4-4.5 4zM8.5 4 13 8l-4.5 4z',
  circle: 'M8 2.250a5.75 5.75 0 1 0 0 11.5 5.75 5.75 0 0 0 0-11.5',
  dot: 'M8 5.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5',
  signal:
    'M3.4 12.600a6.5 6.5 0 0 1 0-9.200M12.6 3.400a6.5 6.5 0 0 1 0 9.200M5.6 10.400a3.4 3.4 0 0 1 0-4.800M10.4 5.600a3.4 3.4 0 0 1 0 4.800M8 7.500v1',
  unplugged:
    'M2.5 2.500l11 11M5.6 10.400a3.4 3.4 0 0 1-.6-3.900M10.6 5.800a3.4 3.4 0 0 1 .4 3.700M3.4 12.600a6.5 6.5 0 0 1-.4-8.800M12.8 3.600a6.5 6.5 0 0 1 .3 8.6',
  arrow: 'M2.5 8h10M9 4.5 12.5 8 9 11.5',
  message: 'M2.5 3.500h11v7.500H7.200L4.5 13.500V11h-2z',
  file: 'M4 1.750h5.500L12.5 5v9.250H4zM9.25 1.750V5.250h3.25',
  wrench:
    'M9.9 6.100a3.3 3.3 0 0 1 4-4L12 4l.2 1.800L14 6l1.9-1.900a3.3 3.3 0 0 1-4.3 3.900L6 13.600a1.5 1.5 0 0 1-2.1-2.100z',
  thought:
    'M5.5 12.500a3 3 0 0 1-1.7-5.600A3.6 3.6 0 0 1 8 3.200a3.4 3.4 0 0 1 4.3 3.3 2.9 2.9 0 0 1-1 5.700c-.9.9-2.5 1-3.3.2-.8.5-1.8.5-2.5.1M3 14.300h.01',
  warning: 'M8 2.2 14.3 13.300H1.700zM8 6.300v3.200M8 11.500v.01',
  chevronRight: 'M6 3.5 10.5 8 6 12.5',
  chevronDown: 'M3.5 6 8 10.5 12.5 6',
  chevronLeft: 'M10 3.5 5.5 8 10 12.5',
  search: 'M7 2.500a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.300l3.4 3.4',
  copy: 'M5.5 5.500h8v8h-8zM10.5 5.500v-3h-8v8h3',
  tick: 'M3 8.500l3.3 3.300L13 4.7',
  sun: 'M8 5.200a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.600M8 1v1.600M8 13.400V15M1 8h1.600M13.4 8H15M3 3l1.2 1.200M11.8 11.8 13 13M13 3l-1.2 1.200M4.2 11.8 3 13',
  moon: 'M13.3 9.600A5.6 5.6 0 0 1 6.4 2.700a5.6 5.6 0 1 0 6.9 6.9',
  monitor: 'M2 3h12v8H2zM5.5 13.500h5M8 11v2.5',
  globe:
    'M8 1.750a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.500M1.75 8h12.500M8 1.750c2 2 2.6 4 2.6 6.250S10 12.25 8 14.250C6 12.25 5.4 10.25 5.4 8S6 3.75 8 1.75',
  play: 'M4.5 2.800v10.400L13 8z',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.5 6V2.500H6M10 2.500h3.500V6M13.5 10v3.500H10M6 13.500H2.500V10',
  turn: 'M3 6.500V3h3.500M3 3l4 4M13 9.500V13H9.500M13 13 9 9',
  close: 'M3.7 3.700l8.6 8.600M12.3 3.700l-8.6 8.6',
  keyboard: 'M1.5 4h13v8.500h-13zM4 6.800h.01M6.7 6.800h.01M9.3 6.800h.01M12 6.800h.01M5 10h6',
  down: 'M8 2.500v10M3.8 8.5 8 12.700l4.2-4.2',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  list: 'M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01',
  mesh: 'M8 2.200a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.600M3.5 10.200a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.600M12.5 10.200a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.600M7.1 5.6 4.4 10.400M8.9 5.600l2.7 4.800M5.3 12h5.4',
  team: 'M2 3h4.500v3.500H2zM9.5 9.500H14V13H9.500zM6.5 4.700h3a2 2 0 0 1 2 2v2.8',
  braces:
    'M6 2.500c-2 0-2 1-2 2.500s0 2.5-1.7 3C4 8.5 4 9.5 4 11s0 2.5 2 2.500M10 2.500c2 0 2 1 2 2.500s0 2.5 1.7 3C12 8.5 12 9.5 12 11s0 2.5-2 2.5',
  chart: 'M1.5 6h4v4h-4zM10.5 2h4v4h-4zM10.5 10h4v4h-4zM5.5 8h2.500M8 4v8M8 4h2.500M8 12h2.5',
  key: 'M5 5.500a3 3 0 1 0 0 6 3 3 0 0 0 0-6M7.8 8.500h6.200v2.200M11.5 8.500v1.7',
} as const;
export type IconName = keyof typeof ICONS;

/** Every word that a status pill can show. */
export const STATUS_ICONS = {
  pending: 'circle',
  queued: 'stack',
  running: 'spinner',
  working: 'spinner',
  retrying: 'retry',
  paused: 'pause',
  waiting_approval: 'hand',
  cancelling: 'hourglass',
  blocked: 'lock',
  completed: 'check',
  failed: 'cross',
  cancelled: 'none',
  skipped: 'skip',
  seen: 'circle',
  reachable: 'check',
  lost: 'unplugged',
} as const satisfies Record<string, IconName>;
export type StatusWord = keyof typeof STATUS_ICONS;

/** Whether a word has a glyph, a colour and texts of its own. */
export const isStatusWord = (word: unknown): word is StatusWord =>
  typeof word === 'string' && Object.hasOwn(STATUS_ICONS, word);

/** Steps and presences are status words: this fails to compile when one is missing. */
export type EveryWord = StepState | Presence extends StatusWord ? StatusWord : never;

export const KIND_ICONS: Readonly<Record<EventKind, IconName>> = {
  status: 'arrow',
  message: 'message',
  artifact: 'file',
  tool: 'wrench',
  reasoning: 'thought',
  error: 'warning',
};
