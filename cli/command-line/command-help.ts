// The help of one command: what it does, how it is typed, its own options before those that all commands have.
import type { Definition } from 'clipanion';
import { paragraph } from '../render/paragraph.ts';
import type { Style } from '../render/style.ts';
import { cells } from '../render/table.ts';
import { longName, SHARED, synopsis, writtenOption } from './synopsis.ts';

const MOST_CELLS = 96;

/** Clipanion wraps at 80; paragraphs are put together again and wrapped to the terminal. */
const paragraphs = (text: string, width: number): string =>
  text
    .trim()
    .split(/\n\s*\n/)
    .map((block) => paragraph(block, width, 0))
    .join('\n\n');

/** The page of a command. `width` is the terminal’s; `shared` are options that stand apart because every command has them. */
export const commandHelp = (
  definition: Definition,
  width: number,
  style: Style,
  common: ReadonlySet<string> = SHARED,
): string => {
  const wide = Math.min(width, MOST_CELLS);
  const options = definition.options.map((option) => ({ ...option, text: writtenOption(option.definition) }));
  const pad = Math.min(28, Math.max(...options.map((option) => cells(option.text))));
  const lines = (shared: boolean): string =>
    options
      .filter((option) => common.has(longName(option.definition)) === shared)
      .map(({ text, description = '' }) => {
        const about = paragraph(description, wide - pad - 4, pad + 4);
        const gap = cells(text) > pad ? `\n${' '.repeat(pad + 4)}` : ' '.repeat(pad - cells(text) + 2);
        return `  ${style.name(text)}${gap}${about}`;
      })
      .join('\n');
  const section = (title: string, body: string): string =>
    body === '' ? '' : `\n${style.bold(title)}\n${body}\n`;
  const usage = `  ${paragraph(synopsis(definition, common), wide - 4, 4)}`;
  const examples = (definition.examples ?? [])
    .map(([about, line]) => `  ${style.dim(`# ${about.trim()}`)}\n  ${line}`)
    .join('\n');
  return [
    `${(definition.description ?? '').trim()}\n`,
    section('Usage', usage),
    section('Options', lines(false)),
    section('Options of every command', lines(true)),
    definition.details === undefined ? '' : `\n${paragraphs(definition.details, wide)}\n`,
    section('Examples', examples),
  ].join('');
};
