// Frames of Gemini CLI’s A2A server 0.25.2, recorded, played back: a tool that is allowed or refused, a model that fails, a cut line.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, it } from 'node:test';
import { recorder, request, type Person } from '../adapter.testkit.ts';
import { testPorts } from '../adapter.testports.ts';
import type { AdapterEvent, NativeHandle, Outcome } from '../adapter.ts';
import { startServer, targetAt, type TestServer } from './a2a.testserver.ts';
import { createA2aAdapter } from './adapter.ts';
import { isCutOff, outputOf, readGemini } from './gemini.ts';

type Bag = Record<string, unknown>;
interface Talk {
  readonly first: Bag[];
  readonly second?: Bag[];
  readonly last: Bag;
}

const wire = JSON.parse(
  readFileSync(new URL('./fixtures/gemini-wire.json', import.meta.url), 'utf8'),
) as Record<'allow' | 'deny' | 'cut', Talk> & { readonly fail: Bag[] };

const adapter = createA2aAdapter(testPorts);
const servers: TestServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
});

interface Rpc {
  readonly id: unknown;
  readonly method: string;
  readonly params: { readonly message?: { readonly taskId?: string; readonly parts: readonly Bag[] } };
}

/** The server, with one recorded talk: what it was sent is kept. */
const gemini = async ({ first, second = [], last }: Talk): Promise<{ url: string; heard: Rpc[] }> => {
  const heard: Rpc[] = [];
  const server: TestServer = await startServer((incoming, response) => {
    if (incoming.method === 'GET') {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          name: 'Gemini SDLC Agent',
          description: 'writes code',
          url: `${server.url}/`,
          protocolVersion: '0.3.0',
          version: '0.0.2',
          capabilities: { streaming: true, pushNotifications: false, stateTransitionHistory: true },
          defaultInputModes: ['text'],
          defaultOutputModes: ['text'],
          skills: [{ id: 'code_generation', name: 'Code', description: 'writes', tags: [] }],
        }),
      );
      return;
    }
    let body = '';
    incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
    incoming.on('end', () => {
      const rpc = JSON.parse(body) as Rpc;
      heard.push(rpc);
      const { id, method, params } = rpc;
      const said = (result: unknown): string => JSON.stringify({ jsonrpc: '2.0', id, result });
      if (method === 'message/stream') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const frames = params.message?.taskId === undefined ? first : second;
        response.end(frames.map((frame) => `data: ${said(frame)}\n\n`).join(''));
      } else {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          method === 'tasks/get'
            ? said(last)
            : JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_601, message: method } }),
        );
      }
    });
  });
  servers.push(server);
  return { url: server.url, heard };
};

const run = async (
  talk: Talk,
  person?: Person,
): Promise<{ outcome: Outcome; events: readonly AdapterEvent[]; asked: number; heard: Rpc[] }> => {
  const { url, heard } = await gemini(talk);
  const ask = request(targetAt(url), 'go', {});
  const sink = recorder(undefined, person, ask.signal);
  const outcome = await adapter.invoke(ask, sink);
  return { outcome, events: sink.events, asked: sink.asked.length, heard };
};

const toolsOf = (events: readonly AdapterEvent[]) =>
  events.flatMap((event) => (event.kind === 'tool' ? [event.payload] : []));

describe('a2a, recorded: Gemini’s server', () => {
  it('a tool that a person allows: one question, one begin, one end; its screen is its own, the text the answer', async () => {
    const { outcome, events, asked, heard } = await run(wire.allow, () => ({
      decision: 'allow',
      text: null,
      by: 'me',
    }));
    assert.equal(asked, 1);
    assert.deepEqual(heard[1]?.params.message?.parts[0]?.['data'], {
      callId: 'call_2',
      outcome: 'proceed_once',
    });
    assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
    assert.match(outcome.text ?? '', /^tool result was: /);
    assert.deepEqual(outcome.artifacts, []);
    const tools = toolsOf(events);
    assert.deepEqual(
      tools.map(({ phase }) => phase).filter((phase) => phase !== 'update'),
      ['start', 'end'],
    );
    assert.equal(tools.find(({ output }) => output !== undefined)?.output, 'tool-says-hi');
    assert.equal(tools.at(-1)?.output, 'tool-says-hi');
    assert.equal('error' in (tools.at(-1) ?? {}), false);
    assert.ok(!events.some(({ kind }) => kind === 'artifact'));
  });

  it('a tool that a person refuses: its end says so, nothing more is asked, the run says that it did not go on', async () => {
    const { outcome, events, asked, heard } = await run(wire.deny, () => ({
      decision: 'deny',
      reason: null,
      by: 'me',
    }));
    assert.equal(asked, 1);
    assert.deepEqual(heard[1]?.params.message?.parts[0]?.['data'], { callId: 'call_4', outcome: 'cancel' });
    assert.deepEqual([outcome.status, outcome.error?.code], ['input-required', 'agent_needs_input']);
    assert.match(String(toolsOf(events).at(-1)?.error), /Cancelled/);
  });

  it('a model that fails is a failed run with its words, although the turn ends as any other', async () => {
    const { outcome } = await run({ first: wire.fail, last: {} });
    assert.deepEqual([outcome.status, outcome.error?.code], ['failed', 'agent_failed']);
    assert.match(outcome.error?.message ?? '', /the model is broken/);
  });

  it('a task that it ended because the line broke is found, failed, and nobody is asked', async () => {
    const { first, last } = wire.cut;
    const { url } = await gemini({ first, last });
    const handle: NativeHandle = { taskId: last['id'] as string, contextId: last['contextId'] as string };
    const ask = request(targetAt(url), 'go', {});
    const sink = recorder(undefined, undefined, ask.signal);
    const outcome = await adapter.reattach?.(ask, handle, sink);
    assert.deepEqual([outcome?.status, sink.asked], ['failed', []]);
  });

  it('a restart after a tool has run takes its screen for no answer', async () => {
    const { url } = await gemini(wire.allow);
    const handle: NativeHandle = {
      taskId: wire.allow.last['id'] as string,
      contextId: wire.allow.last['contextId'] as string,
    };
    const ask = request(
      targetAt(url, { entry: { url, settings: { input_required: 'completed' } } }),
      'go',
      {},
    );
    const sink = recorder(undefined, undefined, ask.signal);
    const outcome = await adapter.reattach?.(ask, handle, sink);
    assert.equal(outcome?.status, 'completed');
    assert.ok('artifacts' in outcome && outcome.artifacts.length === 0 && outcome.text === undefined);
  });

  it('forms of its own are read by their shape alone', () => {
    assert.deepEqual(
      [outputOf('tool-call_2-output'), outputOf('result'), isCutOff('')],
      ['call_2', null, false],
    );
    assert.equal(readGemini({ error: 'x' }, undefined), null);
    assert.equal(readGemini({ coderAgent: { kind: 'tool-call-update' } }, { status: 'odd' }), null);
  });
});
