// The Codex adapter: failures, items, settings, recorded lines, and lines that are odd, broken or hostile.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Story } from '../../processes/story.ts';
import type { AdapterEvent } from '../adapter.ts';
import { recorder, request, texts } from '../adapter.testkit.ts';
import { testPorts } from '../adapter.testports.ts';
import { adapter, bench } from './codex.testbench.ts';
import { codexManner } from './turn.ts';

const { cancel, run, targetOf } = bench;

const tools = (events: readonly AdapterEvent[]): unknown[] =>
  events.flatMap((event) => (event.kind === 'tool' ? [event.payload] : []));
const log = (events: readonly AdapterEvent[]): unknown[] =>
  events.flatMap((event) => (event.kind === 'status' ? [event.payload.text] : []));

describe('codex: how a run ends', () => {
  it('reads from the words whether a login is missing, and whether trying again may help', async () => {
    for (const [words, code, retryable] of [
      ['unexpected status 401 Unauthorized: Incorrect API key provided', 'auth', false],
      ['Missing environment variable: `OPENAI_API_KEY`.', 'auth', false],
      ['unexpected status 404 Not Found: no such model', 'agent_failed', false],
      ['stream disconnected before completion', 'agent_failed', true],
    ] as const) {
      const { error } = (await run(`failed ${words}`)).outcome;
      assert.deepEqual([error?.code, error?.retryable], [code, retryable], words);
    }
    assert.equal((await run('dance')).outcome.error?.message, 'cannot dance');
  });

  it('warnings are no failures, and the same words are told once', async () => {
    const { outcome, sink } = await run('warn');
    assert.equal(outcome.text, 'after all');
    assert.deepEqual(log(sink.events).slice(0, 2), [
      'Model metadata not found',
      'Reconnecting... waiting for network',
    ]);
    assert.equal(log(sink.events).length, 3);
  });

  it('a program that dies says what it last said', async () => {
    const { outcome } = await run('die 101');
    assert.equal(outcome.error?.message, 'The program exited with 101 before it had answered');
    assert.equal(outcome.error.cause, 'panicked at main.rs');
  });

  it('one that ignores SIGTERM is ended all the same', async () => {
    const { outcome, tookMs } = await cancel('deaf');
    assert.equal(outcome.status, 'cancelled');
    assert.equal(outcome.cancelConfirmed, true);
    assert.ok(tookMs < 9_000, `took ${String(tookMs)} ms, longer than the engine waits`);
  });

  it('tells what the run has used, and remembers the thread', async () => {
    const { sink } = await run('echo x');
    const usage = sink.events.find(({ metadata }) => metadata?.['usage'] !== undefined)?.metadata?.['usage'];
    assert.deepEqual(usage, {
      input_tokens: 20,
      cached_input_tokens: 0,
      output_tokens: 10,
      reasoning_output_tokens: 3,
    });
    assert.equal(sink.saved?.['thread'], '01a2032f-f3bd-7633-838b-a83f3fb42eb7');
  });
});

describe('codex: items', () => {
  it('commands, changes and calls are pairs; the last message is the answer', async () => {
    const { outcome, sink } = await run('calls');
    assert.equal(outcome.text, 'last');
    assert.deepEqual(texts(sink.events, false), ['first']);
    const named = (id: string, name: string, input: unknown, end: object): unknown[] => [
      { name, phase: 'start', call_id: id, input },
      { name, phase: 'end', call_id: id, ...end },
    ];
    assert.deepEqual(tools(sink.events), [
      ...named('item_1', 'shell', { command: 'exit 3' }, { error: { output: 'no', exit_code: 3 } }),
      ...named('m1', 'git.log', { n: 1 }, { output: { ok: true } }),
      ...named('m2', 'git.push', {}, { error: { message: 'no' } }),
      ...named('w1', 'web_search', { query: 'x' }, { output: null }),
    ]);
    assert.ok(log(sink.events).includes('plan: 1 of 2 done'));
  });

  it('passes over what it does not know, and tells nothing twice', async () => {
    const { outcome, sink } = await run('odd-lines');
    assert.equal(outcome.text, 'survived', JSON.stringify(outcome));
    assert.equal(tools(sink.events).length, 2);
    assert.ok(log(sink.events).includes('plain words'));
  });

  it('a line without measure ends the run', async () => {
    const { outcome } = await run('long-line');
    assert.equal(outcome.error?.code, 'invalid_agent_response');
    assert.match(outcome.error.message, /a line of more than/);
  });

  it('lines that Codex 0.169.0 printed', async () => {
    const sink = recorder();
    const story = new Story(sink);
    const remembered: string[] = [];
    const manner = codexManner({
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
    const recorded = readFileSync(new URL('./fixtures/exec.jsonl', import.meta.url), 'utf8').split('\n');
    for (const line of recorded) if (line.startsWith('{')) await manner.take(JSON.parse(line));
    assert.deepEqual(await manner.ended, { status: 'completed' });
    const { text } = await story.close();
    assert.match(text ?? '', /^tool result was: .*tool-says-hi\n$/s);
    assert.deepEqual(
      sink.events.map((event) => (event.kind === 'tool' ? `tool ${event.payload.phase}` : event.kind)),
      ['status', 'reasoning', 'tool start', 'tool end', 'reasoning', 'status'],
    );
    assert.deepEqual(remembered, ['01a2032f-f3bd-7633-838b-a83f3fb42eb7']);
  });
});

describe('codex: the entry', () => {
  it('reads only unless the settings say more, and takes the prompt on stdin', async () => {
    const args = async (settings: Record<string, string | number | boolean>): Promise<string[]> =>
      JSON.parse((await run('args', { settings })).outcome.text ?? '') as string[];
    const usual = ['exec', '--json', '--skip-git-repo-check', '--color=never'];
    assert.deepEqual(await args({ agent: 'label' }), [...usual, '--sandbox=read-only', '-']);
    assert.deepEqual(
      await args({
        sandbox: 'workspace-write',
        model: '--x',
        ephemeral: true,
        'config.model_provider': 'a"b',
      }),
      [
        ...usual,
        '--sandbox=workspace-write',
        '--model=--x',
        '--ephemeral',
        '--config=model_provider="a\\"b"',
        '-',
      ],
    );
    const prompt = `echo -x ${'y'.repeat(200_000)}`;
    assert.equal((await run(prompt)).outcome.text, prompt.slice('echo '.length));
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

  it('a probe asks for the version', async () => {
    const probe = await adapter.probe(targetOf(), { signal: AbortSignal.timeout(5_000) });
    assert.deepEqual([probe.name, probe.version, probe.ok], ['Codex', '0.169.0', true]);
  });
});
