// A real NanoClaw that runs on this machine, with its own model and containers:
//
//   NANOCLAW_DIR=~/nanoclaw npm run test:agents -- nanoclaw
//
// Installed, asked one sum, seen in the trace, uninstalled. It costs what the agent’s model costs.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agentmesh } from '#cli/testing/fake-daemon';

const dir = process.env['NANOCLAW_DIR'];
if (dir === undefined) throw new Error('NANOCLAW_DIR must name the folder of a NanoClaw that runs');
/** Folder of the agent group to ask, where there are several. */
const group = process.env['NANOCLAW_GROUP'];
const folder = mkdtempSync(join(tmpdir(), 'agentmesh-nanoclaw-lane-'));
const env = { AGENTMESH_DATA_DIR: join(folder, 'data'), NANOCLAW_DIR: dir };
const done = async (...argv: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await agentmesh(argv, { env, cwd: folder });
  assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`);
  return stdout;
};
const names = async (): Promise<string[]> =>
  (JSON.parse(await done('agents', 'list', '-o', 'json')) as { name: string }[]).map(({ name }) => name);

before(() => done('up', '--port', '0'));
after(async () => {
  await agentmesh(['nanoclaw', 'uninstall'], { env });
  await agentmesh(['down'], { env });
  rmSync(folder, { recursive: true, force: true });
});

void test('is installed, and again, which changes nothing', async (t) => {
  const choice = group === undefined ? [] : ['--group', group];
  t.diagnostic(await done('nanoclaw', 'install', '--dry-run', ...choice));
  await done('nanoclaw', 'install', '--yes', ...choice);
  const plan = JSON.parse(await done('nanoclaw', 'install', '--dry-run', ...choice, '-o', 'json')) as {
    steps: unknown[];
  };
  assert.deepEqual(plan.steps, []);
});

void test('answers twice, one task after the other', async (t) => {
  const [agent = ''] = await names();
  for (const [sum, result] of [
    ['1+1', '2'],
    ['20+22', '42'],
  ] as const) {
    const text = await done('run', '--to', agent, '--timeout', '5m', `${sum}? Answer with the number alone.`);
    t.diagnostic(`${sum}: ${text.trim()}`);
    assert.ok(text.includes(result), text);
  }
});

void test('is uninstalled', async (t) => {
  t.diagnostic(await done('nanoclaw', 'uninstall'));
  assert.deepEqual(await names(), []);
});
