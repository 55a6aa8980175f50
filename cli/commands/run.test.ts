// agentmesh run and trace against a server that speaks the contract: answers, streams, exit codes, nothing obeyed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { EventV1 } from '#machines/nouns/event';
import { agentmesh, fakeDaemon, type FakeDaemon } from '../testing/fake-daemon.ts';

const RUN = '0198c0de-0000-7000-8000-000000000001';

const event = (
  seq: number,
  kind: EventV1['kind'],
  payload: Record<string, unknown>,
  metadata: Record<string, unknown> = {},
): EventV1 => ({
  schema_version: '1',
  ts: new Date(Date.UTC(2026, 0, 1, 0, 0, 0, seq * 100)).toISOString(),
  run_id: RUN,
  kind,
  task_id: seq > 1 ? 'task-1' : null,
  step: null,
  payload,
  metadata: { source: 'engine', agent: 'calc', ...metadata },
  team_run_id: null,
  id: `e${seq}`,
  seq,
});
const ANSWERED: readonly EventV1[] = [
  event(1, 'status', { state: 'submitted', text: '1+1' }, { from: 'openclaw' }),
  event(2, 'status', { state: 'working' }),
  event(3, 'tool', { name: 'add', phase: 'start', call_id: 'c', input: { a: 1, b: 1 } }),
  event(4, 'tool', { name: 'add', phase: 'end', call_id: 'c', output: 2 }),
  event(5, 'message', { role: 'agent', text: '\u001b]0;owned\u00072 [two]' }, { final: true }),
  event(6, 'status', { state: 'completed' }),
];
const FAILED: readonly EventV1[] = [
  event(1, 'status', { state: 'submitted', text: 'x' }),
  event(2, 'error', { code: 'agent_failed', message: 'no idea' }),
  event(3, 'status', { state: 'failed' }),
];

let daemon: FakeDaemon;
before(async () => {
  daemon = await fakeDaemon({
    'invocations.start': () => ({ body: { run_id: RUN, state: 'queued', agent: 'calc' } }),
    'trace.get': ({ params, query }) => {
      const rest = daemon.events.filter(
        ({ seq }) => params['id'] === RUN && seq > Number(query.get('after_seq')),
      );
      const page = rest.slice(0, 2);
      const more = rest.length > page.length;
      return { body: page, headers: more ? { 'x-next-seq': String(page.at(-1)?.seq) } : {} };
    },
    'team-runs.list': () => ({ body: [] }),
    'invocations.list': () => ({ body: [{ run_id: RUN, task_id: 'task-1' }] }),
    'agents.get': () => ({
      status: 404,
      body: { code: 'unknown_agent', detail: 'No agent is called clac', suggestions: ['calc'] },
    }),
    'events.append': ({ body }) => ({ body: { ...(body as object), seq: 1, id: 'e1' } }),
  });
});
after(() => daemon.close());
const ask = (argv: readonly string[], stdin = '') =>
  agentmesh([...argv, '--daemon-url', daemon.url], { stdin });

void test('run: the answer alone on stdout, the way to it on stderr, and the terminal obeys nothing', async () => {
  daemon.events = ANSWERED;
  const { code, stdout, stderr } = await ask(['run', '--from', 'openclaw', '--to', 'calc', '1+1']);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '2 [two]\n');
  assert.match(stderr, /openclaw → calc/);
  assert.match(stderr, /tool +add/);
  assert.ok(!stderr.includes('\u001b'));
  const asked = daemon.asked.findLast(({ route }) => route === 'invocations.start');
  assert.deepEqual(asked?.body, { to: 'calc', from: 'openclaw', prompt: '1+1' });
  assert.match(asked.headers['idempotency-key']?.toString() ?? '', /^[0-9a-f-]{36}$/);
});

void test('run --no-stream --quiet: nothing but the answer', async () => {
  daemon.events = ANSWERED;
  const { stdout, stderr } = await ask(['run', '--to', 'calc', '--no-stream', '--quiet', '1+1']);
  assert.deepEqual([stdout, stderr], ['2 [two]\n', '']);
});

