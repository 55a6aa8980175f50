// The smallest adapter with approvals, over the agent that asks: proves the contract suite, and asks in tests of the engine.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { settingsSchema } from '#machines/nouns/agent-settings';
import { failure } from '#machines/nouns/error';
import type { AgentAdapter, InvokeRequest, Outcome, Reattached, Sink, Target } from './adapter.ts';

interface Heard {
  readonly ask?: { readonly id: string; readonly title: string; readonly operation: unknown };
  readonly done?: string;
  readonly cancelled?: true;
  readonly unknown?: true;
  readonly count?: number;
}

const say = (socket: Socket, value: unknown): void => void socket.write(`${JSON.stringify(value)}\n`);

const dial = async (target: Pick<Target, 'entry'>): Promise<Socket> => {
  const { hostname, port } = new URL(target.entry.url ?? '');
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  return socket;
};

/** Follows one task to its end, asking a person when the agent does. */
const follow = async (
  { target, key, prompt, signal }: InvokeRequest,
  sink: Sink,
  begin: boolean,
): Promise<Reattached> => {
  const socket = await dial(target);
  const cancel = (): void => {
    say(socket, { cancel: key });
  };
  signal.addEventListener('abort', cancel);
  try {
    say(socket, begin ? { begin: key, prompt } : { join: key });
    if (begin) sink.sent();
    if (signal.aborted) cancel();
    for await (const line of createInterface({ input: socket })) {
      const heard = JSON.parse(line) as Heard;
      if (heard.unknown === true) return { status: 'never-received' };
      if (heard.done !== undefined) return { status: 'completed', text: heard.done, artifacts: [] };
      if (heard.cancelled === true) return { status: 'cancelled', artifacts: [], cancelConfirmed: true };
      if (heard.ask === undefined) continue;
      const { id, title, operation } = heard.ask;
      const asked = { nativeId: id, title, operation, kind: 'permission', tool: 'write' } as const;
      sink.approval({ ...asked, expiresAt: null, withdrawn: new AbortController().signal }).then(
        ({ decision }) => {
          if (!signal.aborted) say(socket, { answer: key, allowed: decision === 'allow' });
        },
        () => undefined,
      );
    }
    return { status: 'failed', artifacts: [], error: failure('agent_unreachable', 'it hung up') };
  } finally {
    signal.removeEventListener('abort', cancel);
    socket.destroy();
  }
};

/** An installation that leaves nothing behind. */
const STEPS = [{ change: 'nothing that stays' }];

/** The adapter of kind `asking`. */
export const createAskingAdapter = (): AgentAdapter => ({
  kind: 'asking',
  summary: 'an agent of tests that asks before it acts',
  settings: () => settingsSchema(),
  capabilities: () => ({
    stream: false,
    tools: false,
    reasoning: false,
    artifacts: false,
    cancel: 'run',
    approvals: true,
    resume: true,
    multiTurn: false,
    remote: false,
  }),
  probe: () =>
    Promise.resolve({
      ok: true,
      name: null,
      description: '',
      version: null,
      protocol: null,
      skills: [],
      card: null,
      latencyMs: 0,
      problem: null,
    }),
  plan: ({ dir = '/' }) =>
    Promise.resolve({ kind: 'asking', dir, steps: STEPS, obstacles: [], details: null }),
  install: ({ dir = '/' }) => Promise.resolve({ kind: 'asking', dir, steps: STEPS, details: null }),
  uninstall: () => Promise.resolve(),
  discover: () => (async function* () {})(),
  invoke: async (request, sink) => {
    await sink.handle({ key: request.key }, null);
    return (await follow(request, sink, true)) as Outcome;
  },
  reattach: (request, _handle, sink) => follow(request, sink, false),
});

export interface AskingAgent {
  readonly target: Target;
  /** How often it did what it asked for under this key. */
  effects(key: string): Promise<number>;
  close(): Promise<void>;
}

/** Starts the agent. */
export const askingAgent = async (): Promise<AskingAgent> => {
  const script = fileURLToPath(new URL('./asking.testagent.ts', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { stdout } = child;
  if (stdout === null) throw new Error('no stdout');
  const [port] = (await once(createInterface({ input: stdout }), 'line')) as [string];
  const entry = { name: 'asker', kind: 'asking', url: `http://127.0.0.1:${port}` };
  return {
    target: { name: 'asker', kind: 'asking', entry, card: null, token: null },
    effects: async (key) => {
      const socket = await dial({ entry });
      say(socket, { count: key });
      const [line] = (await once(createInterface({ input: socket }), 'line')) as [string];
      socket.destroy();
      return (JSON.parse(line) as Heard).count ?? 0;
    },
    close: async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
};
