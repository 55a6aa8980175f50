// agentmesh approvals against a server that speaks the contract: shown whole, asked before, bound to what was shown.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { after, before, beforeEach, test } from 'node:test';
import canonicalize from 'canonicalize';
import type { Approval } from '#machines/nouns/approval';
import type { EventV1 } from '#machines/nouns/event';
import { dispatch, type Streams } from '../../command-line/dispatch.ts';
import { agentmesh, fakeDaemon, type FakeDaemon } from '../../testing/fake-daemon.ts';

const LONG = 'x'.repeat(5_000);
const operation = { command: `echo ${LONG}; rm -rf \u001b[8mhidden`, cwd: '/work' };
const hash = createHash('sha256')
  .update(canonicalize(operation) ?? '')
  .digest('hex');
const ID = '0198c0de-0000-7000-8000-00000000abcd';
const OTHER = '0198c0de-0000-7000-8000-00000000beef';
const approval = (over: Partial<Approval> = {}): Approval => ({
  approval_id: ID,
  run_id: 'run-1',
  team_run_id: 'team-1',
  step: 'deploy',
  agent: 'calc',
  kind: 'permission',
  title: 'run a command\u001b]0;owned\u0007',
  tool: 'exec',
  operation,
  operation_hash: hash,
  state: 'pending',
  requested_at: '2026-01-02T03:04:05.000Z',
  expires_at: new Date(Date.now() + 600_000).toISOString(),
  decided_at: null,
  decided_by: null,
  answer: null,
  reason: null,
  signed: false,
  ...over,
});

let known: Approval[] = [];
let daemon: FakeDaemon;
before(async () => {
  daemon = await fakeDaemon({
    'approvals.list': ({ query }) => ({
      body: known.filter(({ state }) => (query.get('status') ?? state) === state),
    }),
    'approvals.get': ({ params }) => {
      const found = known.find(({ approval_id }) => approval_id === params['approval_id']);
      return found === undefined
        ? { status: 404, body: { code: 'unknown_approval', detail: 'no such approval' } }
        : { body: found };
    },
    'approvals.decide': ({ params, body }) => {
      const found = known.find(({ approval_id }) => approval_id === params['approval_id']);
      const { decision } = body as { decision: string };
      return found?.state === 'expired'
        ? { status: 410, body: { code: 'approval_expired', detail: 'The time to decide has passed' } }
        : { body: { ...found, state: decision === 'allow' ? 'approved' : 'rejected' } };
    },
    'invocations.start': () => ({ body: { run_id: 'run-1', state: 'queued' } }),
  });
});
after(() => daemon.close());
beforeEach(() => {
  known = [approval(), approval({ approval_id: OTHER, state: 'expired' })];
});
const ask = (...argv: readonly string[]) => agentmesh(['approvals', ...argv, '--daemon-url', daemon.url]);
const sent = (): unknown => daemon.asked.findLast(({ route }) => route === 'approvals.decide')?.body;

/** At a terminal where a person types `typed`. */
const atTerminal = async (
  typed: string,
  ...argv: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> => {
  const stream = (): PassThrough & { isTTY?: boolean; text: string } =>
    Object.assign(new PassThrough(), { isTTY: true, text: '' });
  const [stdin, stdout, stderr] = [stream(), stream(), stream()];
  for (const each of [stdout, stderr])
    each.on('data', (bytes: Buffer) => {
      each.text += bytes.toString();
    });
  stdin.end(typed);
  const streams = { stdin, stdout, stderr, env: { NO_COLOR: '1' } } as unknown as Streams;
  const code = await dispatch(['approvals', ...argv, '--daemon-url', daemon.url], streams);
  return { code, stdout: stdout.text, stderr: stderr.text };
};

void test('list: what waits, and with --all everything', async () => {
  const waiting = await ask();
  assert.match(waiting.stdout, new RegExp(`${ID} +pending +calc +run a command`));
  assert.ok(!waiting.stdout.includes(OTHER) && !waiting.stdout.includes('\u001b'));
  assert.match((await ask('list', '--all')).stdout, new RegExp(`${OTHER} +expired`));
  const [line] = (await ask('list', '-o', 'jsonl')).stdout.split('\n');
  assert.deepEqual(JSON.parse(line ?? ''), known[0]);
  known = [];
  assert.match((await ask('list')).stderr, /nothing waits for you/);
});

void test('show: the whole operation by a part of the id, nothing hidden, nothing cut', async () => {
  const { code, stdout } = await ask('show', 'abcd');
  assert.equal(code, 0);
  assert.ok(stdout.includes(LONG), 'it is whole');
  assert.ok(stdout.includes('\\u001b[8mhidden') && !stdout.includes('\u001b'));
  assert.ok(stdout.includes(`sha256 ${hash}`) && stdout.includes('written by the agent'));
  assert.deepEqual(JSON.parse((await ask('show', ID, '-o', 'json')).stdout), known[0]);
  assert.equal((await ask('show', 'nowhere')).code, 20);
  const several = await ask('show', '0198c0de');
  assert.equal(several.code, 2);
  assert.match(several.stderr, /2 approvals have an id like/);
});

void test('approve: without a terminal only with --yes, and bound to what was shown', async () => {
  const refused = await ask('approve', ID);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--yes/);
  const { code, stdout, stderr } = await ask('approve', ID, '--yes');
  assert.deepEqual([code, stdout], [0, `approved ${ID}\n`]);
  assert.ok(stderr.includes(LONG), 'it shows what is allowed all the same');
  assert.deepEqual(sent(), { decision: 'allow', hash });
});

