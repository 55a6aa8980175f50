// The counterpart of the Codex adapter’s contract: a program that prints the lines of `codex exec --json` and understands
// the contract’s prompts. argv: the folder of its ledger, and what the adapter adds.
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = process.argv[2] ?? '';
if (process.argv.includes('--version')) {
  process.stdout.write('codex-cli 0.169.0\n');
  process.exit(0);
}
const key = process.env['AGENTMESH_IDEMPOTENCY_KEY'] ?? '';
const working = join(folder, `${key}.working`);
mkdirSync(folder, { recursive: true });

const print = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
let items = 0;
const item = (
  phase: 'started' | 'updated' | 'completed',
  body: object,
  id = `item_${String(items)}`,
): void => {
  print({ type: `item.${phase}`, item: { id, ...body } });
};
const say = (said: string): void => {
  items += 1;
  item('completed', { type: 'agent_message', text: said });
};
const command = (line: string, status: string, exit: number | null, output = ''): void => {
  item(status === 'in_progress' ? 'started' : 'completed', {
    type: 'command_execution',
    command: line,
    aggregated_output: output,
    exit_code: exit,
    status,
  });
};

const completed = {
  type: 'turn.completed',
  usage: { input_tokens: 20, cached_input_tokens: 0, output_tokens: 10, reasoning_output_tokens: 3 },
};
const failed = (message: string): object => ({ type: 'turn.failed', error: { message } });

/** Does what the prompt says; the line that ends the turn. */
const work = async (prompt: string): Promise<object> => {
  const [word = ''] = prompt.split(' ', 1);
  const rest = prompt.slice(word.length + 1);
  items += 1;
  switch (word) {
    case 'echo':
      say(rest);
      return completed;
    case 'repeat': {
      const [times = '0'] = rest.split(' ', 1);
      say(rest.slice(times.length + 1).repeat(Number(times)));
      return completed;
    }
    case 'stream':
      say(Array.from({ length: Number(rest) }, (_, at) => `p${String(at)}`).join(' '));
      return completed;
    case 'tool':
      command('ls', 'in_progress', null);
      command('ls', 'completed', 0, 'a b');
      say('used a tool');
      return completed;
    case 'reason':
      item('completed', { type: 'reasoning', text: 'thinking about it' });
      say('done');
      return completed;
    case 'artifact':
      item('started', { type: 'file_change', changes: [{ path: '/x', kind: 'add' }], status: 'in_progress' });
      item('completed', { type: 'file_change', changes: [{ path: '/x', kind: 'add' }], status: 'completed' });
      return completed;
    case 'fail':
      print({ type: 'error', message: 'We’re currently experiencing high demand' });
      return failed('We’re currently experiencing high demand');
    case 'hang':
      command('started', 'in_progress', null);
      await sleep(60_000);
      return completed;
    case 'wait': {
      const [ms = '0'] = rest.split(' ', 1);
      command('started', 'in_progress', null);
      await sleep(Number(ms));
      command('started', 'completed', 0);
      say(rest.slice(ms.length + 1));
      return completed;
    }
    default:
      return odd(word, rest);
  }
};

/** What an odd or broken Codex prints, and what tests of the adapter alone need. */
const odd = async (word: string, rest: string): Promise<object> => {
  switch (word) {
    case 'args':
      say(JSON.stringify(process.argv.slice(3)));
      return completed;
    case 'env':
      say(JSON.stringify({ token: process.env['AGENTMESH_TOKEN'] ?? null, own: process.env['OWN'] ?? null }));
      return completed;
    case 'failed':
      return failed(rest);
    case 'warn':
      item('completed', { type: 'error', message: 'Model metadata not found' });
      for (let at = 0; at < 50; at += 1)
        print({ type: 'error', message: 'Reconnecting... waiting for network' });
      say('after all');
      return completed;
    case 'calls':
      command('exit 3', 'in_progress', null);
      command('exit 3', 'failed', 3, 'no');
      item(
        'completed',
        {
          type: 'mcp_tool_call',
          server: 'git',
          tool: 'log',
          arguments: { n: 1 },
          result: { ok: true },
          status: 'completed',
        },
        'm1',
      );
      item(
        'started',
        { type: 'mcp_tool_call', server: 'git', tool: 'push', arguments: {}, status: 'in_progress' },
        'm2',
      );
      item(
        'completed',
        {
          type: 'mcp_tool_call',
          server: 'git',
          tool: 'push',
          arguments: {},
          error: { message: 'no' },
          status: 'failed',
        },
        'm2',
      );
      item('completed', { type: 'web_search', query: 'x' }, 'w1');
      item(
        'updated',
        {
          type: 'todo_list',
          items: [
            { text: 'one', completed: true },
            { text: 'two', completed: false },
          ],
        },
        't1',
      );
      say('first');
      say('last');
      return completed;
    case 'odd-lines':
      process.stdout.write('{"type":"item.compl\nplain words\n\n{"type":"new.kind"}\n{"no":"type"}\n');
      print({ type: 'item.completed', item: { type: 'agent_message', text: 'no id' } });
      print({ type: 'item.completed', item: { id: 'x', type: 'future_thing' } });
      print({ type: 'item.completed' });
      command('twice', 'completed', 0);
      command('twice', 'completed', 0);
      command('twice', 'in_progress', null);
      say('survived');
      return { type: 'turn.completed' };
    case 'long-line':
      process.stdout.write(`{"pad":"${'x'.repeat(17 * 1024 * 1024)}"}\n`);
      await sleep(60_000);
      return completed;
    case 'die':
      process.stderr.write('panicked at main.rs\n');
      process.exit(Number(rest));
      return completed;
    case 'deaf':
      process.on('SIGTERM', () => undefined);
      command('started', 'in_progress', null);
      await sleep(60_000);
      return completed;
    default:
      return failed(`{"error":{"message":"cannot ${word}","type":"invalid_request_error"}}`);
  }
};

const prompt = await text(process.stdin);
appendFileSync(join(folder, `${key}.effects`), 'x');
writeFileSync(working, String(process.pid));
print({ type: 'thread.started', thread_id: '01a2032f-f3bd-7633-838b-a83f3fb42eb7' });
print({ type: 'turn.started' });
const end = await work(prompt);
rmSync(working, { force: true });
print(end);
process.exitCode = (end as { type: string }).type === 'turn.failed' ? 1 : 0;
