// A daemon for kill.test.ts: an engine with the agent that asks, steered by JSON lines on stdin, killed whenever the test likes.
// argv: data folder, URL of the agent, `hold` when agents are not asked again in this life.
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import type { Decision } from '#machines/nouns/approval';
import { createAskingAdapter } from '../agents/asking.testadapter.ts';
import { createEngine, nodePorts, socketCaller } from '../index.ts';

interface Command {
  readonly start?: string;
  readonly decide?: string;
  readonly decision?: Decision;
  readonly list?: true;
  readonly get?: string;
}

const [dataDir = '', url = '', hold] = process.argv.slice(2);
const caller = socketCaller('test');
const asking = createAskingAdapter();
const adapter = hold === 'hold' ? { ...asking, reattach: () => new Promise<never>(() => undefined) } : asking;
const engine = await createEngine(
  { dataDir, templateDirs: [], bootstrapFile: null, synchronous: 'FULL', concurrency: 4, version: '0' },
  nodePorts(pino({ level: 'silent' }), {}),
  new Map([['asking', adapter]]),
);
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
if (engine.agents.list().length === 0)
  await engine.agents.add(caller, { name: 'asker', kind: 'asking', url }, 'url', 'test');
say('ready');

for await (const line of createInterface({ input: process.stdin })) {
  const { start, decide, decision = 'allow', list, get } = JSON.parse(line) as Command;
  if (start !== undefined)
    say((await engine.invocations.start(caller, { to: 'asker', prompt: `ask ${start}` })).run_id);
  if (decide !== undefined) say((await engine.approvals.decide(caller, decide, { decision })).state);
  if (list === true) say(engine.approvals.list({ limit: 100 }));
  if (get !== undefined) say(engine.invocations.get(get));
}
