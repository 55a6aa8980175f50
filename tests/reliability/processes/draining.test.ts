// A stop while an agent is at work: the first signal lets it finish, the second does not, and neither loses anything.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { InvocationSchema, isTerminalInvocation, type InvocationState } from '#machines/nouns/run';
import { Mesh, until } from './mesh.ts';

/** An agent that notes that it began, works until a file appears, notes that it is done, and answers. */
const PROGRAM = `
  const { appendFileSync, existsSync } = require('node:fs');
  appendFileSync('ledger', 'begun\\n');
  const wait = () => existsSync('go') ? (appendFileSync('ledger', 'done\\n'), console.log('answer')) : setTimeout(wait, 20);
  wait();`;

const withWorker = (mesh: Mesh): void => {
  const agents = [{ name: 'worker', command: [process.execPath, '-e', PROGRAM], cwd: mesh.dataDir }];
  writeFileSync(join(mesh.dataDir, 'bootstrap.json'), JSON.stringify({ agents }));
};

const ledger = (mesh: Mesh): string[] => {
  const file = join(mesh.dataDir, 'ledger');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
};

const invoke = async (url: string): Promise<string> => {
  const response = await fetch(`${url}/api/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: 'worker', prompt: 'work' }),
  });
  const answer = (await response.json()) as { run_id: string };
  assert.equal(response.status, 202, JSON.stringify(answer));
  return answer.run_id;
};

const state = async (url: string, runId: string): Promise<InvocationState> => {
  const response = await fetch(`${url}/api/invocations/${runId}`);
  return InvocationSchema.parse(await response.json()).state;
};

test('one SIGTERM: what is in hand finishes and is recorded, and nobody new is let in', async () => {
  await using mesh = new Mesh();
  withWorker(mesh);
  const first = await mesh.up();
  const runId = await invoke(first.info.url);
  await until('the agent at work', () => ledger(mesh).length === 1);
  first.child.kill('SIGTERM');
  await until('the drain', () => first.stderr().includes('asked by the supervisor: stopping'));
  await assert.rejects(fetch(`${first.info.url}/healthz`), 'the door is closed');
  const second = await mesh.command(['start']);
  assert.equal(second.code, 21, 'the folder is still taken');
  writeFileSync(join(mesh.dataDir, 'go'), '');
  assert.deepEqual(await first.ended, { code: 0, signal: null });
  await mesh.empty();

  const next = await mesh.up();
  assert.equal(await state(next.info.url, runId), 'completed');
  assert.deepEqual(ledger(mesh), ['begun', 'done'], 'done once');
  next.child.kill('SIGTERM');
  await next.ended;
});

test('a second SIGTERM: ends at once, and the next start knows what was left', async () => {
  await using mesh = new Mesh();
  withWorker(mesh);
  const first = await mesh.up();
  const runId = await invoke(first.info.url);
  await until('the agent at work', () => ledger(mesh).length === 1);
  first.child.kill('SIGTERM');
  await until('the drain', () => first.stderr().includes('asked by the supervisor: stopping'));
  // Two signals in one key press are one: let the first one stand alone.
  await new Promise((resolve) => setTimeout(resolve, 500));
  first.child.kill('SIGTERM');
  assert.deepEqual(await first.ended, { code: 0, signal: null });
  assert.match(first.stderr(), /SIGTERM again: stopping at once/);
  assert.deepEqual(ledger(mesh), ['begun'], 'the agent was not waited for');

  const next = await mesh.up();
  writeFileSync(join(mesh.dataDir, 'go'), '');
  await until('an end of the invocation', async () =>
    isTerminalInvocation(await state(next.info.url, runId)),
  );
  const verify = (await (await fetch(`${next.info.url}/api/verify`)).json()) as { ok: boolean };
  assert.equal(verify.ok, true);
  next.child.kill('SIGTERM');
  assert.deepEqual(await next.ended, { code: 0, signal: null });
  await mesh.empty();
});
