// A hundred clients on one event stream: deliveries a second when much comes at once, and the time from an append to
// each client at a steady rate. Next to a server that writes such frames without a log behind them.
import { fsyncMs } from './fsync-time.ts';
import { percentile, report } from './measure.ts';
import { openSseClients } from './sse-clients.ts';
import { startServer } from './server-process.ts';
import { DURABILITY, surroundings } from './surroundings.ts';

const CLIENTS = 100;
const PER_SECOND = 200;

const wallClockMs = (): number => performance.timeOrigin + performance.now();

interface Burst {
  readonly deliveriesPerSecond: number;
  readonly eventsPerSecond: number;
}

const burst = async (
  port: number,
  append: () => Promise<unknown>,
  from: number,
  count: number,
): Promise<Burst> => {
  const clients = await openSseClients(port, CLIENTS);
  const start = performance.now();
  void append();
  await clients.allAt(from + count);
  const wallMs = performance.now() - start;
  // Each saw the last one; that none was left out is checked on one of them.
  if (clients.framesOfFirst() !== count)
    throw new Error(`the first client saw ${String(clients.framesOfFirst())} of ${String(count)}`);
  clients.close();
  return {
    deliveriesPerSecond: (count * CLIENTS) / (wallMs / 1_000),
    eventsPerSecond: count / (wallMs / 1_000),
  };
};

/** Milliseconds from just before an append to each client that reads it. */
const steady = async (
  port: number,
  append: () => Promise<unknown>,
  from: number,
  count: number,
): Promise<readonly number[]> => {
  const clients = await openSseClients(port, CLIENTS);
  const latencies: number[] = [];
  clients.onText = (text) => {
    const now = wallClockMs();
    for (const [, sent] of text.matchAll(/"sent_ms":([\d.]+)\}/g)) latencies.push(now - Number(sent));
  };
  void append();
  await clients.allAt(from + count);
  clients.close();
  return latencies;
};

export const benchSse = async (scale = 1): Promise<void> => {
  const count = Math.round(20_000 * scale);
  const steadyCount = Math.round(PER_SECOND * 10 * scale);
  const mesh = await startServer({ kind: 'mesh', synchronous: 'FULL' });
  const bare = await startServer({ kind: 'sse' });
  const ours: Burst[] = [];
  const reference: Burst[] = [];
  for (let round = 0; round < 3; round += 1) {
    const order = { count, perSecond: null };
    // The mesh's log begins with what adding its agent wrote.
    const head = await headOf(mesh.port);
    ours.push(await burst(mesh.port, () => mesh.append(order), head, count));
    reference.push(await burst(bare.port, () => bare.append(order), round * count, count));
  }
  const median = (bursts: readonly Burst[], of: keyof Burst): number =>
    percentile(
      bursts.map((each) => each[of]),
      50,
    );
  report('sse', {
    what: 'as fast as they are appended, 512 waiting at a time',
    durability: `${DURABILITY.FULL}, before a client sees it`,
    clients: CLIENTS,
    events: count,
    rounds: 3,
    deliveries_per_s: median(ours, 'deliveriesPerSecond'),
    events_per_s: median(ours, 'eventsPerSecond'),
    bare_deliveries_per_s: median(reference, 'deliveriesPerSecond'),
    ratio: median(ours, 'deliveriesPerSecond') / median(reference, 'deliveriesPerSecond'),
    fsync_p50_ms: fsyncMs(),
    ...surroundings(),
  });
  const order = { count: steadyCount, perSecond: PER_SECOND };
  const latencies = await steady(mesh.port, () => mesh.append(order), await headOf(mesh.port), steadyCount);
  const bareLatencies = await steady(bare.port, () => bare.append(order), 3 * count, steadyCount);
  report('sse', {
    what: `from append to client at ${String(PER_SECOND)} events a second`,
    durability: `${DURABILITY.FULL}, before a client sees it`,
    clients: CLIENTS,
    deliveries: latencies.length,
    p50_ms: percentile(latencies, 50),
    p99_ms: percentile(latencies, 99),
    bare_p50_ms: percentile(bareLatencies, 50),
    bare_p99_ms: percentile(bareLatencies, 99),
    fsync_p50_ms: fsyncMs(),
    ...surroundings(),
  });
  await mesh.close();
  await bare.close();
};

const headOf = async (port: number): Promise<number> => {
  const response = await fetch(`http://127.0.0.1:${String(port)}/healthz`);
  return ((await response.json()) as { readonly head_seq: number }).head_seq;
};
