// The view shows what happened: a team that retries and repairs, one that fails, a plain run; and it never depends on how events arrive.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EVENT_KINDS, type EventV1 } from '#machines/nouns/event';
import { applyEvent, applyEvents, emptyView, type View } from './view.ts';

const TEAM = 'team-1';
type Given = Partial<Omit<EventV1, 'seq' | 'payload' | 'metadata'>> & {
  payload?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
};

const log = (given: readonly Given[]): EventV1[] =>
  given.map((event, index) => ({
    schema_version: '1',
    ts: new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString(),
    run_id: 'r1',
    kind: 'status',
    task_id: null,
    step: null,
    team_run_id: null,
    id: `e${String(index + 1)}`,
    ...event,
    payload: event.payload ?? {},
    metadata: { source: 'engine', ...event.metadata },
    seq: index + 1,
  }));

const own = (payload: Record<string, unknown>, step: string | null = null): Given => ({
  run_id: TEAM,
  team_run_id: TEAM,
  step,
  payload,
});
const call = (run_id: string, step: string, payload: Record<string, unknown>, more: Given = {}): Given => ({
  ...more,
  run_id,
  team_run_id: TEAM,
  step,
  payload,
  metadata: { agent: 'fixer', attempt: run_id === 'a1' ? 1 : 2, ...more.metadata },
});

const CREATED = own({
  state: 'pending',
  event: 'created',
  data: {
    inputs: { repo: 'here' },
    template: { name: 'code-fix', hash: 'ab', origin: 'shipped', commit: null, text: '' },
    steps: [
      { id: 'modify', role: 'coder' },
      { id: 'test', role: 'tester' },
    ],
  },
});

const BEGINNING: readonly Given[] = [
  CREATED,
  own({ state: 'running', event: 'run', from: 'pending', to: 'running.modify' }),
  call('a1', 'modify', { state: 'submitted', text: 'Fix it', data: { prompt_chars: 6 } }),
  call('a1', 'modify', { state: 'working' }, { task_id: 't1' }),
  call('a1', 'modify', { code: 'agent_failed', message: 'no idea' }, { kind: 'error' }),
  call('a1', 'modify', { state: 'failed' }),
];

const view = (given: readonly Given[]): View => applyEvents(emptyView(), log(given));

void test('a step that fails once, retries and completes shows both attempts and where the machine stands', () => {
  const shown = view([
    ...BEGINNING,
    own({ state: 'retrying', event: 'step_fail', from: 'running.modify', to: 'retrying' }, 'modify'),
    own({ state: 'running', event: 'backoff', from: 'retrying', to: 'running.modify' }, 'modify'),
    call('a2', 'modify', { state: 'submitted', text: 'Fix it' }),
    call('a2', 'modify', { role: 'agent', text: 'chan' }, { kind: 'message', metadata: { delta: true } }),
    call('a2', 'modify', { role: 'agent', text: 'ged' }, { kind: 'message', metadata: { delta: true } }),
    call('a2', 'modify', { role: 'agent', text: 'changed' }, { kind: 'message', metadata: { final: true } }),
    call('a2', 'modify', { state: 'completed' }),
    own({ state: 'running', event: 'step_complete', from: 'running.modify', to: 'running.test' }, 'modify'),
  ]);
  assert.equal(shown.status, 'running');
  assert.deepEqual(shown.activeStates, ['running', 'running.test']);
  assert.deepEqual(shown.inputs, { repo: 'here' });
  const [modify, next] = shown.steps;
  assert.deepEqual(
    [modify?.id, modify?.role, modify?.agent, modify?.state],
    ['modify', 'coder', 'fixer', 'completed'],
  );
  assert.deepEqual(
    modify?.attempts.map(({ runId, attempt, state, taskId, error, answer }) => ({
      runId,
      attempt,
      state,
      taskId,
      error,
      answer,
    })),
    [
      {
        runId: 'a1',
        attempt: 1,
        state: 'failed',
        taskId: 't1',
        error: { code: 'agent_failed', message: 'no idea', eventId: 'e5' },
        answer: null,
      },
      { runId: 'a2', attempt: 2, state: 'completed', taskId: null, error: null, answer: 'changed' },
    ],
  );
  assert.equal(next?.state, 'pending');
  const answers = shown.items.filter((item) => item.kind === 'message');
  assert.deepEqual(
    answers.map(({ text, open, seqs }) => ({ text, open, seqs })),
    [{ text: 'changed', open: false, seqs: [10, 11, 12] }],
  );
});

void test('between the failure and the next attempt the step is retrying', () => {
  const shown = view([
    ...BEGINNING,
    own({ state: 'retrying', event: 'step_fail', from: 'running.modify', to: 'retrying' }, 'modify'),
  ]);
  assert.equal(shown.status, 'retrying');
  assert.equal(shown.steps[0]?.state, 'retrying');
});