void test('approve: at a terminal it shows, asks, and takes only a yes', async () => {
  const no = await atTerminal('n\n', 'approve', ID);
  assert.deepEqual([no.code, no.stdout], [22, '']);
  assert.match(no.stderr, /it still waits/);
  const yes = await atTerminal('y\n', 'approve', 'abcd');
  assert.deepEqual([yes.code, yes.stdout], [0, `approved ${ID}\n`]);
  assert.ok(yes.stderr.indexOf(LONG) < yes.stderr.indexOf('Allow this once? [y/N]'));
});

void test('approve: an operation that is not the one that was hashed is refused before anybody is asked', async () => {
  known = [approval({ operation: { command: 'ls' } })];
  const { code, stderr } = await ask('approve', ID, '--yes');
  assert.equal(code, 21);
  assert.match(stderr, /approval_mismatch/);
});

void test('approve: a question needs its answer, and what has expired says so', async () => {
  known = [approval({ kind: 'question', title: 'Which branch?' })];
  assert.equal((await ask('approve', ID, '--yes')).code, 2);
  assert.equal((await ask('approve', ID, '--yes', '--answer', 'main')).code, 0);
  assert.deepEqual(sent(), { decision: 'allow', hash, answer: 'main' });
  known = [approval({ state: 'expired' })];
  const late = await ask('approve', ID);
  assert.equal(late.code, 21);
  assert.match(late.stderr, /time to decide has passed/);
});

void test('reject: at once, with a reason', async () => {
  const { code, stdout } = await ask('reject', ID, '--reason', 'not on a Friday');
  assert.deepEqual([code, stdout], [0, `rejected ${ID}\n`]);
  assert.deepEqual(sent(), { decision: 'deny', reason: 'not on a Friday' });
});

void test('run: what waits for a person is said with the command to type, once, and not when it is over', async () => {
  const event = (seq: number, payload: Record<string, unknown>): EventV1 => ({
    schema_version: '1',
    ts: '2026-01-01T00:00:00.000Z',
    run_id: 'run-1',
    kind: 'status',
    task_id: null,
    step: null,
    payload,
    metadata: { source: 'engine', agent: 'calc' },
    team_run_id: null,
    id: `e${seq}`,
    seq,
  });
  const asked = (seq: number, id: string): EventV1 =>
    event(seq, {
      state: 'waiting-approval',
      text: 'run a command',
      data: { approval_id: id, kind: 'permission', operation, operation_hash: hash },
    });
  daemon.events = [
    event(1, { state: 'submitted', text: 'x' }),
    asked(2, ID),
    asked(3, OTHER),
    event(4, { state: 'completed' }),
  ];
  for (const more of [[], ['-o', 'json']]) {
    const { stderr } = await agentmesh(['run', '--to', 'calc', 'x', ...more, '--daemon-url', daemon.url]);
    assert.equal(stderr.split(`agentmesh approvals approve ${ID}`).length, 2, stderr);
    assert.match(stderr, /waiting for you: calc wants to: run a command/);
    assert.ok(!stderr.includes(OTHER), 'that one has expired');
  }
});
