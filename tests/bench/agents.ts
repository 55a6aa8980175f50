// `npm run bench:agents`: from a call accepted by an adapter until the native request has left, over the contract’s test agents.
// One JSON line an adapter. `start_p50_ms` is what starting the program takes until its handle is to be saved; `own_p50_ms`
// is everything after that. An ACP agent is greeted first (`greeting_p50_ms`): nearly all of that is the agent’s own start.
// `-- --times 10 a2a` measures less often, and the named adapters only.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { startAgent, targetAt } from '#engine/agents/a2a/a2a.testserver';
import { createAdapters } from '#engine/agents/adapters';
import type { AgentAdapter, Target } from '#engine/agents/adapter';
import { nodePorts } from '#engine/ports-node';
import { percentile, report } from './measure.ts';
import { surroundings } from './surroundings.ts';

const AIM_MS = 5;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { times: { type: 'string', default: '50' } },
});
const times = Number(values.times);
const folder = mkdtempSync(join(tmpdir(), 'agentmesh-bench-agents-'));
const agents = join(import.meta.dirname, '..', '..', 'engine', 'agents');

interface Times {
  /** Until the handle is to be saved; null for agents that are no program of ours. */
  readonly startMs: number | null;
  readonly sentMs: number;
}

/** One call; saving the handle costs nothing here, since the database is not the adapter’s. */
const once = async (adapter: AgentAdapter, target: Target): Promise<Times> => {
  const at = performance.now();
  let startMs: number | null = null;
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
        startMs ??= performance.now() - at;
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
  return { startMs, sentMs };
};

const program = (kind: string): Target => ({
  name: kind,
  kind,
  entry: {
    name: kind,
    kind,
    cwd: folder,
    command: [process.execPath, join(agents, kind, `${kind}.testagent.ts`), folder],
  },
  card: null,
  token: null,
});

const peer = await startAgent(folder);
try {
  const adapters = createAdapters(nodePorts(pino({ level: 'silent' }), {}), join(folder, 'keys'));
  const targets: Readonly<Record<string, Target>> = {
    a2a: targetAt(peer.url),
    command: program('command'),
    acp: program('acp'),
    claude: program('claude'),
    codex: program('codex'),
  };
  for (const [kind, target] of Object.entries(targets)) {
    const adapter = adapters.get(kind);
    if (adapter === undefined || (positionals.length > 0 && !positionals.includes(kind))) continue;
    // Once unmeasured: what is loaded at the first use.
    await once(adapter, target);
    const all: Times[] = [];
    for (let at = 0; at < times; at += 1) all.push(await once(adapter, target));
    const isProgram = kind !== 'a2a';
    const start = isProgram
      ? percentile(
          all.map(({ startMs }) => startMs ?? Number.NaN),
          50,
        )
      : 0;
    const sent = percentile(
      all.map(({ sentMs }) => sentMs),
      50,
    );
    const rest = percentile(
      all.map(({ sentMs, startMs }) => sentMs - (startMs ?? 0)),
      50,
    );
    // An ACP agent is greeted and given a session before it can be asked anything: that rest is mostly its own time.
    const isGreeted = kind === 'acp';
    report(`agents: ${kind}`, {
      times,
      sent_p50_ms: sent,
      sent_p95_ms: percentile(
        all.map(({ sentMs }) => sentMs),
        95,
      ),
      start_p50_ms: start,
      own_p50_ms: isGreeted ? null : rest,
      greeting_p50_ms: isGreeted ? rest : null,
      met: start + (isGreeted ? 0 : rest) < AIM_MS,
      ...surroundings(),
    });
  }
} finally {
  await peer.close();
  rmSync(folder, { recursive: true, force: true });
}
