// Command lines that cannot be understood, and daemons that are not there: one clear error, the right exit code, the right stream.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { agentmesh } from '../testing/fake-daemon.ts';
import { nearest } from './nearest.ts';

const folder = mkdtempSync(join(tmpdir(), 'agentmesh-cli-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const nobody = { AGENTMESH_DATA_DIR: join(folder, 'data') };

const wrong: readonly (readonly [readonly string[], RegExp])[] = [
  [['tema', 'run'], /no command "tema"[\s\S]*Did you mean agentmesh team/],
  [['team', 'chek'], /Did you mean agentmesh team check/],
  [['run', '--tp', 'calc', 'x'], /no option --tp[\s\S]*Did you mean --to/],
  [['run', 'x'], /agentmesh run needs --to NAME[\s\S]*Usage: agentmesh run --to NAME .*<PROMPT>/],
  [['trace'], /agentmesh trace needs an argument more[\s\S]*Usage: agentmesh trace .*\[--follow\].* <ID>/],
  [['trace', 'a', 'b'], /agentmesh trace has no use for "b"[\s\S]*Usage:/],
  [['runs', 'list', '-n1'], /agentmesh runs list has no option -n1[\s\S]*Usage:.*\[--limit N\]/],
  [['agents', 'add', 'calc'], /"calc" is no address of an agent[\s\S]*http:/],
  [['status', '-o', 'xml'], /--output must be one of text, json, jsonl/],
  [['status', '--color', 'pink'], /--color must be one of/],
  [['run', '--to', 'calc', '--timeout', 'soon', 'x'], /--timeout must be a time/],
  [['run', '--to', 'calc', ' '], /The prompt is empty/],
  [['events', '--kind', 'text'], /There is no kind "text"/],
  [['team', 'run', 'x', '--input', 'novalue'], /not name=value/],
  [['team', 'run', 'x', '--input', 'a:=nojson'], /is not JSON/],
  [['status', '--port', '99999'], /--port must be/],
  [['status', '--daemon-url', 'ftp://x'], /no address of a daemon/],
];

for (const [argv, says] of wrong)
  void test(`agentmesh ${argv.join(' ')}: exit 2, the reason and the remedy on stderr`, async () => {
    const { code, stdout, stderr } = await agentmesh(argv, { env: nobody });
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, says);
    assert.match(stderr, /^error: .* \(bad_request\)\n./);
  });

void test('without a daemon every command that needs one exits with 10 and says how to start it', async () => {
  for (const argv of [
    ['status'],
    ['agents'],
    ['run', '--to', 'calc', '1+1'],
    ['runs', 'list'],
    ['trace', 'abcdef'],
    ['verify'],
  ]) {
    const { code, stdout, stderr } = await agentmesh(argv, { env: nobody });
    assert.equal(code, 10, argv.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, /No daemon answers.*\(daemon_unreachable\)\nStart it with `agentmesh up`/);
  }
});

void test('for programs the error is one line of JSON', async () => {
  const { stderr } = await agentmesh(['status', '-o', 'json'], { env: nobody });
  assert.deepEqual(Object.keys(JSON.parse(stderr) as object), ['code', 'message', 'remedy', 'docs']);
  const usage = await agentmesh(['stauts', '-o', 'jsonl'], { env: nobody });
  assert.equal((JSON.parse(usage.stderr) as { code: string }).code, 'bad_request');
});

void test('help is data: on stdout, exit 0, without colours in a pipe; a group alone is a mistake', async () => {
  for (const argv of [
    [],
    ['--help'],
    ['help'],
    ['team', '--help'],
    ['team', 'run', '--help'],
    ['help', 'team', 'run'],
    ['run', '--to', 'x', '-h'],
  ]) {
    const { code, stdout, stderr } = await agentmesh(argv, { env: { ...nobody, TERM: 'xterm-256color' } });
    assert.equal(code, 0, argv.join(' '));
    assert.equal(stderr, '');
    assert.ok(stdout.length > 100);
    assert.ok(!stdout.includes('\u001b'));
  }
  const { code, stdout, stderr } = await agentmesh(['team'], { env: nobody });
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /team check/);
});

void test('options may stand before the command', async () => {
  const { code, stdout } = await agentmesh(['--data-dir', folder, '-o', 'json', 'version']);
  assert.equal(code, 0);
  assert.equal(typeof (JSON.parse(stdout) as { version: string }).version, 'string');
});

void test('the nearest words come first, far ones not at all', () => {
  assert.deepEqual(nearest('stauts', ['start', 'status', 'run']), ['status', 'start']);
  assert.deepEqual(nearest('age', ['agents', 'run']), ['agents']);
  assert.deepEqual(nearest('xyzzy', ['status', 'run']), []);
});
