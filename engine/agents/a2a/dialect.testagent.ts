// An A2A 0.3 agent with an odd dialect, as one was recorded (a2a-v03-dialect-wire.json): snake_case keys, ids as words, a
// final status before its artifact, answers that are refused in its own way. Understands the contract’s prompts.
// argv: folder of the ledger, then JSON options. Prints one JSON line {port} when it listens.
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

interface Options {
  readonly token?: string;
  /** Says `type` instead of `kind`, and leaves the ids of answers and artifacts out. */
  readonly isOdder?: boolean;
}

const folder = process.argv[2] ?? '';
const { token, isOdder = false } = JSON.parse(process.argv[3] ?? '{}') as Options;
mkdirSync(folder, { recursive: true });

type Bag = Record<string, unknown>;

const wordOf = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

interface Task {
  readonly id: string;
  readonly context_id: string;
  status: Bag;
  artifacts: Bag[];
  readonly history: Bag[];
  isCancelled: boolean;
  question: string | null;
}

const tasks = new Map<string, Task>();
const KIND = isOdder ? 'type' : 'kind';

const shown = ({ id, context_id, status, artifacts, history }: Task): Bag => ({
  id,
  [KIND]: 'task',
  context_id,
  status,
  ...(artifacts.length === 0 ? {} : { artifacts }),
  ...(history.length === 0 ? {} : { history }),
});

const textPart = (text: string): Bag => ({ [KIND]: 'text', text });

const said = (parts: readonly Bag[]): Bag => ({
  role: 'agent',
  parts,
  ...(isOdder ? {} : { message_id: randomUUID() }),
});

type Tell = (result: Bag) => void;

const perform = async (
  task: Task,
  key: string,
  prompt: string,
  data: Bag | null,
  tell: Tell,
): Promise<void> => {
  const file = (what: string): string => join(folder, `${encodeURIComponent(key)}.${what}`);
  const status = (state: string, more: Bag = {}, metadata: Bag | null = null): void => {
    task.status = { state, ...more };
    const isFinal = ['completed', 'failed', 'canceled', 'input_required'].includes(state);
    tell({
      [KIND]: 'status-update',
      task_id: task.id,
      context_id: task.context_id,
      status: task.status,
      final: isFinal,
      ...(metadata === null ? {} : { metadata }),
    });
  };
  const working = (text: string): void => {
    const message = said([textPart(text)]);
    task.history.push(message);
    status('working', { message });
  };
  /** The answer comes after the final status, as an artifact. */
  const finish = (parts: readonly Bag[]): void => {
    const artifact = { ...(isOdder ? {} : { artifact_id: randomUUID() }), name: 'response', parts };
    task.artifacts = [artifact];
    status('completed');
    tell({
      [KIND]: 'artifact-update',
      task_id: task.id,
      context_id: task.context_id,
      artifact,
      last_chunk: true,
    });
  };
  const work = async (ms: number): Promise<void> => {
    for (const end = Date.now() + ms; Date.now() < end && !task.isCancelled;) await sleep(20);
  };
  const [word = ''] = prompt.split(' ', 1);
  const rest = prompt.slice(word.length + 1);
  if (task.question !== null) {
    const isYes = data?.['outcome'] === 'proceed_once';
    finish([textPart(`${isYes ? 'allowed' : 'denied'} ${task.question}`)]);
    task.question = null;
    return;
  }
  appendFileSync(file('effects'), 'x');
  writeFileSync(file('working'), '1');
  try {
    status('working');
    switch (word) {
      case 'echo':
        finish([textPart(rest)]);
        break;
      case 'repeat': {
        const [times = '0'] = rest.split(' ', 1);
        finish([textPart(rest.slice(times.length + 1).repeat(Number(times)))]);
        break;
      }
      case 'stream':
        for (let at = 0; at < Number(rest); at += 1) working(`p${String(at)}`);
        finish([textPart(Array.from({ length: Number(rest) }, (_, at) => `p${String(at)}`).join(' '))]);
        break;
      case 'tool':
        for (const phase of ['start', 'end'])
          status('working', {}, { stream_event_type: 'tool', tool: { name: 'exec', phase } });
        finish([textPart('used a tool')]);
        break;
      case 'reason':
        status(
          'working',
          {},
          { stream_event_type: 'reasoning', reasoning: { text: 'thinking…', ended: false } },
        );
        status('working', {}, { stream_event_type: 'reasoning', reasoning: { ended: true } });
        finish([textPart('done')]);
        break;
      case 'artifact':
        finish([{ [KIND]: 'data', data: { answer: 42 } }]);
        break;
      case 'fail':
        status('failed', { error: 'the model is broken' });
        break;
      case 'ask': {
        task.question = rest;
        const call = { callId: `call-${task.id}`, name: 'deploy', args: { what: rest } };
        const message = said([{ [KIND]: 'data', data: { request: call, status: 'awaiting_approval' } }]);
        task.history.push(message);
        status('working', { message }, { coderAgent: { kind: 'tool-call-confirmation' } });
        status('input_required');
        break;
      }
      case 'hang':
        working('started');
        await work(60_000);
        break;
      case 'wait': {
        const [ms = '0'] = rest.split(' ', 1);
        working('started');
        await work(Number(ms));
        if (!task.isCancelled) finish([textPart(rest.slice(ms.length + 1))]);
        break;
      }
      default:
        status('failed', { error: `unknown word ${word}` });
    }
    if (task.isCancelled) status('canceled');
  } finally {
    rmSync(file('working'), { force: true });
  }
};

