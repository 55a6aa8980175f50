// Agents as they really are: A2A 0.3 with odd keys, Gemini’s server, OpenClaw’s answers.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import type { AdapterEvent, Outcome, Sink } from '../adapter.ts';
import { testPorts } from '../adapter.testports.ts';
import { startServer, targetAt, type TestServer } from './a2a.testserver.ts';
import { createA2aAdapter } from './adapter.ts';
import { straighten } from './dialect.ts';
import { readTrace } from './trace-extension.ts';

const adapter = createA2aAdapter(testPorts);
const servers: TestServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
});

interface Rpc {
  readonly id: unknown;
  readonly method: string;
  readonly params: { readonly message?: { readonly parts?: readonly { kind?: string }[] } };
}

/** An agent of version 0.3 whose card and answers are given. */
const oldAgent = async (
  streaming: boolean,
  answer: (rpc: Rpc) => unknown[],
): Promise<{ url: string; calls: Rpc[] }> => {
  const calls: Rpc[] = [];
  const listener: RequestListener = (request, response) => {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          name: 'Old',
          description: 'odd',
          url: `${server.url}/a2a`,
          version: '0.2.0',
          protocol_version: '0.3.0',
          capabilities: { streaming, pushNotifications: false },
          skills: [{ id: 'chat', name: 'Chat', description: 'General', tags: [] }],
          defaultInputModes: ['text'],
          defaultOutputModes: ['text'],
        }),
      );
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const rpc = JSON.parse(body) as Rpc;
      calls.push(rpc);
      const answers = answer(rpc).map((value) => ({
        jsonrpc: '2.0',
        id: String(rpc.id),
        ...(value as object),
      }));
      if (rpc.method === 'message/stream') {
        response.setHeader('content-type', 'text/event-stream');
        for (const each of answers) response.write(`data: ${JSON.stringify(each)}\n\n`);
        response.end();
      } else {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(answers[0]));
      }
    });
  };
  const server = await startServer(listener);
  servers.push(server);
  return { url: server.url, calls };
};

const run = async (
  url: string,
): Promise<{ outcome: Outcome; events: AdapterEvent[]; handles: (string | null)[] }> => {
  const events: AdapterEvent[] = [];
  const handles: (string | null)[] = [];
  const sink: Sink = {
    handle(_, taskId) {
      handles.push(taskId);
      return Promise.resolve();
    },
    event(event) {
      events.push(event);
      return Promise.resolve();
    },
    sent: () => undefined,
    approval: () => Promise.resolve({ decision: 'withdrawn' }),
  };
  const outcome = await adapter.invoke(
    {
      target: targetAt(url),
      prompt: 'What is 2+2?',
      data: {},
      runId: 'r',
      key: 'key-1',
      deadline: Date.now() + 10_000,
      signal: AbortSignal.timeout(10_000),
    },
    sink,
  );
  return { outcome, events, handles };
};

const update = (status: object, more: object = {}): object => ({
  result: { kind: 'status-update', task_id: 'ts1', context_id: 'c-9', status, final: false, ...more },
});

