// One line of a trace, from the same items that the console shows.
import type { TimelineItem, View } from '#api/contract/view';
import { escapeLine, escapeText } from './escape.ts';
import { wrapLine } from './paragraph.ts';
import { cells, clip } from './table.ts';
import type { Paint, Style } from './style.ts';
import { between, duration, offset } from './time.ts';

/** What the readable form shows of a long text; all of it with `lines: 'all'`. */
const SHOWN_LINES = 8;
const SHOWN_CHARS = 600;

/** `analyze#2`: the step and its attempt. */
const placeOf = ({ step, attempt }: TimelineItem): string =>
  step === null ? '' : attempt === null ? step : `${step}#${attempt}`;

/** Cells of the widest place that this view can have (attempts rarely have two digits). */
const placeWidth = (view: View): number =>
  view.steps.reduce((most, step) => Math.max(most, cells(step.id) + 2), 0);

const paintOf = (item: TimelineItem, style: Style): Paint =>
  ({ info: (text: string) => text, good: style.good, warn: style.warn, bad: style.bad })[item.severity];

const shown = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

const toolText = (item: TimelineItem): string => {
  const { tool } = item;
  if (tool === null) return item.text;
  const parts = [
    shown(tool.input),
    tool.error !== null
      ? `error: ${shown(tool.error)}`
      : tool.output !== null
        ? `→ ${shown(tool.output)}`
        : '',
  ];
  return parts.filter((part) => part !== '').join('  ');
};

/** The words of an item: what stands bold, and the text behind it. */
const wordsOf = (item: TimelineItem): { readonly title: string; readonly text: string } => {
  switch (item.kind) {
    case 'status': {
      const move =
        item.transition === null ? '' : `${item.transition.from || '·'} → ${item.transition.to || '·'}`;
      const agent =
        item.word === 'submitted' && item.agent !== null
          ? `to ${item.agent}${item.text === '' ? '' : ':'}`
          : '';
      // A state has no end of its own but for the time that a person took.
      const waited = item.endTs === item.ts ? '' : ` ${duration(between(item.ts, item.endTs))}`;
      return {
        title: `${item.title}${waited}`,
        text: [move, agent, item.text].filter((part) => part !== '').join(' '),
      };
    }
    case 'tool': {
      const took = item.open
        ? item.word === 'start'
          ? ' …'
          : ''
        : ` ${duration(between(item.ts, item.endTs))}`;
      return { title: `${item.title}${item.seqs.length > 1 || item.open ? took : ''}`, text: toolText(item) };
    }
    case 'message':
      return { title: item.title === 'agent' ? (item.agent ?? 'agent') : item.title, text: item.text };
    case 'artifact':
    case 'error':
      return { title: item.title, text: item.text };
    case 'reasoning':
      return { title: '', text: item.text };
  }
};

export interface LineOptions {
  readonly style: Style;
  /** Cells of the terminal; Infinity for a pipe. */
  readonly width: number;
  /** one: cut to the width (live progress). some: the beginning of a long text, and how much is left. all: every word. */
  readonly lines: 'one' | 'some' | 'all';
}

/** The first lines of a text, with a word about what is left out. */
const beginning = (text: string): string => {
  const lines = text.split('\n');
  const some = lines.slice(0, SHOWN_LINES).join('\n');
  const kept = some.length <= SHOWN_CHARS ? some : some.slice(0, SHOWN_CHARS);
  return kept.length === text.length
    ? text
    : `${kept.trimEnd()} … (${(text.length - kept.length).toLocaleString('en')} more characters: --full)`;
};

/** The text form of an item: offset into the run, step and attempt, kind, words. */
export const itemLines = (
  item: TimelineItem,
  view: View,
  { style, width, lines }: LineOptions,
): readonly string[] => {
  const place = placeOf(item);
  const at = offset(view.startedAt ?? item.ts, item.ts).padStart(8);
  const places = placeWidth(view);
  const lead = `${at}  ${places === 0 ? '' : `${place.padEnd(places)}  `}${item.kind.padEnd(9)}  `;
  const painted = `${style.dim(at)}  ${places === 0 ? '' : `${style.name(place)}${' '.repeat(Math.max(0, places - cells(place)))}  `}${style.dim(item.kind.padEnd(9))}  `;
  const { title, text } = wordsOf(item);
  const late = item.late ? style.warn(' (late)') : '';
  const head = escapeLine(title);
  const paint = paintOf(item, style);
  if (lines === 'one') {
    const room = width - cells(lead) - cells(head) - (item.late ? 7 : 0) - 2;
    const rest = clip(escapeLine(text), room);
    return [`${painted}${paint(head)}${late}${rest === '' || head === '' ? rest : `  ${rest}`}`];
  }
  const body = lines === 'all' ? escapeText(text.trimEnd()) : beginning(escapeText(text.trimEnd()));
  const said = `${head}${item.late ? ' (late)' : ''}`;
  const hang = Math.min(cells(lead), Number.isFinite(width) && width < 90 ? 10 : 40);
  const room = width - hang;
  const [first = '', ...more] = body.split('\n');
  // The first line shares its room with what stands before it: broken as if that were blanks, then joined.
  const taken = cells(lead) - hang + cells(said) + (said === '' || first === '' ? 0 : 2);
  const [begin = '', ...rest] = wrapLine(`${'\u00a0'.repeat(Math.max(0, taken))}${first}`, room);
  const indent = ' '.repeat(hang);
  const gap = said === '' || first === '' ? '' : '  ';
  return [
    `${painted}${paint(head)}${late}${gap}${begin.slice(Math.max(0, taken))}`,
    ...[...rest, ...more.flatMap((line) => wrapLine(line, room))].map((line) =>
      line === '' ? '' : `${indent}${line}`,
    ),
  ];
};
