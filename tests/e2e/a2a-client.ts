// What tests of the mesh as an A2A agent share: the SDK's client over either transport, messages, and readings of answers.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  Role,
  type Artifact,
  type Message,
  type Part,
  type SendMessageRequest,
  type StreamResponse,
  type Task,
  type TaskState,
} from '@a2a-js/sdk';
import {
  type Client,
  ClientFactory,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';

const TRANSPORTS = {
  JSONRPC: () => new JsonRpcTransportFactory(),
  'HTTP+JSON': () => new RestTransportFactory(),
} as const;

export type Binding = keyof typeof TRANSPORTS;
export const BINDINGS = Object.keys(TRANSPORTS) as readonly Binding[];

/** A client that speaks this binding alone. */
export const clientOver = (binding: Binding, url: string): Promise<Client> =>
  new ClientFactory({
    transports: [TRANSPORTS[binding]()],
    preferredTransports: [binding],
  }).createFromUrl(url);

export const part = (content: Part['content'], mediaType = '', filename = ''): Part => ({
  content,
  metadata: undefined,
  filename,
  mediaType,
});
export const textPart = (text: string): Part => part({ $case: 'text', value: text });

export interface MessageOptions {
  readonly skill?: string;
  readonly id?: string;
  readonly context?: string;
  readonly task?: string;
  /** Does not wait. */
  readonly now?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly historyLength?: number;
}

export const message = (parts: readonly Part[], more: MessageOptions = {}): SendMessageRequest => ({
  tenant: '',
  metadata: undefined,
  configuration: {
    acceptedOutputModes: [],
    taskPushNotificationConfig: undefined,
    returnImmediately: more.now ?? false,
    historyLength: more.historyLength,
  },
  message: {
    messageId: more.id ?? randomUUID(),
    contextId: more.context ?? '',
    taskId: more.task ?? '',
    role: Role.ROLE_USER,
    parts: [...parts],
    metadata:
      more.skill === undefined && more.metadata === undefined
        ? undefined
        : { ...(more.skill === undefined ? {} : { skill: more.skill }), ...more.metadata },
    extensions: [],
    referenceTaskIds: [],
  },
});

export const asTask = (result: Task | Message): Task => {
  assert.ok('artifacts' in result, 'a task was expected, and a message came');
  return result;
};

export const asMessage = (result: Task | Message): Message => {
  assert.ok('messageId' in result, 'a message was expected, and a task came');
  return result;
};

export const textOf = (said: Pick<Message, 'parts'> | undefined): string =>
  (said?.parts ?? []).map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');

/** The data part of an artifact. */
export const dataOf = (task: Pick<Task, 'artifacts'>, artifact: string): unknown => {
  const parts = task.artifacts.find(({ artifactId }) => artifactId === artifact)?.parts ?? [];
  return parts.find(({ content }) => content?.$case === 'data')?.content?.value;
};

export const gather = async (stream: AsyncIterable<StreamResponse>): Promise<StreamResponse[]> => {
  const told: StreamResponse[] = [];
  for await (const each of stream) told.push(each);
  return told;
};

export const statesOf = (told: readonly StreamResponse[]): (TaskState | undefined)[] =>
  told.flatMap(({ payload }) => (payload?.$case === 'statusUpdate' ? [payload.value.status?.state] : []));

export const artifactsIn = (told: readonly StreamResponse[]): Artifact[] =>
  told.flatMap(({ payload }) =>
    payload?.$case === 'artifactUpdate' && payload.value.artifact !== undefined
      ? [payload.value.artifact]
      : [],
  );
