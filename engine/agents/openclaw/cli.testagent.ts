// The counterpart of the contract for OpenClaw by its program alone: plays what `openclaw agent --json` 2026.9.6 printed
// (fixtures/cli-answers.jsonl), with the words that the contract’s prompts ask for. argv: the folder of its ledger, and what
// the adapter adds. OPENCLAW_TEST_GATEWAY: a gateway runs. Like the real one it does one run at a time without one.
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface Recorded {
  readonly name: string;
  readonly exit: number;
  readonly stdout: Record<string, unknown>;
  readonly stderr: readonly string[];
}

const recorded = readFileSync(new URL('./fixtures/cli-answers.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Recorded);

const [, , folder = '', ...args] = process.argv;
if (args[0] === '--version') {
  process.stdout.write('OpenClaw 2026.9.6 (eb377ac)\n');
  process.exit(0);
}
const key = process.env['AGENTMESH_IDEMPOTENCY_KEY'] ?? '';
mkdirSync(folder, { recursive: true });
const at = (name: string): string => join(folder, name);
appendFileSync(at('starts'), `${args.filter((arg) => !arg.startsWith('agent:')).join(' ')}\n`);

/** Prints what was recorded under a name, with `words` for the recorded answer, and ends as it ended. */
const play = (name: string, words?: string): never => {
  const { exit, stdout, stderr } = recorded.find((each) => each.name === name) ?? {
    exit: 99,
    stdout: {},
    stderr: [],
  };
  process.stderr.write(stderr.map((line) => `${line}\n`).join(''));
  const said = JSON.stringify(stdout, null, 2);
  writeAll(words === undefined ? said : said.replaceAll('"hallo"', JSON.stringify(words)));
  rmSync(at(`${key}.working`), { force: true });
  release();
  process.exit(exit);
};

/** Before process.exit, which does not wait for a pipe. */
const writeAll = (said: string): void => {
  for (let bytes = Buffer.from(`${said}\n`); bytes.length > 0;) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
};

const lock = at('state.lock');
let isHolder = false;
const release = (): void => {
  if (isHolder) rmSync(lock, { force: true });
};
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** Takes the state folder, also from a holder that was killed. */
const acquire = (): boolean => {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
  } catch {
    if (isAlive(Number(readFileSync(lock, 'utf8')))) return false;
    writeFileSync(lock, String(process.pid));
  }
  isHolder = true;
  return true;
};

const OPTIONS =
  /^agent --json (--local )?--session-key agent:\w+:agentmesh:[0-9a-f]{32} --message-file \/dev\/stdin --timeout \d+$/;
if (!OPTIONS.test(args.join(' '))) {
  process.stderr.write(`error: unknown option in ${args.join(' ')}\n`);
  process.exit(1);
}
const hasGateway = process.env['OPENCLAW_TEST_GATEWAY'] !== undefined;
const isLocal = args.includes('--local');
const prompt = readFileSync('/dev/stdin', 'utf8').replaceAll('\u2060', '');
if (!isLocal && !hasGateway) play('no-gateway');
if (isLocal && hasGateway) play('gateway-runs');
if (args.some((arg) => arg.startsWith('agent:nobody:'))) play('unknown-agent');
if (isLocal && !acquire()) {
  appendFileSync(at('occupied'), 'x');
  play('occupied');
}

const leave = (): void => {
  if (prompt.startsWith('deaf')) return;
  if (prompt.startsWith('stubborn'))
    process.stderr.write('Interrupted by SIGTERM; Gateway run r1 was not confirmed aborted.\n');
  rmSync(at(`${key}.working`), { force: true });
  release();
  process.exit(143);
};
process.on('SIGTERM', leave);

appendFileSync(at(`${key}.effects`), 'x');
writeFileSync(at(`${key}.working`), String(process.pid));
process.stderr.write('[agent/embedded] started\n');

const ok = isLocal ? 'local' : 'gateway';
const [word = ''] = prompt.split(' ', 1);
const rest = prompt.slice(word.length + 1);
switch (word) {
  case 'echo':
    play(ok, rest);
    break;
  case 'repeat': {
    const [times = '0'] = rest.split(' ', 1);
    play(ok, rest.slice(times.length + 1).repeat(Number(times)));
    break;
  }
  case 'stream':
    play(ok, Array.from({ length: Number(rest) }, (_, piece) => `p${String(piece)}`).join(' '));
    break;
  case 'tool':
    play(`${ok}-tool`);
    break;
  case 'reason':
    play('local-thought');
    break;
  case 'artifact':
    play(ok, 'made it');
    break;
  case 'fail':
    play('local-fail');
    break;
  case 'play':
    play(rest);
    break;
  case 'flood':
    for (;;) writeSync(1, 'x'.repeat(65_536));
    break;
  case 'die':
    process.exit(Number(rest));
    break;
  case 'wait': {
    const [ms = '0'] = rest.split(' ', 1);
    await sleep(Number(ms));
    play(ok, rest.slice(ms.length + 1));
    break;
  }
  default:
    await sleep(60_000);
}
