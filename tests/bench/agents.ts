// `npm run bench:agents`: from a call accepted by an adapter until the native request has left for the agent, over the
// contract’s counterparts, each in a process of its own. One JSON line an adapter (NanoClaw: one a version of its host).
//
// `sent_p50_ms` is the whole time, nothing taken off, and `met` is judged on it alone. It is that of further calls: what the
// first call of all takes is `first_ms` (code is loaded, a line to OpenClaw is opened, an ACP agent is started and greeted).
// ACP also has `new_process_p50_ms`: each call with a process of its own. `start_p50_ms` is the part of `sent_p50_ms` until
// the handle of a local program is to be saved. `-- --times 10 a2a` measures less often, and the named adapters only.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { createAdapters } from '#engine/agents/adapters';
import type { AgentAdapter, Target } from '#engine/agents/adapter';
import { nodePorts } from '#engine/ports-node';
import { PEERS, type Peer } from './agent-peers.ts';
import { percentile, report } from './measure.ts';
import { surroundings } from './surroundings.ts';

const AIM_MS = 5;
/** Calls of ACP with a process of their own: each takes as long as its agent needs to start. */
const NEW_PROCESSES = 10;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string', default: '50' } },
});
const times = Number(values.times);
const folder = mkdtempSync(join(tmpdir(), 'agentmesh-bench-agents-'));

interface Times {
  /** Until the handle is to be saved. */
  readonly handleMs: number;
  readonly sentMs: number;
}

/** One call; saving the handle costs nothing here, since the database is not the adapter’s. */
const once = async (adapter: AgentAdapter, target: Target): Promise<Times> => {
  const at = performance.now();
  let handleMs: number | null = null;
  let sentMs = Number.NaN;
  const outcome = await adapter.invoke(
    {
      target,
      prompt: 'echo x',
      data: {},
      runId: randomUUID(),
      key: randomUUID(),
      deadline: Date.now() + 60_000,
      signal: new AbortController().signal,
    },
    {
      handle: () => {
        handleMs ??= performance.now() - at;
        return Promise.resolve();
      },
      event: () => Promise.resolve(),
      sent: () => {
        sentMs = performance.now() - at;
      },
      approval: () => Promise.resolve({ decision: 'withdrawn' }),
    },
  );
  if (outcome.status !== 'completed') throw new Error(JSON.stringify(outcome));
  return { handleMs: handleMs ?? Number.NaN, sentMs };
};

const often = async (count: number, adapter: AgentAdapter, target: Target): Promise<Times[]> => {
  const all: Times[] = [];
  for (let at = 0; at < count; at += 1) all.push(await once(adapter, target));
  return all;
};

const sentOf = (all: readonly Times[], p: number): number =>
  percentile(
    all.map(({ sentMs }) => sentMs),
    p,
  );

const adapters = createAdapters(nodePorts(pino({ level: 'silent' }), {}), join(folder, 'data'));

/** Measures one adapter at one counterpart. */
const measure = async (
  name: string,
  adapter: AgentAdapter,
  { target, conversations }: Peer,
): Promise<void> => {
  const first = await once(adapter, target);
  if (conversations > 1)
    await Promise.all(Array.from({ length: conversations }, () => once(adapter, target)));
  const all = await often(times, adapter, target);
  const sent = sentOf(all, 50);
  const alone: Target = { ...target, entry: { ...target.entry, settings: { idle_seconds: 0 } } };
  const isProgram = target.entry.command !== undefined;
  report(`agents: ${name}`, {
    times,
    sent_p50_ms: sent,
    sent_p95_ms: sentOf(all, 95),
    first_ms: first.sentMs,
    ...(conversations > 1 ? { conversations } : {}),
    ...(target.kind === 'acp'
      ? { new_process_p50_ms: sentOf(await often(Math.min(times, NEW_PROCESSES), adapter, alone), 50) }
      : {}),
    ...(isProgram
      ? {
          start_p50_ms: percentile(
            all.map(({ handleMs }) => handleMs),
            50,
          ),
        }
      : {}),
    aim_ms: AIM_MS,
    met: sent < AIM_MS,
    ...surroundings(),
  });
};

try {
  for (const [kind, open] of Object.entries(PEERS)) {
    const adapter = adapters.get(kind);
    if (adapter === undefined) throw new Error(`there is no adapter for ${kind}`);
    if (positionals.length > 0 && !positionals.includes(kind)) continue;
    for (const opening of open(folder)) {
      const peer = await opening;
      try {
        await measure(peer.label === null ? kind : `${kind} ${peer.label}`, adapter, peer);
      } finally {
        await peer.close();
      }
    }
  }
} finally {
  await Promise.all([...adapters.values()].map((adapter) => Promise.resolve(adapter.close?.())));
  rmSync(folder, { recursive: true, force: true });
}
