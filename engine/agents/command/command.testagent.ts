// The counterpart of the command adapter’s contract: a program that speaks the contract’s prompts.
// argv: the folder of its ledger. AGENT_DEDUPES=1 makes it answer a key that it knows without working again.
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = process.argv[2] ?? '';
const key = process.env['AGENTMESH_IDEMPOTENCY_KEY'] ?? '';
const prompt = await text(process.stdin);
const [word = ''] = prompt.split(' ', 1);
const rest = prompt.slice(word.length + 1);

const print = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

mkdirSync(folder, { recursive: true });
const ledger = join(folder, `${key}.effects`);
const working = join(folder, `${key}.working`);
const isKnown = process.env['AGENT_DEDUPES'] === '1' && existsSync(ledger);
if (!isKnown) appendFileSync(ledger, 'x');
writeFileSync(working, String(process.pid));

switch (word) {
  case 'echo':
    process.stdout.write(rest);
    break;
  case 'repeat': {
    const [times = '0'] = rest.split(' ', 1);
    process.stdout.write(rest.slice(times.length + 1).repeat(Number(times)));
    break;
  }
  case 'stream':
    for (let at = 0; at < Number(rest); at += 1) {
      process.stdout.write(at === 0 ? 'p0' : ` p${String(at)}`);
      await sleep(3);
    }
    break;
  case 'tool':
    print({
      kind: 'tool',
      payload: { name: 'exec', phase: 'start', call_id: 'c1', input: { command: 'ls' } },
    });
    print({ kind: 'tool', payload: { name: 'exec', phase: 'end', call_id: 'c1', output: 'a b' } });
    print({ kind: 'message', payload: { role: 'agent', text: 'used a tool' } });
    break;
  case 'reason':
    print({ kind: 'reasoning', payload: { text: 'thinking about it' } });
    process.stdout.write('done');
    break;
  case 'artifact':
    print({ kind: 'artifact', payload: { name: 'result', data: { answer: 42 } } });
    break;
  case 'fail':
    process.stderr.write('the model is broken\n');
    process.exitCode = 3;
    break;
  case 'hang':
    process.stderr.write('started\n');
    await sleep(60_000);
    break;
  case 'wait': {
    const [ms = '0'] = rest.split(' ', 1);
    process.stderr.write('started\n');
    await sleep(Number(ms));
    process.stdout.write(rest.slice(ms.length + 1));
    break;
  }
  case 'env':
    process.stdout.write(
      JSON.stringify({
        input: process.env['AGENTMESH_INPUT'],
        own: process.env['OWN'] ?? null,
        token: process.env['AGENTMESH_TOKEN'] ?? null,
      }),
    );
    break;
  default:
    process.stderr.write(`unknown word ${word}\n`);
    process.exitCode = 64;
}
rmSync(working);
