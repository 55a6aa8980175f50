// POST /api/events, durable before its 201, and GET /healthz, next to a bare Express app: both in processes of their own,
// asked in turn by the same client.
import { fsyncMs } from './fsync-time.ts';
import { askMany, type HttpAsk } from './http-peer.ts';
import { percentile, report } from './measure.ts';
import { benchPayload } from './serve-noop.ts';
import { startServer } from './server-process.ts';
import { DURABILITY, surroundings } from './surroundings.ts';

const ROUNDS = 3;

const post: HttpAsk = {
  method: 'POST',
  path: '/api/events',
  status: 201,
  body: () => JSON.stringify({ run_id: 'bench', kind: 'message', payload: benchPayload() }),
};
const health: HttpAsk = { path: '/healthz', status: 200 };

/** Latencies and the median of the rates of a few rounds, ours and the bare one in turn. */
const inTurn = async (
  ports: readonly [number, number],
  ask: HttpAsk,
  load: { readonly total: number; readonly concurrency: number },
): Promise<readonly [Measured, Measured]> => {
  const rounds: [Round[], Round[]] = [[], []];
  for (const port of ports) await askMany(port, ask, { ...load, total: Math.ceil(load.total / 4) });
  for (let round = 0; round < ROUNDS; round += 1)
    for (const which of [0, 1] as const) rounds[which].push(await askMany(ports[which], ask, load));
  return [measured(rounds[0]), measured(rounds[1])];
};

type Round = Awaited<ReturnType<typeof askMany>>;
interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p95: number;
}
const measured = (rounds: readonly Round[]): Measured => {
  const latencies = rounds.flatMap((round) => round.latencies);
  return {
    perSecond: percentile(
      rounds.map(({ perSecond }) => perSecond),
      50,
    ),
    p50: percentile(latencies, 50),
    p95: percentile(latencies, 95),
  };
};

export const benchHttp = async (scale = 1): Promise<void> => {
  const bare = await startServer({ kind: 'express' });
  for (const synchronous of ['FULL', 'NORMAL'] as const) {
    const mesh = await startServer({ kind: 'mesh', synchronous });
    for (const [name, ask, concurrency, total] of [
      ['POST /api/events', post, 1, 500],
      ['POST /api/events', post, 64, 4_000],
      ['GET /healthz', health, 1, 1_000],
      ['GET /healthz', health, 64, 8_000],
    ] as const) {
      if (ask === health && synchronous === 'NORMAL') continue;
      const load = { total: Math.max(concurrency, Math.round(total * scale)), concurrency };
      const [ours, reference] = await inTurn([mesh.port, bare.port], ask, load);
      report('http', {
        request: name,
        durability: ask === post ? `${DURABILITY[synchronous]}, before the answer` : 'reads only',
        ...load,
        rounds: ROUNDS,
        per_s: ours.perSecond,
        p50_ms: ours.p50,
        p95_ms: ours.p95,
        bare_express_per_s: reference.perSecond,
        bare_express_p50_ms: reference.p50,
        ratio_per_s: ours.perSecond / reference.perSecond,
        fsync_p50_ms: fsyncMs(),
        ...surroundings(),
      });
    }
    await mesh.close();
  }
  await bare.close();
};
