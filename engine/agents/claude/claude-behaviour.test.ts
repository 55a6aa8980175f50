// The Claude Code adapter: results, questions, settings, recorded lines, and lines that are odd, broken or hostile.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Story } from '../../processes/story.ts';
import type { AdapterEvent, ApprovalAnswer } from '../adapter.ts';
import { recorder, request, texts, type Person } from '../adapter.testkit.ts';
import { testPorts } from '../adapter.testports.ts';
import { adapter, bench } from './claude.testbench.ts';
import { claudeManner } from './turn.ts';

const { cancel, folder, run, targetOf } = bench;
const allow: ApprovalAnswer = { decision: 'allow', text: null, by: 'me' };

const tools = (events: readonly AdapterEvent[]): unknown[] =>
  events.flatMap((event) => (event.kind === 'tool' ? [event.payload] : []));

describe('claude: how a run ends', () => {
  const ended = async (line: object): Promise<{ code?: string; retryable?: boolean; status: string }> => {
    const { outcome } = await run(`result ${JSON.stringify(line)}`);
    return { status: outcome.status, ...(outcome.error ?? {}) };
  };

  it('tells what may be tried again from what may not', async () => {
    const broken = { is_error: true, result: 'API Error' };
    for (const [line, status, code, retryable] of [
      [{ ...broken, api_error_status: 529 }, 'failed', 'agent_failed', true],
      [{ ...broken, api_error_status: 429 }, 'failed', 'agent_failed', true],
      [{ ...broken, api_error_status: 400 }, 'failed', 'agent_failed', false],
      [{ ...broken, api_error_status: 401 }, 'failed', 'auth', false],
      [{ is_error: true, result: 'Not logged in · Please run /login' }, 'failed', 'auth', false],
      [{ subtype: 'error_max_turns', is_error: true }, 'failed', 'agent_failed', false],
      [{ subtype: 'error_max_budget_usd', is_error: true }, 'failed', 'agent_failed', false],
      [
        { subtype: 'error_during_execution', is_error: true, errors: ['boom'] },
        'failed',
        'agent_failed',
        true,
      ],
      [{ stop_reason: 'refusal', result: 'no' }, 'rejected', 'agent_rejected', false],
    ] as const) {
      const found = await ended(line);
      assert.deepEqual(
        { status: found.status, code: found.code, retryable: found.retryable },
        { status, code, retryable },
        JSON.stringify(line),
      );
    }
  });

  it('says how to log in', async () => {
    const { outcome } = await run('result {"is_error":true,"result":"Not logged in · Please run /login"}');
    assert.match(outcome.error?.message ?? '', /claude auth login/);
  });

  it('a refused credential ends the run, not minutes of tries; an overloaded API is waited for, and said', async () => {
    const refused = await run('retry 401 3');
    assert.equal(refused.outcome.error?.code, 'auth');
    const busy = await run('retry 529 2');
    assert.equal(busy.outcome.text, 'after all');
    const said = busy.sink.events.flatMap((event) => (event.kind === 'status' ? [event.payload.text] : []));
    assert.ok(
      said.includes('The model API did not answer as it should (overloaded 529); try 2 of 10'),
      said.join(),
    );
  });

  it('a program that dies says what it last said', async () => {
    const { outcome } = await run('die 137');
    assert.equal(outcome.error?.message, 'The program exited with 137 before it had answered');
    assert.equal(outcome.error.cause, 'killed by the system');
  });

  it('one that hears no interrupt is ended with its processes', async () => {
    const { outcome, tookMs } = await cancel('deaf');
    assert.equal(outcome.status, 'cancelled');
    assert.equal(outcome.cancelConfirmed, true);
    assert.ok(tookMs < 9_000, `took ${String(tookMs)} ms, longer than the engine waits`);
  });

  it('tells what the run has used, and remembers the session', async () => {
    const { sink } = await run('echo x');
    const usage = sink.events.find(({ metadata }) => metadata?.['usage'] !== undefined)?.metadata?.['usage'];
    assert.deepEqual(usage, {
      input_tokens: 20,
      output_tokens: 10,
      cached_input_tokens: 4,
      cache_creation_input_tokens: 0,
      cost: { amount: 0.000_35, currency: 'USD' },
      turns: 1,
    });
    assert.equal(sink.saved?.['session'], 'e242ce5e-1e9e-4bbd-bff2-9ba124cf9013');
  });
});

describe('claude: questions for people', () => {
  it('allow gives back the arguments as they were asked for; deny says why', async () => {
    const input = { command: 'rm -rf build', description: 'clean' };
    const allowed = await run(`answer ${JSON.stringify(input)}`, { cwd: folder }, { person: () => allow });
    assert.deepEqual(JSON.parse(allowed.outcome.text ?? ''), { behavior: 'allow', updatedInput: input });
    const [ask] = allowed.sink.asked;
    assert.equal(ask?.title, 'Bash: rm -rf build');
    assert.deepEqual(ask.operation, { tool: 'Bash', input, cwd: folder });
    const person: Person = () => ({ decision: 'deny', reason: 'not today', by: 'me' });
    const denied = await run('answer {}', {}, { person });
    assert.deepEqual(JSON.parse(denied.outcome.text ?? ''), { behavior: 'deny', message: 'not today' });
  });

  it('the model’s questions are asked one by one, and their answers go back with the input', async () => {
    const person: Person = ({ title, kind }) => {
      assert.equal(kind, 'question');
      return { decision: 'allow', text: `${title} yes`, by: 'me' };
    };
    const { outcome, sink } = await run('question Red?|Deep?', {}, { person });
    const answer = JSON.parse(outcome.text ?? '') as { updatedInput: { answers: unknown } };
    assert.deepEqual(answer.updatedInput.answers, { 'Red?': 'Red? yes', 'Deep?': 'Deep? yes' });
    assert.equal(new Set(sink.asked.map(({ nativeId }) => nativeId)).size, 2);
  });

  it('what is taken back is withdrawn and gets no answer; what is not offered is refused', async () => {
    const back = await run('take-back');
    assert.equal(back.outcome.text, 'nothing');
    assert.equal(back.sink.asked[0]?.withdrawn.aborted, true);
    assert.match((await run('hook')).outcome.text ?? '', /hook_callback is not offered/);
  });
});

