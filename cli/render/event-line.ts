// One event of the log on one line.
import { applyEvent, emptyView } from '#api/contract/view';
import type { EventV1 } from '#machines/nouns/event';
import { escapeLine } from './escape.ts';
import { clip } from './table.ts';
import type { Terminal } from './terminal.ts';

/** seq, time, kind, run, step, words. Cut to the width of a terminal, whole in a pipe. */
export const eventLine = (event: EventV1, { style, width }: Terminal): string => {
  const [item] = applyEvent(emptyView(), { ...event, seq: Math.max(1, event.seq) }).items;
  const agent = typeof event.metadata['agent'] === 'string' ? event.metadata['agent'] : '';
  const place = [agent, event.step ?? ''].filter((part) => part !== '').join('/');
  const text = [
    item?.title ?? '',
    item?.transition === null || item === undefined ? '' : `${item.transition.from} → ${item.transition.to}`,
    item?.text ?? '',
  ];
  const lead = `${String(event.seq).padStart(6)}  ${event.ts}  ${event.kind.padEnd(9)}  ${event.run_id}  `;
  const words = escapeLine(
    `${place === '' ? '' : `${place}  `}${text.filter((part) => part !== '').join('  ')}`,
  );
  const short =
    width < 120
      ? `${String(event.seq).padStart(6)}  ${event.ts.slice(11, 23)}  ${event.kind.padEnd(9)}  `
      : lead;
  const paint =
    item?.severity === 'bad' ? style.bad : item?.severity === 'warn' ? style.warn : (plain: string) => plain;
  return `${style.dim(escapeLine(short))}  ${paint(clip(words, Math.max(10, width - short.length - 2)))}`;
};
