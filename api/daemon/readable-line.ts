// A line of the log as people read it: time, level, message, and the rest as key=value.
import { inspect } from 'node:util';

const LEVELS: Readonly<Record<number, readonly [string, 'gray' | 'cyan' | 'yellow' | 'red']>> = {
  20: ['debug', 'gray'],
  30: ['info', 'cyan'],
  40: ['warn', 'yellow'],
  50: ['error', 'red'],
  60: ['fatal', 'red'],
};

/** C0, DEL and C1: what a terminal would obey. */
const CONTROL = /\p{Cc}/gu;

const shown = (value: unknown): string => {
  if (typeof value === 'string' && /^[\w./:@%+-]+$/.test(value)) return value;
  // The stack is for the file; people get the message.
  if (typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string')
    return JSON.stringify(value.message);
  return JSON.stringify(value);
};

/** @param line one JSON line of pino; anything else comes back as it is */
export const readable = (line: string, colour: boolean): string => {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return line;
  }
  if (typeof record !== 'object' || record === null) return line;
  const { level, time, msg, ...rest } = record as Record<string, unknown>;
  const [word, tint] = LEVELS[Number(level)] ?? ['info', 'cyan'];
  const [open, close] = colour ? (inspect.colors[tint] ?? [0, 0]) : [0, 0];
  const paint = (text: string): string =>
    colour ? `\u001b[${String(open)}m${text}\u001b[${String(close)}m` : text;
  const clock = new Date(Number(time)).toTimeString().slice(0, 8);
  const more = Object.entries(rest).map(([key, value]) => ` ${key}=${shown(value)}`);
  const text = `${typeof msg === 'string' ? msg : ''}${more.join('')}`.replace(CONTROL, '');
  return `${clock} ${paint(word.padEnd(5))} ${text}\n`;
};
