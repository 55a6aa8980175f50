// Events as data: one array, or a line each. Written as they come, so that a million of them need no memory.
import type { EventV1 } from '#machines/nouns/event';
import type { Terminal } from '../render/terminal.ts';

/** Prints the events, then those that still come. The client keeps the key order of the log, so lines equal its lines. */
export const printEvents = async (
  terminal: Terminal,
  output: 'json' | 'jsonl',
  events: Iterable<EventV1> | AsyncIterable<EventV1>,
  rest?: AsyncIterable<EventV1>,
): Promise<void> => {
  let first = true;
  const print = async (event: EventV1): Promise<void> => {
    const line = JSON.stringify(event);
    await terminal.out(output === 'jsonl' ? `${line}\n` : `${first ? '[\n' : ',\n'}${line}`);
    first = false;
  };
  for await (const event of events) await print(event);
  if (rest !== undefined) for await (const event of rest) await print(event);
  if (output === 'json') await terminal.out(first ? '[]\n' : '\n]\n');
};