describe('a2a 0.3 in a snake_case dialect', () => {
  it('reads a blocking answer', async () => {
    const agent = await oldAgent(false, () => [
      {
        result: {
          id: 't1',
          kind: 'task',
          context_id: 'ctx-2',
          status: { state: 'completed' },
          artifacts: [{ artifact_id: 'a', name: 'response', parts: [{ kind: 'text', text: '4' }] }],
          history: [
            { kind: 'message', role: 'agent', parts: [{ kind: 'text', text: '4' }], context_id: 'ctx-2' },
          ],
        },
      },
    ]);
    const { outcome, handles } = await run(agent.url);
    assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
    assert.equal(outcome.text, '4');
    assert.deepEqual(handles, ['t1']);
    assert.equal(agent.calls[0]?.params.message?.parts?.[0]?.kind, 'text');
  });

  it('reads a stream: reasoning, tools, messages without ids, an artifact after the end', async () => {
    const agent = await oldAgent(true, () => [
      update({ state: 'working' }),
      update(
        { state: 'working' },
        { metadata: { stream_event_type: 'reasoning', reasoning: { text: 'Thinking...', ended: false } } },
      ),
      update(
        { state: 'working' },
        { metadata: { stream_event_type: 'tool', tool: { name: 'exec', phase: 'start' } } },
      ),
      update(
        { state: 'working' },
        { metadata: { stream_event_type: 'tool', tool: { name: 'exec', phase: 'end' } } },
      ),
      update({ state: 'working', message: { role: 'agent', parts: [{ kind: 'text', text: 'Hello ' }] } }),
      update({ state: 'completed' }, { final: true }),
      {
        result: {
          kind: 'artifact-update',
          task_id: 'ts1',
          context_id: 'c-9',
          artifact: { artifact_id: 'a', name: 'response', parts: [{ kind: 'text', text: 'Hello world' }] },
          last_chunk: true,
        },
      },
    ]);
    const { outcome, events } = await run(agent.url);
    assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
    assert.equal(outcome.text, 'Hello world');
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['status', 'reasoning', 'tool', 'tool', 'message', 'artifact'],
    );
  });

  it('reads why a task failed, and a JSON-RPC error', async () => {
    const timedOut = await oldAgent(true, () => [
      update({ state: 'working' }),
      update({ state: 'failed', error: 'Task timed out' }, { final: true }),
    ]);
    const first = await run(timedOut.url);
    assert.equal(first.outcome.status, 'failed');
    assert.equal(first.outcome.error?.message, 'Task timed out');
    const exploded = await oldAgent(false, () => [{ error: { code: -32000, message: 'Agent exploded' } }]);
    const second = await run(exploded.url);
    assert.equal(second.outcome.error?.code, 'agent_failed');
    assert.ok(second.outcome.error.message.includes('Agent exploded'));
  });

  it('reads Gemini’s server: pieces, thoughts, tools, and a turn whose end is no question', async () => {
    const gemini = (state: string, metadata: object, parts?: object[]): object => ({
      result: {
        kind: 'status-update',
        taskId: 't',
        contextId: 'c',
        final: state === 'input-required',
        status: {
          state,
          ...(parts === undefined
            ? {}
            : { message: { kind: 'message', role: 'agent', messageId: JSON.stringify(parts), parts } }),
        },
        metadata: { coderAgent: metadata, model: 'gemini' },
      },
    });
    const call = (status: string): object => ({
      kind: 'data',
      data: { request: { callId: 'c1', name: 'ls', args: { dir: '.' } }, status, response: 'a b' },
    });
    const agent = await oldAgent(true, () => [
      {
        result: {
          kind: 'task',
          id: 't',
          contextId: 'c',
          status: { state: 'submitted' },
          artifacts: [],
          history: [],
        },
      },
      gemini('working', { kind: 'state-change' }),
      gemini('working', { kind: 'thought' }, [
        { kind: 'data', data: { subject: 'Plan', description: 'add' } },
      ]),
      gemini('working', { kind: 'tool-call-update' }, [call('scheduled')]),
      gemini('working', { kind: 'tool-call-update' }, [call('success')]),
      gemini('working', { kind: 'text-content' }, [{ kind: 'text', text: 'It is ' }]),
      gemini('working', { kind: 'text-content' }, [{ kind: 'text', text: '4' }]),
      gemini('input-required', { kind: 'state-change' }),
    ]);
    const { outcome, events } = await run(agent.url);
    assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
    assert.equal(outcome.text, 'It is 4');
    const tools = events.flatMap((event) => (event.kind === 'tool' ? [event.payload] : []));
    assert.deepEqual(tools, [
      { name: 'ls', phase: 'start', call_id: 'c1', input: { dir: '.' } },
      { name: 'ls', phase: 'end', call_id: 'c1', output: 'a b' },
    ]);
    assert.ok(events.some((event) => event.kind === 'reasoning' && event.payload.text === 'Plan: add'));
  });
});

describe('a2a: reading what others write', () => {
  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (value, id) => {
        JSON.stringify(straighten(value, id));
        JSON.stringify(straighten({ jsonrpc: '2.0', id, result: value }, id));
        readTrace(value, id);
        readTrace({ coderAgent: value, stream_event_type: 'tool', tool: id }, value);
      }),
    );
  });

  it('keeps the keys of free content', () => {
    const content = { some_key: { inner_key: 1 } };
    const straight = straighten({ task_id: 't', status: { state: 'working' }, metadata: content });
    assert.deepEqual((straight as { metadata: unknown }).metadata, content);
  });
});
