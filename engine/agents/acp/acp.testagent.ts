// The counterpart of the ACP adapter’s contract: a program that speaks ACP line by line, as OpenCode was seen to, and
// understands the contract’s prompts. argv: the folder of its ledger. ACP_MODE makes it odd from the first word on.
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { misbehave } from './acp.testhostile.ts';
import {
  ALL,
  answers,
  askPerson,
  cancel,
  cancelled,
  cancelNow,
  say,
  nextSession,
  nextTurn,
  send,
  session,
  update,
  type Message,
} from './acp.testwire.ts';

const folder = process.argv[2] ?? '';
mkdirSync(folder, { recursive: true });

/** Does what the prompt says; the stop reason, or an error to answer with. */
const work = async (prompt: string): Promise<string | { code: number; message: string; data?: unknown }> => {
  const [word = ''] = prompt.split(' ', 1);
  const rest = prompt.slice(word.length + 1);
  const call = (more: object, isFirst = false): void => {
    update(isFirst ? 'tool_call' : 'tool_call_update', { toolCallId: 'c1', ...more });
  };
  switch (word) {
    case 'echo':
      say(rest);
      return 'end_turn';
    case 'repeat': {
      const [times = '0'] = rest.split(' ', 1);
      say(rest.slice(times.length + 1).repeat(Number(times)));
      return 'end_turn';
    }
    case 'stream':
      for (let at = 0; at < Number(rest); at += 1) {
        say(at === 0 ? 'p0' : ` p${String(at)}`, 'm1');
        await sleep(3);
      }
      return 'end_turn';
    case 'tool':
      call({ title: 'exec', kind: 'execute', status: 'pending', rawInput: {} }, true);
      call({ status: 'in_progress', title: 'ls', rawInput: { command: 'ls' } });
      call({ status: 'completed', content: [{ type: 'content', content: { type: 'text', text: 'a b' } }] });
      say('used a tool');
      return 'end_turn';
    case 'reason':
      update('agent_thought_chunk', { content: { type: 'text', text: 'thinking about ' } });
      update('agent_thought_chunk', { content: { type: 'text', text: 'it' } });
      say('done');
      return 'end_turn';
    case 'artifact':
      update('agent_message_chunk', {
        content: {
          type: 'resource',
          resource: { uri: 'file:///tmp/result.json', mimeType: 'application/json', text: '{"answer":42}' },
        },
      });
      return 'end_turn';
    case 'files': {
      const resource = { uri: 'file:///tmp/a.pdf', mimeType: 'application/pdf', blob: 'cGRm' };
      update('agent_message_chunk', { content: { type: 'resource', resource } });
      update('agent_message_chunk', { content: { type: 'image', mimeType: 'image/png', data: 'cG5n' } });
      return 'end_turn';
    }
    case 'fail':
      return {
        code: -32_603,
        message: 'Internal error: the model is broken',
        data: { errorName: 'APIError' },
      };
    case 'hang':
      say('started');
      await cancelled();
      return 'cancelled';
    case 'wait': {
      const [ms = '0'] = rest.split(' ', 1);
      update('plan', { entries: [{ content: 'started', priority: 'high', status: 'in_progress' }] });
      await Promise.race([sleep(Number(ms)), cancelled()]);
      if (cancel.isAsked) return 'cancelled';
      say(rest.slice(ms.length + 1));
      return 'end_turn';
    }
    case 'ask': {
      call(
        { title: `write ${rest}`, kind: 'edit', status: 'pending', rawInput: { path: rest, mode: 'w' } },
        true,
      );
      const chosen = await askPerson('c1', rest, ALL);
      if (cancel.isAsked) {
        call({ status: 'failed' });
        return 'cancelled';
      }
      const isAllowed = chosen === 'opt-allow_once';
      call({ status: isAllowed ? 'completed' : 'failed' });
      say(`${isAllowed ? 'allowed' : 'denied'} ${rest}`);
      return 'end_turn';
    }
    case 'stop':
      say('so far');
      return rest;
    case 'error': {
      const [code = '0'] = rest.split(' ', 1);
      return { code: Number(code), message: rest.slice(code.length + 1) };
    }
    default:
      return misbehave(word, rest);
  }
};

