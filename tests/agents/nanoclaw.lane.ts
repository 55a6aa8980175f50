// A real NanoClaw that runs on this machine, with its own model and containers:
//
//   NANOCLAW_DIR=~/nanoclaw npm run test:agents -- nanoclaw
//
// NANOCLAW_GROUP names the folder of the agent group to ask, where there are several. Installed, asked a few sums, cancelled,
// found again after a kill, uninstalled. It costs what the agent’s model costs.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Agent } from '#machines/nouns/agent';
import type { EventV1 } from '#machines/nouns/event';
import { openLaneMesh, type LaneMesh } from './lane-mesh.ts';
import { VERSION_NOTE } from './lanes.ts';

const dir = process.env['NANOCLAW_DIR'] ?? '';
if (dir === '') throw new Error('NANOCLAW_DIR must name the folder of a NanoClaw that runs');
const group = process.env['NANOCLAW_GROUP'];
const choice = group === undefined ? [] : ['--group', group];

let mesh: LaneMesh;
let agent = '';
before(async () => {
  mesh = await openLaneMesh([], { NANOCLAW_DIR: dir });
});
after(async () => {
  await mesh.cli('nanoclaw', 'uninstall');
  await mesh.close();
});

const done = async (...argv: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await mesh.cli(...argv);
  assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`);
  return stdout;
};

const agents = async (): Promise<Agent[]> => (await mesh.json('agents', 'list')) as Agent[];

const sum = (of: string): string => `${of}? Answer with the number alone.`;

/** NanoClaw has the task: it is in its queue, and not only in ours. */
const isSent = ({ kind, payload, metadata }: EventV1): boolean =>
  kind === 'status' && metadata['source'] === 'agent' && payload['state'] === 'working';

describe('NanoClaw: the real host', () => {
  it('is installed, and again, which changes nothing', async (t) => {
    const plan = await done('nanoclaw', 'install', '--dry-run', ...choice);
    t.diagnostic(plan);
    t.diagnostic(`${VERSION_NOTE}${/NanoClaw \d[\w.-]*/.exec(plan)?.[0] ?? 'NanoClaw'}`);
    await done('nanoclaw', 'install', '--yes', ...choice);
    const again = (await mesh.json('nanoclaw', 'install', '--dry-run', ...choice)) as { steps: unknown[] };
    assert.deepEqual(again.steps, []);
    t.diagnostic(await done('nanoclaw', 'status'));
  });

  it('is found with its version', async () => {
    await done('discover');
    const [found] = await agents();
    assert.ok(found !== undefined);
    assert.deepEqual([found.kind, found.presence, found.trust], ['nanoclaw', 'reachable', 'trusted']);
    assert.match(found.version ?? '', /^\d/);
    agent = found.name;
  });

  it('answers twice, one task after the other', async (t) => {
    for (const [task, result] of [
      ['1+1', '2'],
      ['20+22', '42'],
    ] as const) {
      const text = await done('run', '--to', agent, '--timeout', '5m', sum(task));
      t.diagnostic(`${task}: ${text.trim()}`);
      assert.ok(text.includes(result), text);
    }
  });

  it('takes three tasks at once and mixes none', async () => {
    const tasks = ['100+1', '200+2', '300+3'];
    const runs = await Promise.all(tasks.map((task) => mesh.begin(agent, sum(task), '--timeout', '5m')));
    const ended = await Promise.all(runs.map((run) => mesh.ended(run)));
    assert.deepEqual(
      ended.map(({ text }) => /\d+/.exec(text)?.[0]),
      ['101', '202', '303'],
    );
  });

  it('a cancel ends the run, and does not claim what it cannot know', async () => {
    const runId = await mesh.begin(agent, sum('7+7'), '--timeout', '5m');
    await mesh.seen(runId, isSent);
    await done('cancel', runId);
    const { state, events } = await mesh.ended(runId);
    assert.equal(state, 'cancelled', JSON.stringify(events.at(-1)));
  });

  it('daemon killed in mid-run: the task is found again, and answered once', async () => {
    const runId = await mesh.begin(agent, sum('30+3'), '--timeout', '5m');
    await mesh.seen(runId, isSent);
    await mesh.kill();
    await mesh.up();
    const { state, text, events } = await mesh.ended(runId);
    assert.deepEqual([state, /\d+/.exec(text)?.[0]], ['completed', '33'], JSON.stringify(events.at(-1)));
    assert.equal(events.filter(({ metadata }) => metadata['final'] === true).length, 1);
  });

  it('is uninstalled', async (t) => {
    t.diagnostic(await done('nanoclaw', 'uninstall'));
    assert.deepEqual(await agents(), []);
  });
});