describe('claude: lines', () => {
  it('a sub-agent’s words are no answer, and its tools belong to the call that began it', async () => {
    const { outcome, sink } = await run('sub');
    assert.equal(outcome.text, 'answer');
    assert.equal(texts(sink.events, true).join(), 'answer');
    assert.deepEqual(tools(sink.events), [
      { name: 'Task', phase: 'start', call_id: 'toolu_t', input: { prompt: 'x' } },
      {
        name: 'Bash',
        phase: 'start',
        call_id: 'toolu_s',
        input: { command: 'ls' },
        parent_call_id: 'toolu_t',
      },
      { name: 'Bash', phase: 'end', call_id: 'toolu_s', output: 'a' },
      { name: 'Task', phase: 'end', call_id: 'toolu_t', output: 'one\ntwo' },
    ]);
  });

  it('passes over what it does not know; calls stay pairs whatever their order', async () => {
    const { outcome, sink } = await run('odd-lines');
    assert.equal(outcome.text, 'survived', JSON.stringify(outcome));
    assert.deepEqual(tools(sink.events), [
      { name: 'tool', phase: 'start', call_id: 'toolu_unknown' },
      { name: 'tool', phase: 'end', call_id: 'toolu_unknown', output: 'result before its call' },
    ]);
  });

  it('what cannot be used ends the run', async () => {
    for (const [prompt, words] of [
      ['bad-result', /result of Claude Code is not one/],
      ['no-id', /asked something without an id/],
      ['long-line', /a line of more than/],
      ['flood', /asked more than 32 questions/],
    ] as const) {
      const { outcome } = await run(prompt);
      assert.equal(outcome.error?.code, 'invalid_agent_response', prompt);
      assert.match(outcome.error.message, words);
    }
  });

  it('lines that Claude Code 2.1.197 printed: thoughts, a pair of a tool, the answer, what it cost', async () => {
    const sink = recorder();
    const story = new Story(sink);
    const remembered: string[] = [];
    const manner = claudeManner('/')({
      clock: testPorts.clock,
      request: request(targetOf(), 'x'),
      sink,
      story,
      say: () => undefined,
      sayAll: () => undefined,
      sent: () => undefined,
      remember: (taskId) => {
        remembered.push(taskId);
        return Promise.resolve();
      },
    });
    const recorded = readFileSync(new URL('./fixtures/stream.jsonl', import.meta.url), 'utf8').split('\n');
    for (const line of recorded) if (line.startsWith('{')) await manner.take(JSON.parse(line));
    assert.deepEqual(await manner.ended, { status: 'completed', text: 'tool result was: "tool-says-hi"' });
    await story.close();
    assert.deepEqual(
      sink.events.map((event) => (event.kind === 'tool' ? `tool ${event.payload.phase}` : event.kind)),
      ['status', 'reasoning', 'tool start', 'tool end', 'reasoning', 'status'],
    );
    assert.deepEqual(remembered, ['e242ce5e-1e9e-4bbd-bff2-9ba124cf9013']);
  });
});

describe('claude: the entry', () => {
  it('starts print mode with lines both ways, and settings as flags of one word', async () => {
    const settings = { model: 'opus', max_turns: 3, agent: 'reviewer', allowed_tools: '--evil' };
    const args = JSON.parse((await run('args', { settings })).outcome.text ?? '') as string[];
    assert.ok(args.includes('--print') && args.includes('--permission-prompt-tool=stdio'));
    assert.deepEqual(args.slice(-4), [
      '--model=opus',
      '--max-turns=3',
      '--agent=reviewer',
      '--allowed-tools=--evil',
    ]);
  });

  it('gives the environment of the entry, and nothing of the daemon’s own', async () => {
    process.env['AGENTMESH_TOKEN'] = 'secret';
    try {
      const { outcome } = await run('env', { env: { OWN: 'yes' } });
      assert.deepEqual(JSON.parse(outcome.text ?? ''), { token: null, own: 'yes' });
    } finally {
      delete process.env['AGENTMESH_TOKEN'];
    }
  });

  it('a probe asks for the version, once for each state of the program', async () => {
    const probe = await adapter.probe(targetOf(), { signal: AbortSignal.timeout(5_000) });
    assert.deepEqual([probe.name, probe.version, probe.ok], ['Claude Code', '2.1.197', true]);
    assert.equal((await adapter.probe(targetOf(), { signal: AbortSignal.abort() })).version, '2.1.197');
  });
});