const MODE = process.env['ACP_MODE'] ?? '';
const options = new Map<string, unknown>();

const handle = async ({ id, method, params = {} }: Message): Promise<void> => {
  switch (method) {
    case 'initialize':
      if (MODE === 'silent') return;
      if (MODE === 'old') send({ id, result: { protocolVersion: 0 } });
      else
        send({
          id,
          result: {
            protocolVersion: 1,
            agentCapabilities: MODE === 'closes' ? { sessionCapabilities: { close: {} } } : {},
            authMethods: [{ id: 'login', name: 'Log in', description: 'Run `fake login`' }],
            agentInfo: { name: 'fake', title: 'Fake Agent', version: '1.2.3' },
          },
        });
      return;
    case 'authenticate':
      if (params['methodId'] === 'login') options.set('authenticated', true);
      send({ id, result: {} });
      return;
    case 'session/new':
      if (MODE === 'login' && !options.has('authenticated')) {
        send({ id, error: { code: -32_000, message: 'Authentication required' } });
        return;
      }
      if (MODE === 'once' && session.count > 0) {
        send({ id, error: { code: -32_603, message: 'no more sessions' } });
        return;
      }
      if (MODE === 'same-session') session.count = 0;
      for (const name of options.keys()) if (name !== 'authenticated') options.delete(name);
      send({
        id,
        result: {
          sessionId: nextSession(params['cwd']),
          modes: {
            currentModeId: 'code',
            availableModes: [
              { id: 'code', name: 'Code' },
              { id: 'plan', name: 'Plan' },
            ],
          },
          configOptions: [
            { id: 'model', name: 'Model', type: 'select', currentValue: 'a', options: [] },
            { id: 'fast', name: 'Fast', type: 'boolean', currentValue: false },
          ],
        },
      });
      update('available_commands_update', { availableCommands: [] });
      return;
    case 'session/set_mode':
      options.set('mode', params['modeId']);
      send({ id, result: {} });
      return;
    case 'session/set_config_option':
      options.set(String(params['configId']), params['value']);
      send({ id, result: { configOptions: [] } });
      return;
    case 'session/close':
      send({ id, result: {} });
      return;
    case 'session/cancel':
      if (MODE === 'ignores-cancel') return;
      cancelNow();
      return;
    case 'session/prompt': {
      nextTurn();
      const { 'agentmesh.dev/key': key } = params['_meta'] as Record<string, string>;
      const working = join(folder, `${String(key)}.working`);
      appendFileSync(join(folder, `${String(key)}.effects`), 'x');
      writeFileSync(working, String(process.pid));
      const [{ text = '' } = {}] = params['prompt'] as { text?: string }[];
      const result = text === 'options' ? 'end_turn' : text === 'meta' ? 'end_turn' : await work(text);
      if (text === 'options') say(JSON.stringify(Object.fromEntries(options)));
      if (text === 'meta') say(JSON.stringify(params['_meta']));
      rmSync(working, { force: true });
      if (typeof result === 'string') {
        update('usage_update', { used: 10, size: 1000, cost: { amount: 0.5, currency: 'USD' } });
        send({
          id,
          result: { stopReason: result, usage: { inputTokens: 10, outputTokens: 5, totalTokens: 15 } },
        });
      } else send({ id, error: result });
      return;
    }
    default:
      if (id !== undefined && method !== undefined)
        send({ id, error: { code: -32_601, message: `"Method not found": ${method}` } });
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as Message & { error?: Readonly<Record<string, unknown>> };
  if (message.method === undefined) {
    if (message.id !== undefined) answers.get(message.id)?.(message.result ?? message.error ?? {});
  } else void handle(message);
}
// stdin closed: the client has gone, or lets us go.
if (MODE === 'outlives') setInterval(() => undefined, 1_000);
else process.exit(0);
