// The counterpart of the Claude Code adapter’s contract: a program that prints the lines of Claude Code and understands
// the contract’s prompts. argv: the folder of its ledger, and what the adapter adds.
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  askHost,
  hear,
  init,
  permission,
  print,
  result,
  say,
  speak,
  takeBack,
  toolResult,
  useTool,
} from './claude.testwire.ts';

const folder = process.argv[2] ?? '';
if (process.argv.includes('--version')) {
  process.stdout.write('2.1.197 (Claude Code)\n');
  process.exit(0);
}
const key = process.env['AGENTMESH_IDEMPOTENCY_KEY'] ?? '';
const working = join(folder, `${key}.working`);
mkdirSync(folder, { recursive: true });

let interrupt: () => void = () => undefined;
let isInterrupted = false;
const interrupted = new Promise<void>((resolve) => {
  interrupt = () => {
    isInterrupted = true;
    resolve();
  };
});

const INTERRUPTED = {
  subtype: 'error_during_execution',
  is_error: true,
  terminal_reason: 'aborted_streaming',
  errors: [],
};

/** Does what the prompt says; what the result line holds beside the usual. */
const work = async (prompt: string): Promise<object> => {
  const [word = ''] = prompt.split(' ', 1);
  const rest = prompt.slice(word.length + 1);
  switch (word) {
    case 'echo':
      say(rest);
      return { result: rest };
    case 'repeat': {
      const [times = '0'] = rest.split(' ', 1);
      const text = rest.slice(times.length + 1).repeat(Number(times));
      say(text);
      return { result: text };
    }
    case 'stream': {
      const pieces = Array.from({ length: Number(rest) }, (_, at) => (at === 0 ? 'p0' : ` p${String(at)}`));
      speak([{ type: 'text', pieces }]);
      return { result: pieces.join('') };
    }
    case 'tool':
      useTool('toolu_1', 'Bash', { command: 'ls' });
      toolResult('toolu_1', 'a b');
      say('used a tool');
      return { result: 'used a tool' };
    case 'reason':
      speak([
        { type: 'thinking', pieces: ['thinking ', 'about it'] },
        { type: 'text', pieces: ['done'] },
      ]);
      return { result: 'done' };
    case 'artifact':
      say('a file');
      return { result: 'a file' };
    case 'fail':
      say('API Error: 500 the model is broken');
      return { is_error: true, api_error_status: 500, result: 'API Error: 500 the model is broken' };
    case 'hang':
      speak([{ type: 'text', pieces: ['started'] }]);
      await interrupted;
      return INTERRUPTED;
    case 'wait': {
      const [ms = '0'] = rest.split(' ', 1);
      const text = rest.slice(ms.length + 1);
      useTool('toolu_w', 'Bash', { command: 'started' });
      await Promise.race([sleep(Number(ms)), interrupted]);
      if (isInterrupted) return INTERRUPTED;
      toolResult('toolu_w', 'ok');
      say(text);
      return { result: text };
    }
    case 'ask': {
      useTool('toolu_a', 'Write', { file_path: rest, content: 'x' });
      const answer = await Promise.race([
        permission('Write', { file_path: rest, content: 'x' }, 'toolu_a'),
        interrupted,
      ]);
      if (isInterrupted || answer === undefined) {
        takeBack();
        return INTERRUPTED;
      }
      const isAllowed = answer['behavior'] === 'allow';
      toolResult('toolu_a', isAllowed ? 'written' : answer['message'], !isAllowed);
      const text = `${isAllowed ? 'allowed' : 'denied'} ${rest}`;
      say(text);
      return { result: text };
    }
    default:
      return odd(word, rest);
  }
};

