// A user's first minutes with the real daemon: up, an agent, a call, its trace, a failure, a team, the cross-check, down.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { agentmesh } from '#cli/testing/fake-daemon';

const BIN = fileURLToPath(new URL('../../cli/bin/agentmesh.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'agentmesh-e2e-'));
const dataDir = join(folder, 'data');
const env = { AGENTMESH_DATA_DIR: dataDir };
const ask = (...argv: readonly string[]) => agentmesh(argv, { env, cwd: folder });
const json = async (...argv: readonly string[]): Promise<Record<string, unknown>> => {
  const { code, stdout, stderr } = await ask(...argv, '-o', 'json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
};

const TEAM = `apiVersion: agentmesh/v1
kind: Team
name: shout
inputs:
  word: { type: string }
roles:
  loud: { agent: upper }
  bad: { agent: broken }
steps:
  - { id: first, role: loud, prompt: "say {{ inputs.word }}" }
  - { id: second, role: LAST, prompt: "{{ steps.first.output.text }} twice", retry: { max: 0 } }
`;

before(async () => {
  const up = await ask('up', '--port', '0');
  assert.equal(up.code, 0, up.stderr);
  assert.equal(
    (await ask('agents', 'add', '--name', 'upper', '--skill', 'shout', '--command', 'tr', 'a-z', 'A-Z')).code,
    0,
  );
  assert.equal(
    (
      await ask(
        'agents',
        'add',
        '--name',
        'broken',
        '--command',
        '--',
        'sh',
        '-c',
        'echo no idea >&2; exit 3',
      )
    ).code,
    0,
  );
});
after(async () => {
  await ask('down');
  rmSync(folder, { recursive: true, force: true });
});

void test('up is idempotent, status and doctor are content', async () => {
  const again = await json('up');
  assert.equal(again['started'], false);
  assert.equal((await json('status'))['status'], 'ok');
  const { code, stdout } = await ask('doctor');
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^ok +database +\d+ events, lost = 0$/m);
});

void test('a call, and its trace equal to the lines of events.jsonl byte for byte', async () => {
  const result = await json('run', '--to', 'upper', '--from', 'broken', 'hello mesh');
  assert.equal(result['status'], 'completed');
  assert.equal(String(result['text']).trim(), 'HELLO MESH');
  assert.equal(result['from'], 'broken');
  const id = String(result['run_id']);
  const { stdout } = await ask('trace', id, '-o', 'jsonl');
  const file = readFileSync(join(dataDir, 'events.jsonl'), 'utf8').split('\n');
  assert.deepEqual(
    stdout.trimEnd().split('\n'),
    file.filter((line) => line.includes(`"run_id":"${id}"`)),
  );
  const array = JSON.parse((await ask('trace', id, '-o', 'json')).stdout) as unknown[];
  assert.equal(array.length, stdout.trimEnd().split('\n').length);
});

void test('an agent that fails is 12 with the cause; a name that is not known is 20 with what was meant', async () => {
  const failed = await ask('run', '--to', 'broken', 'x');
  assert.equal(failed.code, 12);
  assert.match(failed.stderr, /^error: .*\nRead the message/m);
  assert.match(failed.stderr, /agentmesh trace /);
  const unknown = await ask('run', '--to', 'uper', 'x');
  assert.equal(unknown.code, 20);
  assert.match(unknown.stderr, /upper/);
});

void test('a team from a file runs to its end; one that fails names step, attempt and cause', async () => {
  const good = join(folder, 'good.yaml');
  writeFileSync(good, TEAM.replace('LAST', 'loud'));
  const check = await ask('team', 'check', good);
  assert.equal(check.code, 0, check.stdout);
  const run = await json('team', 'run', good, '--input', 'word=hi');
  assert.equal(run['status'], 'completed');
  assert.deepEqual(run['inputs'], { word: 'hi' });
  const bad = join(folder, 'bad.yaml');
  writeFileSync(bad, TEAM.replace('LAST', 'bad'));
  const failed = await ask('team', 'run', bad, '--input', 'word=hi');
  assert.equal(failed.code, 12, failed.stderr);
  assert.match(failed.stdout, /where +step second, attempt 1, event [0-9a-f-]{36}/);
  assert.match(failed.stdout, /next +\S/);
  const listed = await ask('runs', 'list', '--teams', '--status', 'failed', '-o', 'jsonl');
  const { team_run_id: id } = JSON.parse(listed.stdout) as { team_run_id: string };
  const got = await json('runs', 'get', id);
  assert.equal((got['failure'] as { step: string }).step, 'second');
});

void test('a broken template: every problem with its line, exit 2', async () => {
  const broken = join(folder, 'broken.yaml');
  writeFileSync(broken, TEAM.replace('LAST', 'nobody').replace('kind: Team', 'kind: Tem'));
  const { code, stdout } = await ask('team', 'check', broken);
  assert.equal(code, 2);
  assert.match(stdout, /broken\.yaml:2:\d+: error: /);
});

void test('a reader that leaves early ends the command without a word', async () => {
  const child = spawn(process.execPath, [BIN, 'events', '--follow', '-o', 'jsonl'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += String(chunk)));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.destroy();
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  await ask('run', '--to', 'upper', 'one more');
  assert.equal(await ended, 0);
  assert.equal(stderr, '');
});

void test('verify says lost = 0, audit names who asked, completion knows agents and ids', async () => {
  const { code, stdout } = await ask('verify');
  assert.equal(code, 0);
  assert.match(stdout, /lost = 0/);
  assert.match((await ask('audit')).stdout, /invocation\.start/);
  assert.match((await ask('_complete', '--', 'run', '--to', 'up')).stdout, /^upper\t/);
  assert.match((await ask('_complete', '--', 'trace', '')).stdout, /^[0-9a-f-]{36}\t/m);
});
