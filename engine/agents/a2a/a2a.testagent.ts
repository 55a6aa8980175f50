// The counterpart of the a2a adapter’s contract: a real server of the SDK in a process of its own, with a ledger.
// argv: folder of the ledger, then JSON options. Prints one JSON line {port} when it listens.
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentCard, Role, TaskState, type Message, type Part } from '@a2a-js/sdk';
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore, type AgentExecutor } from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import express from 'express';
import { TRACE_EXTENSION } from './trace-extension.ts';

interface Options {
  readonly port?: number;
  readonly token?: string;
  readonly streaming?: boolean;
  readonly binding?: 'JSONRPC' | 'HTTP+JSON';
  readonly version?: '1.0' | '0.3';
  /** Refuses to stream, to cancel and to list (-32004), as OpenClaw’s own A2A does. */
  readonly bare?: boolean;
}

const folder = process.argv[2] ?? '';
const options = JSON.parse(process.argv[3] ?? '{}') as Options;
const { token, streaming = true, binding = 'JSONRPC', version = '1.0', bare = false } = options;
mkdirSync(folder, { recursive: true });

const part = (content: Part['content']): Part => ({
  content,
  metadata: undefined,
  filename: '',
  mediaType: '',
});

const cancelled = new Set<string>();

/** Tasks that wait for somebody: what they asked for. */
const asked = new Map<string, { readonly text: string; readonly isPermission: boolean }>();

const workingFile = (key: string): string => join(folder, `${encodeURIComponent(key)}.working`);

const executor: AgentExecutor = {
  async execute({ taskId, contextId, userMessage, task }, bus) {
    const key = userMessage.messageId;
    const prompt = userMessage.parts
      .map(({ content }) => (content?.$case === 'text' ? content.value : ''))
      .join('');
    const [word = ''] = prompt.split(' ', 1);
    const rest = prompt.slice(word.length + 1);
    const message = (text: string, metadata?: Record<string, unknown>, data?: unknown): Message => ({
      messageId: randomUUID(),
      contextId,
      taskId,
      role: Role.ROLE_AGENT,
      parts: [
        ...(text === '' ? [] : [part({ $case: 'text', value: text })]),
        ...(data === undefined ? [] : [part({ $case: 'data', value: data })]),
      ],
      metadata,
      extensions: [],
      referenceTaskIds: [],
    });
    const status = (state: TaskState, said?: Message): void => {
      bus.publish(
        AgentEvent.statusUpdate({
          taskId,
          contextId,
          status: { state, message: said, timestamp: new Date().toISOString() },
          metadata: undefined,
        }),
      );
    };
    const piece = (text: string, append: boolean, lastChunk: boolean, data?: unknown): void => {
      bus.publish(
        AgentEvent.artifactUpdate({
          taskId,
          contextId,
          append,
          lastChunk,
          metadata: undefined,
          artifact: {
            artifactId: `${taskId}-a`,
            name: 'result',
            description: '',
            parts: [
              part(data === undefined ? { $case: 'text', value: text } : { $case: 'data', value: data }),
            ],
            metadata: undefined,
            extensions: [],
          },
        }),
      );
    };
    const trace = (kind: string, payload: unknown): void => {
      status(TaskState.TASK_STATE_WORKING, message('', { [TRACE_EXTENSION]: { kind, payload } }));
    };
    const isCancelled = (): boolean => cancelled.has(taskId);
    const work = async (ms: number): Promise<void> => {
      for (const end = Date.now() + ms; Date.now() < end && !isCancelled();) await sleep(20);
    };

    const ledger = join(folder, `${encodeURIComponent(key)}.effects`);
    if (!existsSync(ledger)) appendFileSync(ledger, 'x');
    writeFileSync(workingFile(key), '1');
    try {
      bus.publish(
        AgentEvent.task(
          task ?? {
            id: taskId,
            contextId,
            status: {
              state: TaskState.TASK_STATE_SUBMITTED,
              message: undefined,
              timestamp: new Date().toISOString(),
            },
            artifacts: [],
            history: [userMessage],
            metadata: undefined,
          },
        ),
      );
      let answer: Message | undefined;
      let state = TaskState.TASK_STATE_COMPLETED;
      const question = asked.get(taskId);
      asked.delete(taskId);
      if (question !== undefined) {
        // The next message of a task that waits is the answer, whatever its words are.
        const [data] = userMessage.parts.flatMap(({ content }) =>
          content?.$case === 'data' ? [content.value as Record<string, unknown>] : [],
        );
        const isYes = data?.['callId'] === `call-${taskId}` && data['outcome'] === 'proceed_once';
        status(
          TaskState.TASK_STATE_COMPLETED,
          message(
            question.isPermission ? `${isYes ? 'allowed' : 'denied'} ${question.text}` : `heard ${prompt}`,
          ),
        );
        return;
      }
      switch (word) {
        case 'echo':
          answer = message(rest);
          break;
        case 'repeat': {
          const [times = '0'] = rest.split(' ', 1);
          answer = message(rest.slice(times.length + 1).repeat(Number(times)));
          break;
        }
        case 'stream':
          for (let at = 0; at < Number(rest); at += 1) {
            piece(at === 0 ? 'p0' : ` p${String(at)}`, at > 0, at === Number(rest) - 1);
            await sleep(3);
          }
          break;
        case 'tool':
          trace('tool', { name: 'exec', phase: 'start', call_id: 'c1', input: { command: 'ls' } });
          trace('tool', { name: 'exec', phase: 'end', call_id: 'c1', output: 'a b' });
          answer = message('used a tool');
          break;
        case 'reason':
          trace('reasoning', { text: 'thinking about it' });
          answer = message('done');
          break;
        case 'artifact':
          piece('', false, true, { answer: 42 });
          break;
        case 'fail':
          state = TaskState.TASK_STATE_FAILED;
          answer = message('the model is broken');
          break;
        case 'fail-for-good':
          state = TaskState.TASK_STATE_FAILED;
          answer = message('no', {
            [TRACE_EXTENSION]: {
              kind: 'error',
              payload: { code: 'E1', message: 'no such repository', retryable: false },
            },
          });
          break;
        case 'reject':
          state = TaskState.TASK_STATE_REJECTED;
          answer = message('not my job');
          break;
        case 'ask': {
          // A tool that waits for a yes, in the form of Gemini’s server.
          asked.set(taskId, { text: rest, isPermission: true });
          const call = { callId: `call-${taskId}`, name: 'deploy', args: { what: rest } };
          const said = { request: call, status: 'awaiting_approval', confirmationDetails: { type: 'exec' } };
          status(
            TaskState.TASK_STATE_WORKING,
            message('', { coderAgent: { kind: 'tool-call-confirmation' } }, said),
          );
          state = TaskState.TASK_STATE_INPUT_REQUIRED;
          break;
        }
        case 'question':
          asked.set(taskId, { text: rest, isPermission: false });
          state = TaskState.TASK_STATE_INPUT_REQUIRED;
          answer = message(rest);
          break;
        case 'login':
          asked.set(taskId, { text: rest, isPermission: false });
          state = TaskState.TASK_STATE_AUTH_REQUIRED;
          answer = message(rest);
          break;
        case 'login-elsewhere': {
          // The person signs in somewhere else; the agent goes on by itself.
          status(TaskState.TASK_STATE_AUTH_REQUIRED, message('Sign in at https://login.example/device'));
          await work(Number(rest));
          answer = message('signed in');
          break;
        }
        case 'hang':
          status(TaskState.TASK_STATE_WORKING, message('started'));
          await work(60_000);
          break;
        case 'wait': {
          const [ms = '0'] = rest.split(' ', 1);
          status(TaskState.TASK_STATE_WORKING, message('started'));
          await work(Number(ms));
          answer = message(rest.slice(ms.length + 1));
          break;
        }
        case 'count': {
          // A text in pieces and numbered messages, slowly: cutting the line must lose none and double none.
          for (let at = 0; at < 30; at += 1) {
            status(TaskState.TASK_STATE_WORKING, message(`m${String(at)}`));
            piece(`p${String(at)} `, at > 0, at === 29);
            await sleep(40);
          }
          break;
        }
        case 'data':
          answer = message(
            'with data',
            undefined,
            userMessage.parts.map(({ content }) =>
              content?.$case === 'data' ? (content.value as unknown) : null,
            ),
          );
          break;
        case 'files':
          piece('', false, true, {
            files: userMessage.parts.flatMap(({ content, filename, mediaType }) =>
              content?.$case === 'raw' ? [[filename, mediaType, content.value.length]] : [],
            ),
          });
          break;
        case 'huge':
          for (let at = 0; at < 40 && !isCancelled(); at += 1) {
            piece('x'.repeat(1024 * 1024), at > 0, false);
            await sleep(5);
          }
          await work(60_000);
          break;
        default:
          state = TaskState.TASK_STATE_REJECTED;
          answer = message(`unknown word ${word}`);
      }
      if (isCancelled()) status(TaskState.TASK_STATE_CANCELED);
      else status(state, answer);
    } finally {
      rmSync(workingFile(key), { force: true });
      bus.finished();
    }
  },
  cancelTask(taskId: string, bus) {
    cancelled.add(taskId);
    // Nobody works on a task that waits: its end is said here.
    if (asked.delete(taskId)) {
      const status = {
        state: TaskState.TASK_STATE_CANCELED,
        message: undefined,
        timestamp: new Date().toISOString(),
      };
      bus.publish(AgentEvent.statusUpdate({ taskId, contextId: '', status, metadata: undefined }));
      bus.finished();
    }
    return Promise.resolve();
  },
};

