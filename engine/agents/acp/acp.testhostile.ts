// What broken, odd and hostile ACP agents do, by the first word of the prompt.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ALL,
  answers,
  askPerson,
  cancelled,
  lastQuestion,
  say,
  send,
  session,
  update,
} from './acp.testwire.ts';

/** What broken and hostile agents do. */
export const misbehave = async (word: string, rest: string): Promise<string> => {
  switch (word) {
    case 'two-questions': {
      const both = await Promise.all([askPerson('c1', 'one', ALL), askPerson('c1', 'two', ALL)]);
      say(both.join(' '));
      return 'end_turn';
    }
    case 'only-always':
      say(await askPerson('c1', rest, ['allow_always', 'reject_once']));
      return 'end_turn';
    case 'take-back': {
      const asked = askPerson('c1', rest, ALL);
      send({ method: '$/cancel_request', params: { requestId: lastQuestion() } });
      say(await asked);
      return 'end_turn';
    }
    case 'flood-questions':
      for (let at = 0; at < 100; at += 1) void askPerson(`c${String(at)}`, 'x', ALL);
      await cancelled();
      return 'cancelled';
    case 'messages':
      say('first', 'a');
      say('second', 'b');
      say(' goes on', 'b');
      return 'end_turn';
    case 'tool-between':
      say('I look');
      update('tool_call', { toolCallId: 't', title: 'ls -l', kind: 'execute', status: 'in_progress' });
      update('tool_call_update', { toolCallId: 't', status: 'failed', rawOutput: { exit: 2 } });
      update('tool_call_update', { toolCallId: 't', status: 'failed', rawOutput: { exit: 2 } });
      say('It failed');
      return 'end_turn';
    case 'odd':
      // Unknown updates, other sessions, ends without beginnings, ids missing, answers that nobody asked for.
      update('something_new', { content: 1 });
      update('agent_message_chunk', { content: { type: 'text' } });
      update('agent_message_chunk', { content: { type: 'text', text: 'not ours' } }, 'ses_other');
      update('tool_call_update', { status: 'completed' });
      update('tool_call_update', { toolCallId: 'late', status: 'completed', title: 'grep', rawOutput: 1 });
      update('tool_call', { toolCallId: 'late', title: 'grep', status: 'pending' });
      update('agent_thought_chunk', { content: 'no object' });
      send({ id: 77, result: { stopReason: 'end_turn' } });
      send({ id: 78 });
      send({ method: 'x/unknown', params: {} });
      process.stdout.write('{"jsonrpc":"2.0","method":"session/upd\n\n[1,2]\nplain words\n"a string"\n');
      send({
        id: 'fs-1',
        method: 'fs/read_text_file',
        params: { sessionId: session.id, path: '/etc/passwd' },
      });
      say(
        await new Promise<string>((resolve) => {
          answers.set('fs-1', (result) => {
            resolve(JSON.stringify(result));
          });
        }),
      );
      return 'end_turn';
    case 'control':
      say('\u0000\u001b[31mred\u001b[0m\u202e\ud800 ok');
      return 'end_turn';
    case 'long-line':
      process.stdout.write(`{"pad":"${'x'.repeat(17 * 1024 * 1024)}"}\n`);
      await cancelled();
      return 'cancelled';
    case 'deep':
      process.stdout.write(`{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}\n`);
      await cancelled();
      return 'cancelled';
    case 'much':
      for (let at = 0; at < 40; at += 1) say('y'.repeat(1024 * 1024));
      await cancelled();
      return 'cancelled';
    case 'die':
      process.stderr.write('out of memory\n');
      process.exit(Number(rest));
      return 'end_turn';
    case 'close':
      process.stdout.end();
      await sleep(60_000);
      return 'end_turn';
    case 'leave':
      writeFileSync(rest, 'x');
      return 'end_turn';
    case 'deaf':
      say('started');
      process.on('SIGTERM', () => undefined);
      await sleep(60_000);
      return 'end_turn';
    case 'child': {
      // A tool in a session of its own, as OpenCode starts them.
      const { pid } = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
      update('tool_call', { toolCallId: 't', title: 'sleep', status: 'in_progress', rawInput: { pid } });
      await sleep(60_000);
      return 'end_turn';
    }
    case 'late': {
      // The stop, and only then the last words.
      const { id } = session;
      setTimeout(() => {
        update('agent_message_chunk', { content: { type: 'text', text: 'afterthought' } }, id);
      }, Number(rest));
      return 'end_turn';
    }
    case 'late-question': {
      const { id } = session;
      setTimeout(() => {
        void askPerson('late', rest, ALL, id);
      }, 100);
      return 'end_turn';
    }
    case 'pid':
      say(String(process.pid));
      return 'end_turn';
    case 'background':
      // A tool that goes on in the program’s own group.
      spawn('sleep', ['60'], { stdio: 'ignore' });
      return 'end_turn';
    case 'then-talk':
      setTimeout(() => {
        for (let at = 0; at < 5_000; at += 1) say('and another thing');
      }, 50);
      return 'end_turn';
    case 'env':
      say(
        JSON.stringify({
          token: process.env['AGENTMESH_TOKEN'] ?? null,
          own: process.env['OWN'] ?? null,
          cwd: process.cwd(),
          session: session.cwd,
        }),
      );
      return 'end_turn';
    case 'progress':
      update('tool_call', { toolCallId: 't', name: 'Bash', title: 'make', status: 'in_progress' });
      for (let at = 1; at <= 4; at += 1) {
        const text = Array.from({ length: at }, (_, line) => `line ${String(line)}\n`).join('');
        update('tool_call_update', {
          toolCallId: 't',
          content: [{ type: 'content', content: { type: 'text', text } }],
        });
        await sleep(150);
      }
      update('tool_call_update', {
        toolCallId: 't',
        status: 'completed',
        content: [{ type: 'diff', path: '/x', oldText: null, newText: 'n' }],
      });
      return 'end_turn';
    default:
      return 'refusal';
  }
};
