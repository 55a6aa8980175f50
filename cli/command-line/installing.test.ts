// The commands install, uninstall and status over a daemon that speaks the contract: plan, consent, report, exit codes.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { InstallPlanView } from '#machines/nouns/install';
import { agentmesh, fakeDaemon, type FakeDaemon, type Outcome } from '../testing/fake-daemon.ts';

const PLAN: InstallPlanView = {
  kind: 'openclaw',
  dir: '/home/u/.openclaw',
  found: ['OpenClaw 2026.9.6'],
  steps: [
    { change: 'pairs a device', file: '/data/key.json' },
    { change: 'adds a peer', command: ['openclaw', 'config', 'set', 'channels.a2a', '{"token":"…"}'] },
  ],
  obstacles: [],
  plan_sha256: 'abc',
  installation: null,
};
const DONE = { kind: 'openclaw', dir: '/home/u/.openclaw', notes: ['paired'], steps: PLAN.steps, agents: [] };

let plan = PLAN;
let daemon: FakeDaemon;
before(async () => {
  daemon = await fakeDaemon({
    'installs.plan': () => ({ body: plan }),
    'installs.apply': () => ({ body: DONE }),
    'installs.undo': () => ({ body: { ...DONE, notes: ['the configuration is as it was'] } }),
    'installs.list': () => ({ body: [] }),
    'agents.list': () => ({ body: [] }),
  });
});
after(() => daemon.close());
beforeEach(() => {
  plan = PLAN;
});

const run = (...args: string[]): Promise<Outcome> =>
  agentmesh([...args, '--daemon-url', daemon.url], {
    env: { OPENCLAW_STATE_DIR: '/tmp/state', OTHER_SECRET: 'x' },
  });
const asked = (route: string): unknown[] =>
  daemon.asked.filter((each) => each.route === route).map(({ body }) => body);

void test('--dry-run shows each change with its file and command, and does nothing', async () => {
  const { code, stdout } = await run('openclaw', 'install', '--dry-run');
  assert.equal(code, 0);
  for (const part of ['OpenClaw 2026.9.6', 'pairs a device', '/data/key.json', '\'{"token":"…"}\''])
    assert.ok(stdout.includes(part), part);
  assert.deepEqual(asked('installs.apply'), []);
});

void test('without a terminal and without --yes nothing is done', async () => {
  const { code, stderr } = await run('openclaw', 'install');
  assert.equal(code, 2);
  assert.match(stderr, /--yes/);
  assert.deepEqual(asked('installs.apply'), []);
});

void test('--yes does what was shown; of the environment only what is needed travels', async () => {
  const { code, stdout } = await run('openclaw', 'install', '--yes', '--a2a');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /paired/);
  const [body] = asked('installs.apply') as { env: object; settings: object; plan_sha256: string }[];
  assert.deepEqual([body?.settings, body?.plan_sha256], [{ a2a: true }, 'abc']);
  assert.deepEqual(Object.keys(body?.env ?? {}).sort(), ['HOME', 'OPENCLAW_STATE_DIR', 'PATH']);
});

void test('what is in the way: cause, remedy, exit 13', async () => {
  plan = {
    ...PLAN,
    steps: [],
    obstacles: [
      { code: 'agent_unreachable', message: 'The gateway is down', remedy: 'Start it: openclaw gateway' },
    ],
  };
  const { code, stderr } = await run('openclaw', 'install', '--yes');
  assert.equal(code, 13);
  assert.match(stderr, /The gateway is down/);
  assert.match(stderr, /Start it: openclaw gateway/);
});

void test('NanoClaw: its choices and its folder travel whole', async () => {
  const { code } = await run(
    ...[
      'nanoclaw',
      'install',
      '--yes',
      '--group',
      'main,family',
      '--at-once',
      '5',
      '--test',
      '--dir',
      'claw',
    ],
  );
  assert.equal(code, 0);
  const [body] = asked('installs.apply').slice(-1) as { kind: string; dir: string; settings: object }[];
  assert.deepEqual(
    [body?.kind, body?.dir, body?.settings],
    ['nanoclaw', resolve('claw'), { group: 'main,family', at_once: 5, test: true }],
  );
  const wrong = await run('nanoclaw', 'install', '--yes', '--at-once', 'many');
  assert.deepEqual([wrong.code, wrong.stderr.includes('from 1 to 16')], [2, true]);
});

void test('uninstall says what it did; status of what is not installed exits with 20', async () => {
  const undone = await run('openclaw', 'uninstall');
  assert.deepEqual([undone.code, undone.stdout.includes('the configuration is as it was')], [0, true]);
  const status = await run('openclaw', 'status');
  assert.deepEqual([status.code, status.stdout.includes('OpenClaw is not installed')], [20, true]);
});
