// Wraps text to a width: words of a paragraph, or lines as they are with what is too long broken.
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

/** One line broken to lines of at most `width` cells, at blanks where there are some; its own indent stays. */
export const wrapLine = (line: string, width: number): readonly string[] => {
  if (!Number.isFinite(width) || cells(line) <= width) return [line];
  const lines: string[] = [];
  let [current, used] = ['', 0];
  const flush = (): void => {
    lines.push(current.trimEnd());
    [current, used] = ['', 0];
  };
  for (const part of line.match(/\s+|\S+/g) ?? []) {
    const size = cells(part);
    if (used + size > width && used > 0 && !(size > width && used < width / 2)) {
      flush();
      if (part.trim() === '') continue;
    }
    for (const char of size > width - used ? part : [part]) {
      const step = cells(char);
      if (used + step > width && used > 0) flush();
      current += char;
      used += step;
    }
  }
  if (current !== '') flush();
  return lines;
};
