// What of a call is recorded already, for an adapter that has found its run again and tells it from the beginning.
import type { EventV1 } from '#machines/nouns/event';
import type { AdapterEvent } from '../agents/adapter.ts';
import { canonicalJson } from '../events/canonical.ts';

/** What was recorded before, to be counted off against what is told again. */
export interface Retold {
  /**
   * Takes an event that is told again.
   * @returns what of it is news; null: nothing
   */
  news(event: AdapterEvent): AdapterEvent | null;
}

const sameAs = ({ kind, payload }: Pick<AdapterEvent, 'kind' | 'payload'>): string =>
  canonicalJson([kind, payload]);

const textOf = (payload: object): string =>
  'text' in payload && typeof payload.text === 'string' ? payload.text : '';

/**
 * Counts off by what events say, since not every agent gives its words an id. An agent that says the same thing twice is
 * heard twice. Pieces of a text were joined where they lay close together, so they are compared as one text a kind.
 * @param recorded the events of the run so far, in their order; those of the engine do not count
 */
export const createRetold = (recorded: Iterable<EventV1>): Retold => {
  const times = new Map<string, number>();
  let hasBegun = false;
  const streams = new Map<string, { text: string; at: number }>();
  for (const event of recorded) {
    if (event.metadata['source'] !== 'agent') continue;
    hasBegun = true;
    if (event.metadata['delta'] === true) {
      const stream = streams.get(event.kind) ?? { text: '', at: 0 };
      streams.set(event.kind, { ...stream, text: stream.text + textOf(event.payload) });
    } else {
      const word = sameAs(event);
      times.set(word, (times.get(word) ?? 0) + 1);
    }
  }

  /** Whether a piece of a text was recorded, whole; the next one is looked for behind it. */
  const wasStreamed = ({ kind, payload }: AdapterEvent): boolean => {
    const stream = streams.get(kind);
    const text = textOf(payload);
    const found = stream === undefined || text === '' ? -1 : stream.text.indexOf(text, stream.at);
    if (stream === undefined || found === -1) return false;
    stream.at = found + text.length;
    return true;
  };

  /** A piece that was cut off in its middle is news from there. */
  const restOf = (event: AdapterEvent): AdapterEvent => {
    const stream = streams.get(event.kind);
    if (stream === undefined) return event;
    const recordedEnd = stream.text.slice(stream.at);
    stream.at = stream.text.length;
    const text = textOf(event.payload);
    return recordedEnd !== '' && text.startsWith(recordedEnd)
      ? ({ ...event, payload: { ...event.payload, text: text.slice(recordedEnd.length) } } as AdapterEvent)
      : event;
  };

  return {
    news: (event) => {
      // Once anything else is known of it, that the agent has it is no news.
      if (event.kind === 'status' && event.payload.state === 'submitted' && hasBegun) return null;
      if (event.delta === true) return wasStreamed(event) ? null : restOf(event);
      const word = sameAs(event);
      const left = times.get(word) ?? 0;
      times.set(word, Math.max(0, left - 1));
      // What is a piece may be told where it was streamed, and no longer in the history.
      return left > 0 || wasStreamed(event) ? null : event;
    },
  };
};