void test('a failed run names the step, the attempt, the event, the cause and the next thing to do', () => {
  const shown = view([
    ...BEGINNING,
    own({ state: 'failed', event: 'step_fail', from: 'running.modify', to: 'failed' }, 'modify'),
    {
      ...own({ code: 'agent_failed', message: 'no idea', retryable: true }, 'modify'),
      kind: 'error',
      metadata: { attempt: 1, failed_run_id: 'a1', failed_event_id: 'e5' },
    },
  ]);
  assert.equal(shown.status, 'failed');
  assert.equal(shown.steps[0]?.state, 'failed');
  assert.equal(shown.steps[1]?.state, 'pending');
  assert.equal(shown.endedAt, '2026-01-01T00:00:06.000Z');
  assert.deepEqual(shown.failure, {
    step: 'modify',
    attempt: 1,
    runId: 'a1',
    eventId: 'e5',
    code: 'agent_failed',
    message: 'no idea',
    cause: null,
    next: 'Read the message of the agent in `agentmesh trace RUN`.',
  });
});

void test('a plain run: who asked whom, the tool from start to end on one line, the answer', () => {
  const shown = view([
    {
      payload: { state: 'submitted', text: '1+1' },
      metadata: { agent: 'skill:calculate', from: 'openclaw' },
    },
    { payload: { state: 'working' }, metadata: { agent: 'calc' } },
    { kind: 'tool', payload: { name: 'eval', phase: 'start', call_id: 'c', input: '1+1' } },
    { kind: 'tool', payload: { name: 'eval', phase: 'end', call_id: 'c', output: 2 } },
    { kind: 'message', payload: { role: 'agent', text: '2' }, metadata: { final: true } },
    { kind: 'message', payload: { role: 'agent', text: 'done' } },
    { payload: { state: 'completed' } },
    { kind: 'status', payload: { state: 'failed' }, metadata: { late: true } },
  ]);
  assert.equal(shown.status, 'completed');
  const [run] = shown.calls;
  assert.deepEqual(
    [run?.agent, run?.from, run?.prompt, run?.answer, run?.attempt],
    ['calc', 'openclaw', '1+1', '2', 1],
  );
  const tool = shown.items.find((item) => item.kind === 'tool');
  assert.deepEqual(tool?.tool, { name: 'eval', callId: 'c', input: '1+1', output: 2, error: null });
  assert.deepEqual(tool.seqs, [3, 4]);
  assert.equal(shown.items.at(-1)?.late, true);
});

void test('an agent that only repeats the state that the engine has named shares its line; words of its own stay', () => {
  const agent = { metadata: { source: 'agent' } };
  const shown = view([
    { payload: { state: 'submitted', text: '1+1' } },
    { payload: { state: 'working', data: { handle: { taskId: 't' } } } },
    { payload: { state: 'submitted' }, ...agent },
    { payload: { state: 'working' }, ...agent },
    { payload: { state: 'working', text: 'reading' }, ...agent },
    { payload: { state: 'input-required' }, ...agent },
    { payload: { state: 'completed' } },
    { payload: { state: 'working' }, metadata: { source: 'agent', late: true } },
  ]);
  assert.deepEqual(
    shown.items.map((item) => [item.word, item.seqs, item.text]),
    [
      ['submitted', [1, 3], '1+1'],
      ['working', [2, 4], ''],
      ['working', [5], 'reading'],
      ['input-required', [6], ''],
      ['completed', [7], ''],
      ['working', [8], ''],
    ],
  );
});

void test('what others record under the id of a run is shown, and moves nothing', () => {
  const shown = view([
    ...BEGINNING.slice(0, 4),
    {
      ...own({ state: 'completed', event: 'step_complete', to: 'completed' }),
      metadata: { source: 'client' },
    },
    call('a1', 'modify', { state: 'completed' }, { metadata: { source: 'agent' } }),
  ]);
  assert.equal(shown.status, 'running');
  assert.equal(shown.steps[0]?.attempts[0]?.state, 'working');
  assert.equal(shown.items.length, 6);
});

void test('the tool of an old log, named in its metadata, keeps its name', () => {
  const shown = view([
    { kind: 'tool', payload: { text: 'x' }, metadata: { name: 'grep', phase: 'start', source: 'log' } },
  ]);
  assert.equal(shown.items[0]?.title, 'grep');
  assert.equal(shown.items[0].word, 'start');
});

