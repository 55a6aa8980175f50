// Wraps text to a width at its blanks, later lines indented.
import { cells } from './table.ts';

/** The text in lines of at most `width` cells; lines after the first begin with `indent` blanks. */
export const paragraph = (text: string, width: number, indent: number): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((each) => each !== '')) {
    if (line !== '' && cells(line) + 1 + cells(word) > Math.max(20, width)) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.join(`\n${' '.repeat(indent)}`);
};
