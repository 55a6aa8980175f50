// The ACP adapter against agents that are odd, broken or hostile, and what it makes of their stops and words.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { processStart } from '../../processes/process-group.ts';
import { texts, type Recorder } from '../adapter.testkit.ts';
import { adapter, bench } from './acp.testbench.ts';

const { cancel, run, targetOf } = bench;

const tools = ({ events }: Recorder): unknown[] =>
  events.flatMap((event) => (event.kind === 'tool' ? [event.payload] : []));

describe('acp: how a turn ends', () => {
  it('tells refusals, limits and unknown reasons apart', async () => {
    const refused = (await run('stop refusal')).outcome;
    assert.equal(refused.status, 'rejected');
    assert.equal(refused.error?.code, 'agent_rejected');
    for (const reason of ['max_tokens', 'max_turn_requests']) {
      const { outcome } = await run(`stop ${reason}`);
      assert.equal(outcome.error?.code, 'agent_failed');
      assert.equal(outcome.error.retryable, false);
      assert.equal(outcome.text, 'so far');
    }
    assert.equal((await run('stop because')).outcome.error?.code, 'invalid_agent_response');
    assert.deepEqual((await run('stop cancelled')).outcome, {
      status: 'cancelled',
      text: 'so far',
      artifacts: [],
      cancelConfirmed: true,
    });
  });

  it('reads error answers by their code, and keeps what came with them', async () => {
    const login = (await run('error -32000 Authentication required')).outcome.error;
    assert.equal(login?.code, 'auth');
    assert.match(login.message, /Log in: Run `fake login` \(setting authenticate=login\)/);
    assert.equal((await run('error -32602 bad params')).outcome.error?.code, 'invalid_agent_response');
    const failed = (await run('fail')).outcome.error;
    assert.equal(failed?.message, 'Internal error: the model is broken');
    assert.equal(failed.cause, '{"errorName":"APIError"}');
  });

  it('an agent that wants a login says how, and takes one by setting', async () => {
    const { outcome } = await run('echo x', { env: { ACP_MODE: 'login' } });
    assert.equal(outcome.error?.code, 'auth');
    assert.match(outcome.error.message, /fake login/);
    const settings = { authenticate: 'login' };
    assert.equal((await run('echo in', { env: { ACP_MODE: 'login' }, settings })).outcome.text, 'in');
  });

  it('a program that dies says what it last said', async () => {
    const { outcome } = await run('die 3');
    assert.equal(outcome.error?.code, 'agent_failed');
    assert.match(outcome.error.message, /exited with 3/);
    assert.equal(outcome.error.cause, 'out of memory');
    assert.equal(outcome.error.retryable, true);
  });

  it('a program that closes its output and lives on has nothing more to say', async () => {
    const { outcome } = await run('close');
    assert.match(outcome.error?.message ?? '', /before it had answered/);
  });

  it('a program that speaks no ACP is told apart from one that is slow', async () => {
    const { outcome } = await run('x', { command: ['sh', '-c', 'echo hello; exit 0', 'sh'] });
    assert.equal(outcome.error?.code, 'agent_failed');
    assert.equal(outcome.error.cause, 'hello');
    const slow = await adapter.probe(targetOf({ command: ['sleep', '60'] }), {
      signal: AbortSignal.timeout(500),
    });
    assert.equal(slow.ok, true);
    assert.equal(slow.version, null);
    const echo = await adapter.probe(targetOf({ command: ['cat', '-'] }), {
      signal: AbortSignal.timeout(5_000),
    });
    assert.equal(echo.problem?.code, 'invalid_agent_response');
  });
});

describe('acp: files', () => {
  it('embedded ones and images are kept as files, with their names and types', async () => {
    const { outcome } = await run('files');
    assert.deepEqual(outcome.artifacts, [
      { name: 'a.pdf', files: [{ name: 'a.pdf', mime: 'application/pdf', base64: 'cGRm' }] },
      { name: 'image', files: [{ name: 'image', mime: 'image/png', base64: 'cG5n' }] },
    ]);
  });
});

