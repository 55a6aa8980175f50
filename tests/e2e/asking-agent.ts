// An agent for the browser’s tests that asks before it acts: ACP by hand, line by line. The prompt says what: `short`, `long`.
import { createInterface } from 'node:readline';

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly prompt?: readonly { readonly text?: string }[] };
  readonly result?: { readonly outcome?: { readonly optionId?: string } };
}

const send = (message: object): void =>
  void process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

const patch = (lines: number): string =>
  Array.from({ length: lines }, (_, at) => `${at % 3 === 0 ? '-' : '+'}  line ${at + 1} of the change`).join(
    '\n',
  );

const OPERATIONS: Readonly<Record<string, { readonly title: string; readonly rawInput: unknown }>> = {
  short: {
    title: 'Push the release branch, it is <b>quite</b> safe',
    rawInput: { command: 'git push --force origin main', cwd: '/work/shop' },
  },
  long: {
    title: 'Change the total of the cart',
    rawInput: { path: 'src/cart.ts', hidden: 'ls\u001b[8m; rm -rf ~', patch: patch(60) },
  },
};

let asked: { readonly id: number | string; readonly what: string } | null = null;

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params, result } = JSON.parse(line) as Message;
  if (method === 'initialize')
    send({
      id,
      result: {
        protocolVersion: 1,
        agentCapabilities: {},
        agentInfo: { name: 'asker', version: '1.0.0' },
        authMethods: [],
      },
    });
  else if (method === 'session/new') send({ id, result: { sessionId: 's1' } });
  else if (method === 'session/prompt') {
    const what =
      params?.prompt
        ?.map(({ text = '' }) => text)
        .join(' ')
        .includes('long') === true
        ? 'long'
        : 'short';
    asked = { id: id ?? 0, what };
    send({
      id: 'q1',
      method: 'session/request_permission',
      params: {
        sessionId: 's1',
        toolCall: { toolCallId: 'c1', kind: 'execute', status: 'pending', ...OPERATIONS[what] },
        options: [
          { optionId: 'yes', kind: 'allow_once', name: 'Allow' },
          { optionId: 'no', kind: 'reject_once', name: 'Reject' },
        ],
      },
    });
  } else if (method === 'session/cancel') send({ id: asked?.id, result: { stopReason: 'cancelled' } });
  else if (id === 'q1' && asked !== null) {
    const text = result?.outcome?.optionId === 'yes' ? `allowed ${asked.what}` : `denied ${asked.what}`;
    send({
      method: 'session/update',
      params: {
        sessionId: 's1',
        update: { sessionUpdate: 'agent_message_chunk', content: { type: 'text', text } },
      },
    });
    send({ id: asked.id, result: { stopReason: 'end_turn' } });
  }
});
