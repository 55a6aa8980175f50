// The command adapter: the contract, and what only programs can do wrong.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AgentEntry } from '#machines/nouns/agent';
import type { AdapterEvent, Outcome, Sink, Target } from '../adapter.ts';
import { testPorts } from '../adapter.testports.ts';
import { adapterContract } from '../adapter.testsuite.ts';
import { createCommandAdapter } from './adapter.ts';
import { groupAlive, isOurGroup, processStart } from '../../processes/process-group.ts';

const AGENT = fileURLToPath(new URL('./command.testagent.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'agentmesh-command-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const adapter = createCommandAdapter(testPorts);
const targetOf = (entry: Partial<AgentEntry> & { command: string[] }): Target => ({
  name: 'prog',
  kind: 'command',
  entry: { name: 'prog', ...entry },
  card: null,
  token: null,
});

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

adapterContract('command', () => {
  const file = join(folder, 'not-executable');
  writeFileSync(file, 'x', { mode: 0o600 });
  return Promise.resolve({
    adapter,
    module: new URL('./adapter.ts', import.meta.url).href,
    factory: 'createCommandAdapter',
    target: targetOf({ command: [process.execPath, AGENT, folder], env: { AGENT_DEDUPES: '1' } }),
    gone: targetOf({ command: ['agentmesh-no-such-program'] }),
    wrongCredential: null,
    broken: [
      { name: 'not executable', target: targetOf({ command: [file] }), code: 'agent_unreachable' },
      { name: 'a folder', target: targetOf({ command: [folder] }), code: 'agent_unreachable' },
      {
        name: 'no cwd',
        target: targetOf({ command: ['true'], cwd: join(folder, 'no') }),
        code: 'agent_unreachable',
      },
    ],
    streams: true,
    dedupes: true,
    effects: (key) => Promise.resolve(read(join(folder, `${key}.effects`)).length),
    isWorking: (key) => {
      const pid = Number(read(join(folder, `${key}.working`)));
      return Promise.resolve(pid > 0 && processStart(pid) !== null);
    },
    close: () => Promise.resolve(),
  });
});

interface Ran {
  readonly outcome: Outcome;
  readonly events: AdapterEvent[];
  readonly handle: { pid?: unknown; started?: unknown };
}

const run = async (
  entry: Partial<AgentEntry> & { command: string[] },
  prompt = '',
  more: { signal?: AbortSignal; data?: Record<string, unknown>; slowSinkMs?: number } = {},
): Promise<Ran> => {
  const events: AdapterEvent[] = [];
  let handle = {};
  const sink: Sink = {
    handle(native) {
      handle = native;
      return Promise.resolve();
    },
    async event(event) {
      if (more.slowSinkMs !== undefined) await sleep(more.slowSinkMs);
      events.push(event);
    },
    sent: () => undefined,
    approval: () => Promise.resolve({ decision: 'withdrawn' }),
  };
  const outcome = await adapter.invoke(
    {
      target: targetOf(entry),
      prompt,
      data: more.data ?? {},
      runId: 'r',
      key: 'k1',
      deadline: Date.now() + 30_000,
      signal: more.signal ?? new AbortController().signal,
    },
    sink,
  );
  return { outcome, events, handle };
};

const shell = (script: string, ...args: string[]): { command: string[] } => ({
  command: ['sh', '-c', script, 'sh', ...args],
});

describe('command: the program and its surroundings', () => {
  it('takes argv literally: no shell reads it', async () => {
    const hostile = ['$(id)', '`id`', '; id', '*', "a'b", 'a"b', '', '-n', 'x\ny', '😀'];
    const { outcome } = await run({
      command: [
        process.execPath,
        '-e',
        'process.stdout.write(JSON.stringify(process.argv.slice(1)))',
        '--',
        ...hostile,
      ],
    });
    assert.deepEqual(JSON.parse(outcome.text ?? ''), hostile);
  });

  it('gives the prompt on stdin byte for byte, data and key in the environment, and none of the daemon’s own', async () => {
    process.env['AGENTMESH_TOKEN'] = 'secret';
    try {
      const { outcome } = await run(
        { command: [process.execPath, AGENT, folder], env: { OWN: 'yes' } },
        'env',
        { data: { a: [1, 'x'] } },
      );
      assert.deepEqual(JSON.parse(outcome.text ?? ''), { input: '{"a":[1,"x"]}', own: 'yes', token: null });
    } finally {
      delete process.env['AGENTMESH_TOKEN'];
    }
    const prompt = 'go\n\0line\\n \t"q"\n\n';
    assert.equal((await run({ command: ['cat'] }, prompt)).outcome.text, prompt.slice(0, -1));
  });

  it('refuses data that no environment can hold', async () => {
    const { outcome } = await run({ command: ['cat'] }, 'x', { data: { big: 'x'.repeat(200_000) } });
    assert.equal(outcome.error?.code, 'invalid_input');
    assert.equal(outcome.error.retryable, false);
  });

  it('a script with a broken interpreter fails with what the system said', async () => {
    const file = join(folder, 'broken-interpreter');
    writeFileSync(file, '#!/no/such/interpreter\n');
    chmodSync(file, 0o700);
    const { outcome } = await run({ command: [file] });
    assert.equal(outcome.status, 'failed');
    assert.ok(outcome.error?.cause !== undefined && outcome.error.cause !== '');
  });
});

describe('command: output', () => {
  it('survives a program that ignores stdin, and one that closes stdout early', async () => {
    assert.equal((await run({ command: ['true'] }, 'x'.repeat(1_000_000))).outcome.status, 'completed');
    const early = await run(shell('exec 1>&-; sleep 0.2; exit 4'), 'x');
    assert.equal(early.outcome.error?.message, 'The program exited with 4');
  });

  it('keeps megabytes without a newline whole', async () => {
    const { outcome } = await run({
      command: [process.execPath, '-e', 'process.stdout.write("é".repeat(1500000)+"!")'],
    });
    assert.equal(outcome.text?.length, 1_500_001);
    assert.ok(outcome.text.endsWith('é!'));
  });

  it('ends a program that prints without end', async () => {
    const { outcome, handle } = await run({ command: ['yes'] });
    assert.equal(outcome.error?.code, 'invalid_agent_response');
    assert.equal(typeof handle.pid === 'number' && groupAlive(handle.pid), false);
  });

  it('mixes text and event lines; a line that is not quite an event stays text', async () => {
    const lines = [
      'first',
      '{"kind":"message","payload":{"role":"agent","text":" and second"},"delta":true}',
      '{"kind":"nonsense","payload":{}}',
      '{"kind":"message","payload":{"text":1}}',
      '{broken',
    ];
    const { outcome, events } = await run(shell('printf "%s\\n" "$@"', ...lines));
    assert.equal(outcome.text, `first\n and second${lines.slice(2).join('\n')}`);
    assert.equal(events.filter((event) => event.kind !== 'message').length, 0);
  });

  it('the last whole message is the answer; earlier ones are events', async () => {
    const say = (text: string): string =>
      JSON.stringify({ kind: 'message', payload: { role: 'agent', text } });
    const { outcome, events } = await run(shell('printf "%s\\n" "$@"', 'noise', say('first'), say('answer')));
    assert.equal(outcome.text, 'answer');
    const whole = events.filter((event) => event.kind === 'message' && event.delta !== true);
    assert.deepEqual(whole, [{ kind: 'message', payload: { role: 'agent', text: 'first' } }]);
  });

  it('an error line explains the exit code', async () => {
    const line = '{"kind":"error","payload":{"code":"auth","message":"log in first","retryable":false}}';
    const { outcome } = await run(shell('echo "$1"; exit 1', line));
    assert.deepEqual(outcome.error, { code: 'auth', message: 'log in first', retryable: false });
    const own = await run(shell('echo "$1"; exit 1', line.replace('auth', 'E42')));
    assert.equal(own.outcome.error?.code, 'agent_failed');
    assert.equal(own.outcome.error.cause, 'E42');
  });

  it('stderr is status, and its last lines are the cause', async () => {
    const { outcome, events } = await run(shell('for i in $(seq 1 30); do echo "line $i" >&2; done; exit 7'));
    assert.equal(events.filter((event) => event.kind === 'status').length, 30);
    const cause = outcome.error?.cause?.split('\n') ?? [];
    assert.equal(cause.at(-1), 'line 30');
    assert.equal(cause.length, 20);
  });

  it('counts what nobody would read', async () => {
    const { events } = await run({ command: ['sh', '-c', 'seq 1 5000 >&2'] });
    assert.equal(events.length, 1_001);
    assert.ok(JSON.stringify(events.at(-1)).includes('4000 more lines'));
  });

  it('loses nothing when the sink is slower than the program', async () => {
    const { outcome } = await run(
      { command: [process.execPath, '-e', 'for (let i=0;i<30000;i++) console.log(i)'] },
      '',
      { slowSinkMs: 30 },
    );
    assert.equal(outcome.text?.split('\n').length, 30_000);
  });
});

describe('command: the end', () => {
  it('tells a signal from an exit', async () => {
    assert.equal(
      (await run(shell('kill -SEGV $$'))).outcome.error?.message,
      'The program was ended by SIGSEGV',
    );
  });

  it('ends a program that ignores SIGTERM, with its children', async () => {
    const abort = new AbortController();
    setTimeout(() => {
      abort.abort();
    }, 200);
    const { outcome, handle } = await run(
      shell('trap "" TERM; (trap "" TERM; sleep 60) & sleep 60; sleep 60'),
      '',
      { signal: abort.signal },
    );
    assert.equal(outcome.status, 'cancelled');
    assert.equal(outcome.cancelConfirmed, true);
    assert.ok(typeof handle.pid === 'number' && !groupAlive(handle.pid));
  });

  it('does not wait for children that hold its stdout, inside the group or outside', async () => {
    const inside = await run(shell('sleep 60 & echo done'));
    assert.equal(inside.outcome.text, 'done');
    assert.ok(typeof inside.handle.pid === 'number' && !groupAlive(inside.handle.pid));
    const outside = await run(shell('setsid sleep 6 & echo done'));
    assert.equal(outside.outcome.text, 'done');
  });

  it('reattach never ends a process that merely has the same number', async () => {
    const own = processStart(process.pid);
    assert.ok(own !== null);
    const found = await adapter.reattach(
      {
        target: targetOf({ command: ['true'] }),
        prompt: '',
        data: {},
        runId: 'r',
        key: 'k',
        deadline: 0,
        signal: new AbortController().signal,
      },
      { pid: process.pid, started: `${own}0` },
      {
        handle: () => Promise.resolve(),
        event: () => Promise.resolve(),
        sent: () => undefined,
        approval: () => Promise.resolve({ decision: 'withdrawn' }),
      },
    );
    assert.equal(found.status, 'unknown');
    assert.equal(isOurGroup(process.pid, `${own}0`, 'AGENTMESH_IDEMPOTENCY_KEY=k'), false);
  });
});