const anything = fc.record({
  kind: fc.constantFrom(...EVENT_KINDS),
  run_id: fc.constantFrom(TEAM, 'a1', 'a2'),
  team_run_id: fc.constantFrom(TEAM, null),
  step: fc.constantFrom('modify', 'test', '__proto__', null),
  payload: fc.oneof(
    fc.dictionary(
      fc.constantFrom('state', 'event', 'to', 'data', 'text', 'name', 'phase', 'call_id', 'code'),
      fc.jsonValue(),
    ),
    fc.record({
      state: fc.constantFrom('pending', 'running', 'working', 'completed', 'failed', 'cancelled'),
      event: fc.constantFrom('created', 'step_complete', 'step_fail'),
      phase: fc.constantFrom('start', 'update', 'end'),
      text: fc.string(),
    }),
    fc.record(
      {
        state: fc.constantFrom('waiting-approval', 'approval-decided'),
        data: fc.record(
          {
            approval_id: fc.constantFrom('p1', 'p2'),
            decision: fc.constantFrom('approved', 'rejected', 'refused', 'x'),
          },
          { noNullPrototype: true },
        ),
      },
      { noNullPrototype: true },
    ),
  ),
  metadata: fc.record({
    source: fc.constantFrom('engine', 'agent', 'client'),
    delta: fc.boolean(),
    final: fc.boolean(),
    late: fc.boolean(),
  }),
});

void test('prefix and rest make the whole, replays change nothing, and every event is on exactly one line', () => {
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 30 }), fc.nat(30), fc.nat(30), (given, cut, again) => {
      const events = log(given);
      const whole = applyEvents(emptyView(), events);
      const prefix = applyEvents(emptyView(), events.slice(0, cut));
      const before = structuredClone(prefix);
      assert.deepEqual(applyEvents(prefix, events.slice(cut)), whole);
      assert.deepEqual(prefix, before);
      assert.deepEqual(events.reduce(applyEvent, emptyView()), whole);
      assert.equal(applyEvents(whole, events.slice(again)), whole);
      assert.deepEqual(applyEvents(prefix, events.slice(Math.min(again, cut))), whole);
      assert.deepEqual(
        whole.items.flatMap((item) => item.seqs).sort((a, b) => a - b),
        events.map((event) => event.seq),
      );
    }),
  );
});

void test('what an agent asks a person waits, is decided, and its line lasts as long', () => {
  const asked = { approval_id: 'p1', kind: 'permission', tool: 'exec', operation: { command: 'make' } };
  const waiting: readonly Given[] = [
    { payload: { state: 'submitted', text: 'x' }, metadata: { agent: 'calc' } },
    { payload: { state: 'waiting-approval', text: 'run make', data: { ...asked, operation_hash: 'ab' } } },
  ];
  const open = view(waiting);
  assert.deepEqual(
    open.approvals.map(({ id, state, title, operation }) => [id, state, title, operation]),
    [['p1', 'pending', 'run make', { command: 'make' }]],
  );
  assert.equal(open.items.at(-1)?.open, true);
  const by = { kind: 'socket', role: 'owner', detail: 'uid:1' };
  const decided = (source: string, approval_id: string, decision = 'approved'): Given => ({
    payload: { state: 'approval-decided', text: 'run make', data: { approval_id, decision, by } },
    metadata: { source },
  });
  assert.equal(
    view([...waiting, decided('agent', 'p1')]).approvals[0]?.state,
    'pending',
    'agents decide nothing',
  );
  assert.equal(view([...waiting, decided('engine', 'other')]).approvals[0]?.state, 'pending');
  const shown = view([...waiting, decided('engine', 'p1'), decided('engine', 'p1', 'expired')]);
  assert.deepEqual([shown.approvals[0]?.by, shown.approvals.length], ['socket uid:1', 1]);
  const [, wait, end] = shown.items;
  assert.deepEqual([wait?.open, wait?.endTs, wait?.title], [false, end?.ts, 'waiting for a person']);
  assert.deepEqual(
    [end?.word, end?.title, end?.severity],
    ['approval-approved', 'approved by socket uid:1', 'good'],
  );
  const refused = view([
    {
      payload: { state: 'approval-decided', text: 'huge', data: { decision: 'refused', reason: 'too long' } },
    },
  ]);
  assert.deepEqual([refused.approvals.length, refused.items[0]?.text], [0, 'huge · too long']);
});

void test('a step that a pause stopped waits for its turn again', () => {
  const shown = view([
    ...BEGINNING.slice(0, 4),
    own({ state: 'paused', event: 'pause', to: 'paused', data: { type: 'pause', now: true } }),
    call('a1', 'modify', { state: 'cancelled' }),
    own(
      { state: 'paused', event: 'step_fail', to: 'paused', data: { error: { code: 'cancelled' } } },
      'modify',
    ),
  ]);
  assert.deepEqual([shown.status, shown.steps[0]?.state], ['paused', 'pending']);
});

void test('an artifact of files names them, one a line, and whatever stands in their place breaks nothing', () => {
  const files = [
    { name: 'a.png', mime: 'image/png', base64: 'cG5n', bytes: 3 },
    { url: 'https://example.com/b' },
  ];
  const shown = view([
    { kind: 'artifact', payload: { files } },
    { kind: 'artifact', payload: { name: 'odd', files: [7, null] } },
  ]);
  assert.deepEqual(
    shown.items.map(({ title, text }) => [title, text]),
    [
      ['a.png', 'a.png (image/png, 3 bytes)\nfile (https://example.com/b)'],
      ['odd', 'file\nfile'],
    ],
  );
});