describe('acp: cancel', () => {
  it('an agent that does not answer a cancel is ended with all its processes', async () => {
    for (const [prompt, entry] of [
      ['deaf', {}],
      ['child', { env: { ACP_MODE: 'ignores-cancel' } }],
    ] as const) {
      const { outcome, sink, tookMs } = await cancel(prompt, entry);
      const tool = (tools(sink)[0] as { input?: { pid: number } } | undefined)?.input?.pid;
      assert.ok(tool === undefined || processStart(tool) === null, 'its tool still runs');
      assert.equal(outcome.status, 'cancelled');
      assert.equal(outcome.cancelConfirmed, true);
      assert.ok(tookMs < 9_000, `took ${String(tookMs)} ms, longer than the engine waits`);
    }
  });

  it('before the prompt has left there is nothing to cancel but the program', async () => {
    const abort = new AbortController();
    setTimeout(() => {
      abort.abort();
    }, 300);
    const { outcome, sink } = await run(
      'echo never',
      { env: { ACP_MODE: 'silent' } },
      { request: { signal: abort.signal } },
    );
    assert.equal(outcome.status, 'cancelled');
    assert.equal(outcome.cancelConfirmed, true);
    assert.equal(sink.calls.includes('sent'), false);
  });
});

describe('acp: what an agent says', () => {
  it('the last message is the answer, earlier ones are events; tools part messages without ids', async () => {
    const messages = await run('messages');
    assert.equal(messages.outcome.text, 'second goes on');
    assert.deepEqual(texts(messages.sink.events, false), ['first']);
    const between = await run('tool-between');
    assert.equal(between.outcome.text, 'It failed');
    assert.deepEqual(texts(between.sink.events, false), ['I look']);
    assert.deepEqual(tools(between.sink), [
      { name: 'execute', phase: 'start', call_id: 't', title: 'ls -l' },
      { name: 'execute', phase: 'end', call_id: 't', error: { exit: 2 } },
    ]);
  });

  it('a tool’s output is told as it grows, and whole with the end', async () => {
    const { sink } = await run('progress');
    const calls = tools(sink) as { phase: string; name: string; output?: unknown }[];
    assert.ok(calls.every(({ name }) => name === 'Bash'));
    const updates = calls.filter(({ phase }) => phase === 'update').map(({ output }) => output);
    assert.ok(updates.length >= 2 && updates.length < 4, JSON.stringify(updates));
    assert.ok('line 0\nline 1\nline 2\nline 3\n'.startsWith(updates.join('')));
    assert.deepEqual(calls.at(-1)?.output, {
      output: null,
      diffs: [{ type: 'diff', path: '/x', oldText: null, newText: 'n' }],
    });
  });

  it('passes over what it does not know, and answers what it does not offer', async () => {
    const { outcome, sink } = await run('odd');
    assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
    assert.match(outcome.text ?? '', /Method not found/);
    assert.equal(JSON.stringify(sink.events).includes('not ours'), false);
    assert.deepEqual(tools(sink), [
      { name: 'grep', phase: 'start', call_id: 'late' },
      { name: 'grep', phase: 'end', call_id: 'late', output: 1 },
    ]);
    const log = sink.events.flatMap((event) => (event.kind === 'status' ? [event.payload.text] : []));
    assert.ok(log.includes('plain words') && log.includes('[1,2]'), JSON.stringify(log));
  });

  it('keeps control characters as they are: showing them safely is for those who show', async () => {
    assert.equal((await run('control')).outcome.text, '\u0000\u001b[31mred\u001b[0m\u202e\ud800 ok');
  });

  it('what comes after the stop ends nothing', async () => {
    assert.equal((await run('late 20', { settings: { idle_seconds: 0 } })).outcome.status, 'completed');
  });

  it('lines and texts without measure end the run', async () => {
    for (const [prompt, words] of [
      ['long-line', /a line of more than/],
      ['deep', /nests deeper than 64/],
      ['much', /told more than/],
      ['flood-questions', /asked more than 32 things/],
    ] as const) {
      const { outcome } = await run(prompt);
      assert.equal(outcome.error?.code, 'invalid_agent_response', prompt);
      assert.match(outcome.error.message, words);
    }
  });

  it('says what a run has used', async () => {
    const { sink } = await run('echo x');
    const usage = sink.events.find(({ metadata }) => metadata?.['usage'] !== undefined)?.metadata?.['usage'];
    assert.deepEqual(usage, {
      input_tokens: 10,
      output_tokens: 5,
      total_tokens: 15,
      context_used: 10,
      context_size: 1000,
      cost: { amount: 0.5, currency: 'USD' },
    });
  });
});