/** What an odd or broken Claude Code prints, and what tests of the adapter alone need. */
const odd = async (word: string, rest: string): Promise<object> => {
  switch (word) {
    case 'args':
      return { result: JSON.stringify(process.argv.slice(3)) };
    case 'env':
      return {
        result: JSON.stringify({
          token: process.env['AGENTMESH_TOKEN'] ?? null,
          own: process.env['OWN'] ?? null,
        }),
      };
    case 'result':
      say('so far');
      return JSON.parse(rest) as object;
    case 'answer':
      return { result: JSON.stringify(await permission('Bash', JSON.parse(rest) as object, 'toolu_q')) };
    case 'question': {
      const questions = rest
        .split('|')
        .map((question) => ({ question, header: 'h', options: [], multiSelect: false }));
      return { result: JSON.stringify(await permission('AskUserQuestion', { questions }, 'toolu_q')) };
    }
    case 'take-back': {
      const asked = permission('Bash', { command: 'x' }, 'toolu_b');
      takeBack();
      const answer = await Promise.race([asked, sleep(200).then(() => ({ behavior: 'nothing' }))]);
      return { result: String(answer['behavior']) };
    }
    case 'hook':
      return { result: JSON.stringify(await askHost({ subtype: 'hook_callback', callback_id: 'x' })) };
    case 'flood':
      for (let at = 0; at < 100; at += 1) void permission('Bash', { command: 'x' }, `toolu_${String(at)}`);
      await interrupted;
      return INTERRUPTED;
    case 'retry': {
      const [status = '0', times = '1'] = rest.split(' ');
      for (let at = 1; at <= Number(times); at += 1)
        print({
          type: 'system',
          subtype: 'api_retry',
          attempt: at,
          max_retries: 10,
          retry_delay_ms: 500,
          error_status: Number(status),
          error: status === '401' ? 'authentication_failed' : 'overloaded',
        });
      if (status === '401') await interrupted;
      return { result: 'after all' };
    }
    case 'sub':
      useTool('toolu_t', 'Task', { prompt: 'x' });
      speak([{ type: 'text', pieces: ['the sub-agent talks'] }], 'toolu_t');
      useTool('toolu_s', 'Bash', { command: 'ls' }, 'toolu_t');
      toolResult('toolu_s', 'a', false, 'toolu_t');
      toolResult('toolu_t', [
        { type: 'text', text: 'one' },
        { type: 'text', text: 'two' },
      ]);
      say('answer');
      return { result: 'answer' };
    case 'odd-lines':
      process.stdout.write(
        '{"type":"assistant","mess\nplain words\n\n{"type":"new_kind","x":1}\n{"no":"type"}\n',
      );
      print({
        type: 'assistant',
        message: { content: [{ type: 'tool_use', name: 'NoId' }, { type: 'future' }] },
      });
      print({ type: 'user', message: { content: 'just text' } });
      print({
        type: 'stream_event',
        event: { type: 'content_block_delta', delta: { type: 'text_delta', text: 7 } },
      });
      print({ type: 'control_response', response: { subtype: 'success', request_id: 'nobody' } });
      toolResult('toolu_unknown', 'result before its call');
      useTool('toolu_unknown', 'Bash', {});
      return { result: 'survived' };
    case 'bad-result':
      print({ type: 'result' });
      await interrupted;
      return {};
    case 'no-id':
      print({ type: 'control_request', request: { subtype: 'can_use_tool' } });
      await interrupted;
      return {};
    case 'long-line':
      process.stdout.write(`{"pad":"${'x'.repeat(17 * 1024 * 1024)}"}\n`);
      await interrupted;
      return {};
    case 'die':
      process.stderr.write('killed by the system\n');
      process.exit(Number(rest));
      return {};
    case 'deaf':
      speak([{ type: 'text', pieces: ['started'] }]);
      await sleep(60_000);
      return {};
    default:
      return { stop_reason: 'refusal', result: `I cannot ${word}` };
  }
};

const run = async (prompt: string): Promise<void> => {
  appendFileSync(join(folder, `${key}.effects`), 'x');
  writeFileSync(working, String(process.pid));
  init();
  const more = await work(prompt);
  rmSync(working, { force: true });
  result(more);
};

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as {
    readonly type: string;
    readonly message?: { readonly content: readonly { readonly text: string }[] };
    readonly request_id?: string;
    readonly response?: Readonly<Record<string, unknown>>;
  };
  if (message.type === 'user') void run(message.message?.content[0]?.text ?? '');
  else if (message.type === 'control_response') hear(message.response ?? {});
  else if (message.type === 'control_request') {
    print({ type: 'control_response', response: { subtype: 'success', request_id: message.request_id } });
    interrupt();
  }
}
process.exit(isInterrupted ? 1 : 0);
