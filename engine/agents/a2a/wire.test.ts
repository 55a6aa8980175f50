// Frames that real agents sent, played back: an odd 0.3 agent, OpenClaw’s own A2A, and a stream of 1.0.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { after, describe, it } from 'node:test';
import { testPorts } from '../adapter.testports.ts';
import { recorder, request, texts, until, type Recorder } from '../adapter.testkit.ts';
import type { InvokeRequest, Outcome } from '../adapter.ts';
import { startServer, targetAt, type TestServer } from './a2a.testserver.ts';
import { createA2aAdapter } from './adapter.ts';

type Bag = Record<string, unknown>;

interface Exchange {
  readonly case: string;
  readonly request: { readonly method: string; readonly body?: Bag };
  readonly response?: {
    readonly status: number;
    readonly contentType: string;
    readonly body?: unknown;
    readonly sse?: Bag[];
  };
}

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')) as T;
const dialect = read<Exchange[]>('dialect-wire.json');
const openclaw = read<{ card: Bag; request: Bag; answer: Bag }>('openclaw-wire.json');
const stream = read<Bag[]>('stream-wire.json');

const found = (name: string): NonNullable<Exchange['response']> => {
  const { response } = dialect.find((each) => each.case === name) ?? {};
  assert.ok(response !== undefined, name);
  return response;
};

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly rpc: { readonly id: unknown; readonly method: string; readonly params: Bag };
}

type Answer = (rpc: Call['rpc'], response: ServerResponse) => void;

const adapter = createA2aAdapter(testPorts);
const servers: TestServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
});

/** An agent whose card is given, and whose answers are by method. */
const playing = async (
  card: (url: string) => unknown,
  answers: Readonly<Record<string, Answer>>,
): Promise<{ url: string; calls: Call[] }> => {
  const calls: Call[] = [];
  const server: TestServer = await startServer((incoming, response) => {
    if (incoming.method === 'GET') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(card(server.url)));
      return;
    }
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const rpc = JSON.parse(Buffer.concat(chunks).toString()) as Call['rpc'];
      calls.push({ headers: incoming.headers, rpc });
      const answer = answers[rpc.method] ?? answers['*'];
      if (answer === undefined) json(response, 200, refusal(rpc.id, -32_601));
      else answer(rpc, response);
    });
  });
  servers.push(server);
  return { url: server.url, calls };
};

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

const refusal = (id: unknown, code: number): Bag => ({ jsonrpc: '2.0', id, error: { code, message: 'no' } });

/** The recorded answer, with the id of the question that it answers now, as the recorded agent gives it back. */
const play =
  (name: string): Answer =>
  ({ id }, response) => {
    const { status, contentType, body, sse } = found(name);
    const mine = (value: unknown): string =>
      JSON.stringify(
        typeof value === 'object' && value !== null && 'id' in value ? { ...value, id: String(id) } : value,
      );
    response.writeHead(status, { 'content-type': contentType });
    if (sse === undefined) response.end(mine(body));
    else {
      for (const each of sse) response.write(`data: ${mine(each)}\n\n`);
      response.end();
    }
  };

const dialectCard =
  (more: Bag = {}) =>
  (url: string): unknown => ({
    ...(JSON.parse(
      JSON.stringify(found('agent card (auth on)').body).replaceAll('http://127.0.0.1:18789', url),
    ) as Bag),
    ...more,
  });

const BLOCKING = { capabilities: { streaming: false } };

const invoke = async (
  url: string,
  more: Partial<InvokeRequest> = {},
  sink: Recorder = recorder(),
): Promise<{ outcome: Outcome; sink: Recorder }> => {
  const ask = request(targetAt(url, { token: 'test-token' }), 'What is 2+2?', { data: {}, ...more });
  return { outcome: await adapter.invoke(ask, sink), sink };
};

