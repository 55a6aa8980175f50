// Speaks HTTP to a server for the benchmarks: kept connections, so many requests at once, the latency of each.
import { Agent, request } from 'node:http';

export interface HttpAsk {
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  /** Made anew for each request. */
  readonly body?: (n: number) => string;
  /** What the answer must be. */
  readonly status: number;
}

/** Milliseconds from asking to the whole answer, of `total` requests with `concurrency` at once. */
export const askMany = async (
  port: number,
  { method = 'GET', path, body, status }: HttpAsk,
  { total, concurrency }: { readonly total: number; readonly concurrency: number },
): Promise<{ readonly latencies: readonly number[]; readonly perSecond: number }> => {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const askOnce = (n: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const text = body?.(n);
      const start = performance.now();
      const sent = request(
        {
          agent,
          host: '127.0.0.1',
          port,
          method,
          path,
          headers: {
            ...(text === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          },
        },
        (response) => {
          response.resume();
          response.on('error', reject);
          response.on('end', () => {
            if (response.statusCode === status) resolve(performance.now() - start);
            else reject(new Error(`${method} ${path} answered ${String(response.statusCode)}`));
          });
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  const latencies: number[] = [];
  let next = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (next < total) latencies.push(await askOnce(next++));
    }),
  );
  const wallMs = performance.now() - start;
  agent.destroy();
  return { latencies, perSecond: total / (wallMs / 1_000) };
};
