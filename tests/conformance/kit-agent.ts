// The agent behind the mesh while the conformance kit runs: answers each message id as the kit's scenarios say. It learns
// the id from the facts of the request that the mesh tells its agents. Prints one JSON line {port} when it listens.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentCard, Role, TaskState, type Message, type Part } from '@a2a-js/sdk';
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore, type AgentExecutor } from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import express from 'express';
import { AskedFactsSchema } from '#machines/nouns/origin';

const part = (content: Part['content'], mediaType = '', filename = ''): Part => ({
  content,
  metadata: undefined,
  filename,
  mediaType,
});
const text = (value: string): Part => part({ $case: 'text', value });
const file = (content: Part['content']): Part => part(content, 'text/plain', 'output.txt');
const BYTES: Part = file({ $case: 'raw', value: Buffer.from('tck') });

/** What a scenario does: says a bare message, asks, or sends artifacts (a list of parts each) and a last word. */
interface Scenario {
  readonly message?: string;
  readonly asks?: boolean;
  readonly rejects?: boolean;
  readonly artifacts?: readonly Part[];
  /** The artifacts are pieces of one. */
  readonly isChunked?: boolean;
  readonly waitMs?: number;
  readonly says?: string;
}

/** By prefix of the message id, the longest one first that fits. */
const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'tck-complete-task': { says: 'Hello from TCK' },
  'tck-artifact-text': { artifacts: [text('Generated text content')] },
  'tck-artifact-file': { artifacts: [BYTES] },
  'tck-artifact-file-url': {
    artifacts: [file({ $case: 'url', value: 'https://example.com/output.txt' })],
  },
  'tck-artifact-data': { artifacts: [part({ $case: 'data', value: { key: 'value', count: 42 } })] },
  'tck-message-response': { message: 'Direct message response' },
  'tck-input-required': { asks: true },
  'tck-reject-task': { rejects: true, says: 'rejected' },
  'tck-stream-001': { artifacts: [text('Stream hello from TCK')] },
  'tck-stream-002': {},
  'tck-stream-003': { artifacts: [text('Stream task lifecycle')] },
  'tck-stream-ordering-001': { artifacts: [text('Ordered output')] },
  'tck-stream-artifact-text': { artifacts: [text('Streamed text content')] },
  'tck-stream-artifact-file': { artifacts: [BYTES] },
  'tck-stream-artifact-chunked': { artifacts: [text('chunk-1 '), text('chunk-2')], isChunked: true },
  'test-resubscribe-message-id': { waitMs: 4_000 },
};
const PREFIXES = Object.keys(SCENARIOS).sort((one, other) => other.length - one.length);

const OTHERWISE: Scenario = { says: 'A message that no scenario is about' };

/** The id that the asker of the mesh gave its message. */
const askedId = ({ parts }: Message): string =>
  parts
    .map(({ content }) => (content?.$case === 'data' ? (content.value as { asked?: unknown }) : {}))
    .map(({ asked }) => AskedFactsSchema.safeParse(asked).data?.message_id ?? '')
    .find((id) => id !== '') ?? '';

const textOf = ({ parts }: Message): string =>
  parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');

const scenarioOf = (message: Message, isAnswer: boolean): Scenario => {
  // An answer comes as its words: the kit asks for more turns with these.
  if (isAnswer)
    return textOf(message).startsWith('TCK history message') ? { asks: true } : { says: 'Thanks' };
  const id = askedId(message);
  return SCENARIOS[PREFIXES.find((prefix) => id.startsWith(prefix)) ?? ''] ?? OTHERWISE;
};

const executor: AgentExecutor = {
  async execute({ taskId, contextId, userMessage, task }, bus) {
    const scenario = scenarioOf(userMessage, task !== undefined);
    const message = (words: string): Message => ({
      messageId: randomUUID(),
      contextId,
      taskId: scenario.message === undefined ? taskId : '',
      role: Role.ROLE_AGENT,
      parts: [text(words)],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    });
    const status = (state: TaskState, words?: string) => ({
      state,
      message: words === undefined ? undefined : message(words),
      timestamp: new Date().toISOString(),
    });
    const say = (state: TaskState, words?: string): void => {
      bus.publish(
        AgentEvent.statusUpdate({ taskId, contextId, status: status(state, words), metadata: undefined }),
      );
    };
    const send = (sent: Part, index: number, count: number): void => {
      const isPiece = scenario.isChunked === true;
      bus.publish(
        AgentEvent.artifactUpdate({
          taskId,
          contextId,
          append: isPiece && index > 0,
          lastChunk: !isPiece || index === count - 1,
          metadata: undefined,
          artifact: {
            artifactId: isPiece ? 'pieces' : `artifact-${String(index)}`,
            name: 'output',
            description: '',
            parts: [sent],
            metadata: undefined,
            extensions: [],
          },
        }),
      );
    };
    try {
      if (scenario.message !== undefined) {
        bus.publish(AgentEvent.message(message(scenario.message)));
        return;
      }
      bus.publish(
        AgentEvent.task(
          task ?? {
            id: taskId,
            contextId,
            status: status(TaskState.TASK_STATE_SUBMITTED),
            artifacts: [],
            history: [userMessage],
            metadata: undefined,
          },
        ),
      );
      say(TaskState.TASK_STATE_WORKING);
      if (scenario.waitMs !== undefined) await sleep(scenario.waitMs);
      const { artifacts = [] } = scenario;
      for (const [index, sent] of artifacts.entries()) send(sent, index, artifacts.length);
      if (scenario.asks === true) say(TaskState.TASK_STATE_INPUT_REQUIRED, 'What else do you want to say?');
      else if (scenario.rejects === true) say(TaskState.TASK_STATE_REJECTED, scenario.says);
      else say(TaskState.TASK_STATE_COMPLETED, scenario.says);
    } finally {
      bus.finished();
    }
  },
  cancelTask(taskId, bus) {
    const status = {
      state: TaskState.TASK_STATE_CANCELED,
      message: undefined,
      timestamp: new Date().toISOString(),
    };
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId: '', status, metadata: undefined }));
    bus.finished();
    return Promise.resolve();
  },
};

const app = express();
const server = createServer(app);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${String(port)}`;
  const card = AgentCard.fromJSON({
    name: 'kit',
    description: 'answers as the scenarios of the conformance kit say',
    version: '1.0.0',
    supportedInterfaces: [{ url: `${url}/a2a/v1`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain', 'application/json'],
    defaultOutputModes: ['text/plain', 'application/json'],
    skills: [{ id: 'scenarios', name: 'Scenarios', description: 'of the kit', tags: ['test'] }],
  });
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), executor);
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler }));
  app.use('/a2a/v1', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
