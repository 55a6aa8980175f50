// Many readers of an event stream over real sockets, as cheap as they can be: raw bytes, read for the last seq only.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface SseClients {
  /** Resolves when every client has seen the event of this seq. */
  allAt(seq: number): Promise<void>;
  /** Called with the bytes of each chunk of each client; a stand-in for what a reader does with them. */
  onText: ((text: string) => void) | null;
  /** Event frames that the first client has seen. */
  readonly framesOfFirst: () => number;
  close(): void;
}

/** How an event’s frame begins; the greeting has no id. */
const FRAME = '\nid: ';
/** The longest tail that may hold the seq of the last frame of a chunk. */
const TAIL_BYTES = 64;

/** Opens so many streams at their end; resolves when each was greeted. */
export const openSseClients = async (port: number, count: number): Promise<SseClients> => {
  const lastSeqs: number[] = [];
  let frames = 0;
  let cut = '';
  let wake = (): void => undefined;
  const sockets = await Promise.all(
    Array.from({ length: count }, async (_, index): Promise<Socket> => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(`GET /api/stream HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\n\r\n`);
      const greeted = once(socket, 'data');
      lastSeqs.push(0);
      await greeted;
      let tail = '';
      socket.on('data', (chunk: Buffer) => {
        if (clients.onText !== null || index === 0) {
          const text = chunk.toString('latin1');
          clients.onText?.(text);
          if (index === 0) {
            // A frame may be cut anywhere; what is carried over is too short to be counted twice.
            const whole = cut + text;
            frames += whole.split(FRAME).length - 1;
            cut = whole.slice(1 - FRAME.length);
          }
        }
        tail = (tail + chunk.subarray(-TAIL_BYTES).toString('latin1')).slice(-TAIL_BYTES);
        const seq = /"seq":(\d+)\}\n\n\D*$/.exec(tail)?.[1];
        if (seq === undefined) return;
        lastSeqs[index] = Number(seq);
        wake();
      });
      return socket;
    }),
  );
  const clients: SseClients = {
    allAt: async (seq) => {
      while (lastSeqs.some((last) => last < seq)) await new Promise<void>((resolve) => (wake = resolve));
    },
    onText: null,
    framesOfFirst: () => frames,
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
  return clients;
};
