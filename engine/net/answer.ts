// From an answer as node:http gives it to a Response: its body is counted, timed, and can be stopped at any moment.
import type { IncomingMessage } from 'node:http';

export interface AnswerLimits {
  readonly bytes: number;
  readonly signal: AbortSignal | null;
  /** Aborted when the time of the whole exchange is over. */
  readonly giveUp: AbortController;
}

/** Statuses without a body (RFC 9110): a Response refuses to have one. */
const EMPTY = [101, 204, 205, 304];

/** Read ahead of who consumes it, in bytes. */
const AHEAD = 64 * 1024;

const bodyOf = (
  incoming: IncomingMessage,
  limits: AnswerLimits,
  onEnd: () => void,
): ReadableStream<Uint8Array> => {
  let read = 0;
  let isOver = false;
  let stop: (error: unknown) => void = () => undefined;
  const onAbort = (): void => {
    stop(limits.signal?.reason);
  };
  const onGiveUp = (): void => {
    stop(limits.giveUp.signal.reason);
  };
  const over = (): void => {
    isOver = true;
    limits.signal?.removeEventListener('abort', onAbort);
    limits.giveUp.signal.removeEventListener('abort', onGiveUp);
    onEnd();
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        stop = (error) => {
          if (isOver) return;
          over();
          incoming.destroy();
          controller.error(error);
        };
        limits.signal?.addEventListener('abort', onAbort);
        limits.giveUp.signal.addEventListener('abort', onGiveUp);
        incoming.on('data', (chunk: Buffer) => {
          if (isOver) return;
          read += chunk.byteLength;
          if (read > limits.bytes) {
            stop(
              Object.assign(new Error(`the answer is over ${String(limits.bytes)} bytes`), {
                code: 'ETOOBIG',
              }),
            );
            return;
          }
          controller.enqueue(new Uint8Array(chunk));
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
        });
        incoming.on('end', () => {
          if (isOver) return;
          over();
          controller.close();
        });
        incoming.on('error', (error) => {
          stop(error);
        });
        incoming.on('close', () => {
          stop(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
        });
        incoming.pause();
      },
      pull() {
        incoming.resume();
      },
      cancel() {
        if (isOver) return;
        over();
        incoming.destroy();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: AHEAD }),
  );
};

/**
 * The Response of an answer. `onEnd` is called once, when nothing more will come or is wanted.
 * @throws Error for an answer that cannot be one: an unknown status, a compressed body that nobody asked for
 */
export const toResponse = (incoming: IncomingMessage, limits: AnswerLimits, onEnd: () => void): Response => {
  const status = incoming.statusCode ?? 0;
  const headers = new Headers();
  for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2)
    headers.append(incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? '');
  if (status < 200 || status > 599) throw new Error(`the answer has the status ${String(status)}`);
  const coding = headers.get('content-encoding') ?? 'identity';
  if (coding !== 'identity' && coding !== '') throw new Error(`the answer is packed (${coding}), unasked`);
  const about = { status, statusText: (incoming.statusMessage ?? '').replace(/[^\x20-\x7e]/g, ''), headers };
  if (EMPTY.includes(status)) {
    incoming.resume();
    onEnd();
    return new Response(null, about);
  }
  return new Response(bodyOf(incoming, limits, onEnd), about);
};
