// agentmesh agents add: one place, the kind and what it needs besides, sent as they were meant.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agentmesh, fakeDaemon, type FakeDaemon } from '../../testing/fake-daemon.ts';

let daemon: FakeDaemon;
before(async () => {
  daemon = await fakeDaemon({
    'agents.add': () => ({ status: 422, body: { code: 'unsupported_agent_kind', detail: 'not here' } }),
  });
});
after(() => daemon.close());
const add = (...argv: readonly string[]) =>
  agentmesh(['agents', 'add', '--daemon-url', daemon.url, ...argv], { cwd: '/tmp' });
const sent = (): unknown => daemon.asked.at(-1)?.body;

void test('an installation is sent as its absolute folder, settings as what they read as', async () => {
  await add(
    '--kind',
    'nanoclaw',
    '--dir',
    'claw',
    '--setting',
    'agent=main',
    '--setting',
    'limit=5',
    '--setting',
    'on=true',
    '--setting',
    'note=a=b',
  );
  assert.deepEqual(sent(), {
    dir: join('/tmp', 'claw'),
    kind: 'nanoclaw',
    settings: { agent: 'main', limit: 5, on: true, note: 'a=b' },
  });
});

void test('a URL and a program may name their kind', async () => {
  await add('--kind', 'openclaw', 'http://127.0.0.1:9');
  assert.deepEqual(sent(), { url: 'http://127.0.0.1:9', kind: 'openclaw' });
  await add('--name', 'x', '--kind', 'acp', '--command', '--', 'prog', '-a');
  assert.deepEqual(sent(), { name: 'x', command: ['prog', '-a'], kind: 'acp' });
});

void test('what contradicts itself or says too little is a word about the line, and is not sent', async () => {
  const before = daemon.asked.length;
  for (const argv of [
    ['--dir', '/x'],
    ['--dir', '/x', '--kind', 'y', 'http://127.0.0.1:9'],
    ['--dir', '/x', '--kind', 'y', '--setting', 'nothing'],
    [],
  ]) {
    const { code, stderr } = await add(...argv);
    assert.equal(code, 2, stderr);
  }
  assert.equal(daemon.asked.length, before);
});