describe('a2a, recorded: an odd agent of 0.3', () => {
  it('its card is read: name, skills, version, how it wants to be authenticated', async () => {
    const { url } = await playing(dialectCard(), {});
    const probe = await adapter.probe(targetAt(url), { signal: AbortSignal.timeout(5_000) });
    assert.equal(probe.problem, null);
    assert.deepEqual([probe.name, probe.version, probe.protocol], ['TestAgent', '0.2.0', 'A2A 0.3.0']);
    assert.deepEqual(
      probe.skills.map(({ id }) => id),
      ['chat'],
    );
    assert.equal(probe.identity?.['interfaces'], `JSONRPC ${url}/a2a`);
    assert.match(probe.identity['authentication'] ?? '', /bearer/);
    assert.equal(probe.cardSignature, 'unsigned');
  });

  it('a blocking answer; the request carries both spellings and the id of the task', async () => {
    const agent = await playing(dialectCard(BLOCKING), {
      'message/send': play('message/send snake_case context_id + params.id'),
    });
    const { outcome, sink } = await invoke(agent.url);
    assert.deepEqual([outcome.status, outcome.text], ['completed', '4']);
    assert.equal(sink.saved?.['taskId'], 't1');
    const [call] = agent.calls;
    const params = call?.rpc.params ?? {};
    const message = params['message'] as Bag;
    assert.equal(call?.headers.authorization, 'Bearer test-token');
    assert.deepEqual(
      [message['message_id'], message['context_id']],
      [message['messageId'], message['contextId']],
    );
    assert.equal(params['id'], message['contextId']);
    assert.deepEqual(message['parts'], [{ kind: 'text', text: 'What is 2+2?' }]);
  });

  it('a stream: reasoning, a tool without an id, words, and the answer after the end', async () => {
    const agent = await playing(dialectCard(), { 'message/stream': play('message/stream full') });
    const { outcome, sink } = await invoke(agent.url);
    assert.deepEqual([outcome.status, outcome.text], ['completed', 'Hello Hello world']);
    assert.deepEqual(
      sink.events.map(({ kind }) => kind),
      ['status', 'reasoning', 'reasoning', 'tool', 'tool', 'message', 'artifact'],
    );
    const tools = sink.events.flatMap((event) => (event.kind === 'tool' ? [event.payload] : []));
    assert.deepEqual(tools, [
      { name: 'exec', phase: 'start', call_id: 'exec-1' },
      { name: 'exec', phase: 'end', call_id: 'exec-1' },
    ]);
    assert.deepEqual(texts(sink.events, false), ['Hello ']);
  });

  it('how it fails: a status with a reason, a thrown error, its own time limit, no credential', async () => {
    const ending = async (method: string, name: string, card = dialectCard()): Promise<Outcome> => {
      const agent = await playing(card, { [method]: play(name) });
      return (await invoke(agent.url)).outcome;
    };
    const silent = await ending(
      'message/stream',
      'message/stream, agent finishes without final text (timeoutMs 1500)',
    );
    assert.deepEqual(
      [silent.status, silent.error?.code, silent.error?.message],
      ['failed', 'agent_failed', 'Task timed out'],
    );
    const thrown = await ending('message/send', 'message/send agent throws', dialectCard(BLOCKING));
    assert.equal(thrown.error?.code, 'agent_failed');
    assert.match(thrown.error.message, /Agent exploded/);
    const late = await ending('message/send', 'message/send timeout', dialectCard(BLOCKING));
    assert.match(late.error?.message ?? '', /Task timed out/);
    const large = await ending('message/stream', 'body > 1MB');
    assert.match(large.error?.message ?? '', /Request too large/);
    const closed = await ending('message/stream', 'no token');
    assert.deepEqual([closed.error?.code, closed.error?.retryable], ['auth', false]);
    const unread = await ending('message/stream', 'A2A 1.0-style part without kind');
    assert.deepEqual([unread.status, unread.error?.code], ['rejected', 'agent_rejected']);
  });

  it('a run that is cancelled in flight, and one that is found at work and followed by looking at it', async () => {
    const agent = await playing(dialectCard(), {
      'message/stream': ({ id, params }, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        const [first] = found('message/stream full').sse ?? [];
        const result = { ...(first?.['result'] as Bag), task_id: params['id'] };
        response.write(`data: ${JSON.stringify({ ...first, id, result })}\n\n`);
      },
      'tasks/cancel': play('tasks/cancel in flight (stream)'),
      'tasks/get': play('tasks/cancel in flight (stream)'),
    });
    const stop = new AbortController();
    const sink = recorder((event) => {
      if (event.kind === 'status') stop.abort();
    });
    const { outcome } = await invoke(agent.url, { signal: stop.signal }, sink);
    assert.deepEqual([outcome.status, outcome.cancelConfirmed], ['cancelled', true]);

    let looks = 0;
    const hung = await playing(dialectCard(), {
      'tasks/get': (rpc, response) => {
        looks += 1;
        play(looks < 3 ? 'tasks/get of the hung stream' : 'tasks/get')(rpc, response);
      },
    });
    const again = request(targetAt(hung.url), 'What is 2+2?');
    const after_ = await adapter.reattach(again, { taskId: 'th2', contextId: 'th2' }, recorder());
    assert.deepEqual([after_.status, 'text' in after_ && after_.text], ['completed', '4']);
  });
});