void test('run -o json: ids, status and text; -o jsonl: the events as they came', async () => {
  daemon.events = ANSWERED;
  const json = await ask(['run', '--to', 'calc', '-o', 'json', '1+1']);
  const result = JSON.parse(json.stdout) as Record<string, unknown>;
  assert.deepEqual(
    [result['run_id'], result['task_id'], result['status'], result['from']],
    [RUN, 'task-1', 'completed', 'openclaw'],
  );
  const lines = await ask(['run', '--to', 'calc', '-o', 'jsonl', '1+1']);
  assert.equal(lines.stdout, ANSWERED.map((each) => `${JSON.stringify(each)}\n`).join(''));
});

void test('run: a prompt from standard input, and a failure with code 12, cause and the trace command', async () => {
  daemon.events = FAILED;
  const { code, stdout, stderr } = await ask(['run', '--to', 'calc', '-'], 'from a file');
  assert.equal(code, 12);
  assert.equal(stdout, '');
  assert.match(stderr, /error: no idea \(agent_failed\)/);
  assert.match(stderr, new RegExp(`agentmesh trace ${RUN}`));
  assert.equal(
    (daemon.asked.findLast(({ route }) => route === 'invocations.start')?.body as { prompt: string }).prompt,
    'from a file',
  );
});

void test('run --detach: the id on stdout, nothing is followed', async () => {
  const before = daemon.asked.filter(({ route }) => route === 'events.stream').length;
  const { code, stdout } = await ask(['run', '--to', 'calc', '--detach', 'x']);
  assert.deepEqual([code, stdout], [0, `${RUN}\n`]);
  assert.equal(daemon.asked.filter(({ route }) => route === 'events.stream').length, before);
});

void test('trace: every page, one array, equal to the log line by line; also by a prefix', async () => {
  daemon.events = ANSWERED;
  const json = await ask(['trace', RUN, '-o', 'json']);
  assert.deepEqual(JSON.parse(json.stdout), ANSWERED);
  const jsonl = await ask(['trace', RUN.slice(0, 8), '-o', 'jsonl']);
  assert.equal(jsonl.stdout, ANSWERED.map((each) => `${JSON.stringify(each)}\n`).join(''));
});

void test('trace: a readable timeline with offsets; text in [brackets] stays', async () => {
  daemon.events = ANSWERED;
  const { code, stdout, stderr } = await ask(['trace', RUN]);
  assert.equal(code, 0);
  assert.deepEqual(stdout.split('\n').slice(1, -1), [
    ' +0.000s  status     submitted  to calc: 1+1',
    ' +0.100s  status     working',
    ' +0.200s  tool       add 100ms  {"a":1,"b":1}  → 2',
    ' +0.400s  message    calc  2 [two]',
    ' +0.500s  status     completed',
  ]);
  assert.match(stderr, /6 events, completed after 500ms/);
});

void test('trace: an id that nobody knows is 20, one that is too short to be a prefix too', async () => {
  assert.equal((await ask(['trace', 'ffffffff'])).code, 20);
  assert.equal((await ask(['trace', '0198'])).code, 20);
});

void test('a name that is not known: 20 and what was meant', async () => {
  const { code, stderr } = await ask(['agents', 'get', 'clac']);
  assert.equal(code, 20);
  assert.match(stderr, /Did you mean calc\?/);
});

void test('events append: a record a line; a line that is no JSON records nothing', async () => {
  const two = await ask(
    ['events', 'append', '-o', 'jsonl'],
    '{"run_id":"a","kind":"status"}\n{"run_id":"b","kind":"status"}\n',
  );
  assert.equal(two.code, 0);
  assert.equal(two.stdout.trim().split('\n').length, 2);
  const before = daemon.asked.length;
  const broken = await ask(['events', 'append'], '{"run_id":"a"}\nnonsense\n');
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /Line 2 is not JSON/);
  assert.equal(daemon.asked.length, before);
});
