// What tests of NanoClaw share: hosts in folders of their own, wired as an install leaves them, and a clock that hurries.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Ports } from '../../ports.ts';
import { recorder, request, type Recorder } from '../adapter.testkit.ts';
import { testPorts } from '../adapter.testports.ts';
import type { AgentAdapter, InvokeRequest, Outcome, Target } from '../adapter.ts';
import { createNanoclawAdapter } from './adapter.ts';
import { FakeHost, type FakeHostOptions } from './nanoclaw.testhost.ts';

/** What the adapter is made of. */
export const ports: Pick<Ports, 'clock' | 'ids'> = { clock: testPorts.clock, ids: { uuidv7: randomUUID } };

export const targetOf = (dir: string, agent = 'main'): Target => ({
  name: 'nanoclaw',
  kind: 'nanoclaw',
  entry: { name: 'nanoclaw', kind: 'nanoclaw', dir, settings: { agent } },
  card: null,
  token: null,
});

/** Wires an agent group as an install does it. */
export const wire = async ({ dir }: FakeHost, folder: string): Promise<void> => {
  const adapter = createNanoclawAdapter(ports);
  const plan = await adapter.plan({ dir, env: {}, settings: { group: folder }, receipts: [] });
  if (plan.obstacles.length > 0) throw new Error(JSON.stringify(plan.obstacles));
  await adapter.install(plan, { env: {}, keep: () => Promise.resolve(), note: () => undefined });
};

/** A clock on which time passes `times` as fast between two looks; what is waited for has its own time. */
export const hurriedClock = (times: number): Clock => {
  const begun = Date.now();
  return {
    now: () => begun + (Date.now() - begun) * times,
    after: (ms, callback) => testPorts.clock.after(ms < 1_000 ? ms / times : ms, callback),
  };
};

/** A host with its group `main` wired, and an adapter that talks to it. */
export interface Lab {
  readonly host: FakeHost;
  readonly adapter: AgentAdapter;
  readonly target: Target;
  run(
    prompt: string,
    more?: Partial<InvokeRequest>,
    sink?: Recorder,
  ): Promise<{ outcome: Outcome; sink: Recorder }>;
  close(): Promise<void>;
}

/** Opens a lab in a folder of its own. */
export const openLab = async (
  options: FakeHostOptions = {},
  clock: Clock = testPorts.clock,
): Promise<Lab> => {
  const root = mkdtempSync(join(tmpdir(), 'nanoclaw-'));
  const host = await FakeHost.start(join(root, 'nanoclaw'), options);
  for (const folder of options.groups ?? ['main']) await wire(host, folder);
  const adapter = createNanoclawAdapter({ ...ports, clock });
  const target = targetOf(host.dir, options.groups?.[0] ?? 'main');
  return {
    host,
    adapter,
    target,
    async run(prompt, more, sink = recorder()) {
      const ask = request(target, prompt, { deadline: clock.now() + 600_000, ...more });
      return { outcome: await adapter.invoke(ask, sink), sink };
    },
    async close() {
      await adapter.close?.();
      await host.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
};

/** Lines of the statuses that a sink was told. */
export const statuses = ({ events }: Recorder): string[] =>
  events.flatMap((event) => (event.kind === 'status' ? [event.payload.text ?? ''] : []));