describe('a2a, recorded: OpenClaw’s own A2A', () => {
  const card = (url: string): unknown =>
    JSON.parse(JSON.stringify(openclaw.card).replaceAll('http://127.0.0.1:18789', url)) as unknown;
  const NOT_HERE: Answer = ({ id }, response) => {
    json(response, 200, refusal(id, -32_004));
  };

  it('answers in one piece, to the request that it was recorded with', async () => {
    const agent = await playing(card, {
      SendMessage: ({ id }, response) => {
        json(response, 200, { ...openclaw.answer, id });
      },
      '*': NOT_HERE,
    });
    const { outcome, sink } = await invoke(agent.url);
    assert.deepEqual([outcome.status, outcome.text], ['completed', 'tool result was: tool-says-hi']);
    assert.equal(sink.saved?.['taskId'], 'd0415c9b-fdf1-494c-8f2f-1791e71a544f');
    const [call] = agent.calls;
    assert.equal(call?.headers['a2a-version'], '1.0');
    const shape = (params: unknown): string[] => Object.keys((params as { message: Bag }).message).sort();
    const recorded = shape(openclaw.request['params']);
    assert.deepEqual(
      recorded.filter((key) => !shape(call.rpc.params).includes(key)),
      [],
    );
  });

  it('cannot be cancelled: we let go, say so, and claim nothing', async () => {
    const working = { task: { id: 't', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } } };
    const agent = await playing(card, {
      SendMessage: ({ id }, response) => {
        json(response, 200, { jsonrpc: '2.0', id, result: working });
      },
      GetTask: ({ id }, response) => {
        json(response, 200, { jsonrpc: '2.0', id, result: working.task });
      },
      '*': NOT_HERE,
    });
    const stop = new AbortController();
    const sink = recorder();
    const ended = invoke(agent.url, { signal: stop.signal }, sink);
    await until('a look at the task', () => agent.calls.some(({ rpc }) => rpc.method === 'GetTask'));
    stop.abort();
    const { outcome } = await ended;
    assert.deepEqual([outcome.status, outcome.cancelConfirmed], ['cancelled', false]);
    const states = sink.events.flatMap((event) => (event.kind === 'status' ? [event.payload.state] : []));
    assert.deepEqual(states, ['working', 'detached']);
  });

  it('knows nothing of a run that it was not told the task of, and is not asked twice', async () => {
    const agent = await playing(card, { '*': NOT_HERE });
    const reattached = await adapter.reattach(request(targetAt(agent.url), 'x'), null, recorder());
    assert.deepEqual(reattached, { status: 'unknown' });
    assert.ok(!agent.calls.some(({ rpc }) => rpc.method === 'SendMessage'));
  });

  it('a peer that asks too often is told to wait, and waits', async () => {
    let asked = 0;
    const agent = await playing(card, {
      SendMessage: ({ id }, response) => {
        const task = { id: 't', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } };
        json(response, 200, { jsonrpc: '2.0', id, result: { task } });
      },
      GetTask: ({ id }, response) => {
        asked += 1;
        if (asked < 3) response.writeHead(429, { 'retry-after': '1' }).end();
        else
          json(response, 200, {
            jsonrpc: '2.0',
            id,
            result: (openclaw.answer['result'] as { task: Bag }).task,
          });
      },
      '*': NOT_HERE,
    });
    const { outcome } = await invoke(agent.url);
    assert.equal(outcome.status, 'completed', JSON.stringify(outcome));
  });
});

describe('a2a, recorded: a stream of 1.0', () => {
  it('words on the way, and the artifact as the answer', async () => {
    const agent = await playing(
      (url) => ({
        name: 'Lab',
        capabilities: { streaming: true },
        supportedInterfaces: [{ url: `${url}/a2a/v1`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
      }),
      {
        SendStreamingMessage: ({ id }, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          for (const each of stream) response.write(`data: ${JSON.stringify({ ...each, id })}\n\n`);
          response.end();
        },
      },
    );
    const { outcome, sink } = await invoke(agent.url);
    assert.deepEqual([outcome.status, outcome.text], ['completed', '2']);
    assert.deepEqual(texts(sink.events, false), ['working']);
  });
});
