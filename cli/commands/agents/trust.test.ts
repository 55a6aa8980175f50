// agents trust: it shows what changed, accepts what it showed, and says where trust is given.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleAgent } from '../../../api/fake-engine.testsuite.ts';
import { agentmesh, fakeDaemon } from '../../testing/fake-daemon.ts';

const changed = {
  ...sampleAgent,
  trust: 'changed',
  identity: 'seen-now',
  problem: 'calc is not the agent that was trusted',
  trust_changes: [{ fact: 'interfaces', was: 'JSONRPC http://h/a', now: 'JSONRPC http://evil\u001b[2J/a' }],
};

void test('agents trust shows what changed and accepts exactly that', async () => {
  const daemon = await fakeDaemon({
    'agents.get': () => ({ body: changed }),
    'agents.trust': () => ({ body: sampleAgent }),
  });
  const { code, stdout } = await agentmesh(['agents', 'trust', 'calc', '--daemon-url', daemon.url]);
  await daemon.close();
  assert.equal(code, 0, stdout);
  assert.match(stdout, /interfaces\n +was JSONRPC http:\/\/h\/a\n +is +JSONRPC http:\/\/evil/);
  assert.equal(stdout.includes('\u001b[2J'), false);
  assert.deepEqual(daemon.asked.at(-1)?.body, { identity: 'seen-now' });
});

void test('agents and agents get tell an agent that changed from one that is trusted', async () => {
  const daemon = await fakeDaemon({
    'agents.get': () => ({ body: changed }),
    'agents.list': () => ({ body: [sampleAgent, { ...changed, name: 'other' }] }),
  });
  const list = await agentmesh(['agents', '--daemon-url', daemon.url]);
  const one = await agentmesh(['agents', 'get', 'calc', '--daemon-url', daemon.url]);
  await daemon.close();
  assert.match(list.stdout, /TRUST/);
  assert.match(list.stdout, /other.*changed/);
  assert.match(one.stdout, /not as it was when it was trusted/);
});

void test('where the route is not there, the message says that the socket is the place', async () => {
  const daemon = await fakeDaemon({
    'agents.get': () => ({ body: changed }),
    'agents.trust': () => ({
      status: 404,
      body: { code: 'not_found', title: '', status: 404, detail: 'nothing', remedy: '', type: '' },
    }),
  });
  const { code, stderr } = await agentmesh(['agents', 'trust', 'calc', '--daemon-url', daemon.url]);
  await daemon.close();
  assert.equal(code, 1);
  assert.match(stderr, /local socket only/);
});
