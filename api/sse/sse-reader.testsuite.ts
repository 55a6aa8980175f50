// Reads an event stream as it comes over the wire, frame by frame, and can stop reading for a while.
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

/** One frame by its fields. */
export interface Frame {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

export interface SseReader {
  readonly response: IncomingMessage;
  /** Frames so far; comments are left out. */
  readonly frames: Frame[];
  readonly comments: () => number;
  /** seqs of the events so far. */
  seqs(): number[];
  /** Resolves when `fits` holds, looking after each chunk; rejects when the stream ends before. */
  until(fits: (reader: SseReader) => boolean): Promise<void>;
  readonly ended: Promise<unknown>;
  close(): void;
}

export const readSse = async (
  port: number,
  query = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<SseReader> => {
  const sent = request({ host: '127.0.0.1', port, path: `/api/stream${query}`, headers, agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const frames: Frame[] = [];
  let comments = 0;
  let rest = '';
  let wake = (): void => undefined;
  let over = false;
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const frame: Record<string, string> = {};
      for (const line of block.split('\n')) {
        const colon = line.indexOf(':');
        if (colon === 0) comments += 1;
        else frame[line.slice(0, colon)] = line.slice(colon + 2);
      }
      if (Object.keys(frame).length > 0) frames.push(frame);
    }
    wake();
  });
  const ended = new Promise<void>((resolve) => {
    response.on('close', () => {
      over = true;
      wake();
      resolve();
    });
  });
  response.on('error', () => undefined);
  sent.on('error', () => undefined);
  const reader: SseReader = {
    response,
    frames,
    comments: () => comments,
    seqs: () =>
      frames
        .filter(({ data, event }) => event === undefined && data !== undefined)
        .map(({ id }) => Number(id)),
    until: async (fits) => {
      while (!fits(reader)) {
        if (over) throw new Error('the stream ended');
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    ended,
    close: () => {
      sent.destroy();
    },
  };
  return reader;
};