const REFUSED = ['SendStreamingMessage', 'SubscribeToTask', 'CancelTask', 'ListTasks'];

const refuseAllButBlocking: express.RequestHandler = (request, response, next) => {
  const { id, method } = request.body as { id: unknown; method: string };
  if (!REFUSED.includes(method)) {
    next();
    return;
  }
  response.json({ jsonrpc: '2.0', id, error: { code: -32_004, message: 'This operation is not supported' } });
};

const app = express();
const server = createServer(app);
server.listen(options.port ?? 0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${String(port)}`;
  const path = binding === 'JSONRPC' ? '/a2a/v1' : '/a2a/rest';
  const card = AgentCard.fromJSON({
    name: 'contract',
    description: 'speaks the contract’s prompts',
    version: '1.2.3',
    supportedInterfaces: [{ url: `${url}${path}`, protocolBinding: binding, protocolVersion: version }],
    capabilities: { streaming },
    defaultInputModes: ['text/plain', 'application/json'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: 'contract', name: 'Contract', description: 'keeps it', tags: ['test'] }],
  });
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), executor);
  const userBuilder = UserBuilder.noAuthentication;
  const legacyCompat = { enabled: version === '0.3' };
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler }));
  app.use((request, response, next) => {
    if (token === undefined || request.headers.authorization === `Bearer ${token}`) next();
    else response.status(401).json({ error: 'Unauthorized' });
  });
  // The SDK reads 100 KiB by itself; a message with files is larger.
  app.use('/a2a', express.json({ limit: '16mb' }));
  if (bare) app.use('/a2a/v1', refuseAllButBlocking);
  app.use('/a2a/v1', jsonRpcHandler({ requestHandler, userBuilder, legacyCompat }));
  app.use('/a2a/rest', restHandler({ requestHandler, userBuilder, legacyCompat }));
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
