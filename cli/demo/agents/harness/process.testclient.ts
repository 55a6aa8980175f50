// Starts a sample agent as a real process and talks to it with the SDK’s client, for tests.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Message, StreamResponse, Task } from '@a2a-js/sdk';
import { Role } from '@a2a-js/sdk';
import type { Client } from '@a2a-js/sdk/client';
import { ClientFactory, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client';
import { TRACE } from './messages.ts';

export interface Running {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Sends a signal and waits for the end; resolves with the exit code (null after a signal). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  ledger(): Promise<{
    effects: { key: string; effect: string; times: number }[];
    tasks: { id: string; message_id: string; state: number }[];
  }>;
}

/** Starts `cli/demo/agents/<name>/main.ts` and waits for its ready line. */
export const startAgent = async (name: string, ...args: readonly string[]): Promise<Running> => {
  const main = new URL(`../${name}/main.ts`, import.meta.url).pathname;
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it was ready`))),
  ])) as [string];
  const ready = JSON.parse(line) as { name: string; url: string; pid: number };
  return {
    ...ready,
    child,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      child.kill(signal);
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    },
    ledger: async () => (await fetch(`${ready.url}/ledger`)).json() as ReturnType<Running['ledger']>,
  };
};

/** A client for one of the two bindings. */
export const clientOf = async (
  url: string,
  binding: 'rpc' | 'rest' = 'rpc',
  token?: string,
): Promise<Client> => {
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
  const transport =
    binding === 'rpc' ? new JsonRpcTransportFactory({ fetchImpl }) : new RestTransportFactory({ fetchImpl });
  return new ClientFactory({ transports: [transport] }).createFromUrl(url);
};

/** A request with a prompt and a data part, as AgentMesh sends it. */
export const request = (
  messageId: string,
  prompt: string,
  data: Readonly<Record<string, unknown>> = {},
  options: { readonly contextId?: string; readonly returnImmediately?: boolean } = {},
) => {
  const message: Message = {
    messageId,
    contextId: options.contextId ?? '',
    taskId: '',
    role: Role.ROLE_USER,
    parts: [
      {
        content: { $case: 'text', value: prompt },
        metadata: undefined,
        filename: '',
        mediaType: 'text/plain',
      },
      {
        content: { $case: 'data', value: data },
        metadata: undefined,
        filename: '',
        mediaType: 'application/json',
      },
    ],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
  return {
    tenant: '',
    message,
    configuration: {
      acceptedOutputModes: [],
      taskPushNotificationConfig: undefined,
      returnImmediately: options.returnImmediately ?? false,
    },
    metadata: undefined,
  };
};

/** The data of a task’s last artifact. */
export const resultOf = (task: Task): Record<string, unknown> => {
  const part = task.artifacts.at(-1)?.parts.find(({ content }) => content?.$case === 'data');
  return part?.content?.$case === 'data' ? (part.content.value as Record<string, unknown>) : {};
};

/** One word an event: task, artifact, status:<state>, tool:start, tool:end, reasoning, error. */
export const wordOf = ({ payload }: StreamResponse): string => {
  if (payload?.$case !== 'statusUpdate') return payload?.$case ?? 'nothing';
  const trace = payload.value.metadata?.[TRACE] as { kind: string; payload: { phase?: string } } | undefined;
  if (trace !== undefined)
    return trace.payload.phase === undefined ? trace.kind : `tool:${trace.payload.phase}`;
  return `status:${payload.value.status?.state ?? 0}`;
};