const json = (response: ServerResponse, status: number, body: Bag): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

/** The parts of a message, when each says what it is; null otherwise: this dialect knows no other. */
const partsOf = (message: Bag): { text: string; data: Bag | null } | null => {
  const parts = (Array.isArray(message['parts']) ? message['parts'] : []) as Bag[];
  const known = parts.filter((part) => ['text', 'data'].includes(String(part['kind'])));
  if (known.length === 0) return null;
  const data = known.find((part) => part['kind'] === 'data')?.['data'] as Bag | undefined;
  return {
    text: known.map((part) => (part['kind'] === 'text' ? String(part['text']) : '')).join(''),
    data: data ?? null,
  };
};

const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const url = `http://127.0.0.1:${String(request.socket.localPort)}`;
  if (request.method === 'GET' && request.url === '/.well-known/agent-card.json') {
    json(response, 200, {
      name: 'TestAgent',
      description: 'A test agent',
      url: `${url}/a2a`,
      version: '0.2.0',
      protocol_version: '0.3.0',
      capabilities: { streaming: true, pushNotifications: false, stateTransitionHistory: true },
      skills: [{ id: 'chat', name: 'Chat', description: 'General conversation', tags: [] }],
      defaultInputModes: ['text', 'file', 'data'],
      defaultOutputModes: ['text'],
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      security: [{ bearer: [] }],
    });
    return;
  }
  if (request.url !== '/a2a') {
    response.writeHead(404).end();
    return;
  }
  if (request.method !== 'POST') {
    json(response, 405, { error: 'Method not allowed' });
    return;
  }
  if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
    json(response, 401, { error: 'Unauthorized' });
    return;
  }
  const body = await readBody(request);
  if (body.length > 1024 * 1024) {
    json(response, 400, { jsonrpc: '2.0', id: '', error: { code: -32_700, message: 'Request too large' } });
    return;
  }
  const { id, method, params } = JSON.parse(body) as { id: unknown; method: string; params: Bag };
  const envelope = (content: Bag): Bag => ({
    jsonrpc: '2.0',
    ...(isOdder ? {} : { id: String(id) }),
    ...content,
  });
  if (id === 0) {
    json(response, 400, { jsonrpc: '2.0', id: 0, error: { code: -32_600, message: 'Invalid Request' } });
    return;
  }
  if (method === 'tasks/get' || method === 'tasks/cancel') {
    const task = tasks.get(String(params['id']));
    if (task === undefined) {
      json(response, 200, envelope({ error: { code: -32_001, message: 'Task not found' } }));
      return;
    }
    const isOver = ['completed', 'failed', 'canceled'].includes(String(task.status['state']));
    if (method === 'tasks/cancel' && !isOver) {
      task.isCancelled = true;
      task.status = { state: 'canceled' };
    }
    json(response, 200, envelope({ result: shown(task) }));
    return;
  }
  if (method !== 'message/send' && method !== 'message/stream') {
    json(response, 200, envelope({ error: { code: -32_601, message: 'Method not found' } }));
    return;
  }
  const message = params['message'] as Bag;
  const parts = partsOf(message);
  if (parts === null) {
    json(
      response,
      200,
      envelope({ error: { code: -32_602, message: 'Invalid params: message has no parts' } }),
    );
    return;
  }
  const taskId = wordOf(params['id'], randomUUID());
  const known = tasks.get(taskId);
  const task: Task =
    known !== undefined && known.question !== null
      ? known
      : {
          id: taskId,
          context_id: wordOf(message['context_id'], taskId),
          status: { state: 'submitted' },
          artifacts: [],
          history: [message],
          isCancelled: false,
          question: null,
        };
  tasks.set(taskId, task);
  const key = wordOf(message['message_id'], '');
  if (method === 'message/send') {
    await perform(task, key, parts.text, parts.data, () => undefined);
    json(response, 200, envelope({ result: shown(task) }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.on('error', () => undefined);
  await perform(task, key, parts.text, parts.data, (result) => {
    response.write(`data: ${JSON.stringify(envelope({ result }))}\n\n`);
  });
  response.end();
};

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
