// Programs of ACP agents that are kept between runs: used again, never when that could harm, and ended for certain.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AgentEntry } from '#machines/nouns/agent';
import { FILES } from '#machines/nouns/data-folder';
import { LIMITS } from '#machines/nouns/limits';
import type { Clock } from '../../ports.ts';
import { groupAlive, processStart } from '../../processes/process-group.ts';
import type { AgentAdapter, InvokeRequest, Outcome, Target } from '../adapter.ts';
import { recorder, request, texts, until, type Recorder } from '../adapter.testkit.ts';
import { testPorts } from '../adapter.testports.ts';
import { createAcpAdapter } from './adapter.ts';
import { DATA_VARIABLE } from './acp.testadapter.ts';

const AGENT = fileURLToPath(new URL('./acp.testagent.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'agentmesh-acp-kept-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Real time, but for waits of a minute or more, which pass when the test says so. */
class SlowClock implements Clock {
  readonly #waits = new Set<() => void>();
  now(): number {
    return Date.now();
  }
  after(ms: number, callback: () => void): () => void {
    if (ms < 60_000) return testPorts.clock.after(ms, callback);
    this.#waits.add(callback);
    return () => this.#waits.delete(callback);
  }
  pass(): void {
    for (const each of [...this.#waits]) each();
    this.#waits.clear();
  }
}

let dataDir = '';
let clock: SlowClock;
let adapter: AgentAdapter;
beforeEach(() => {
  dataDir = mkdtempSync(join(folder, 'data-'));
  clock = new SlowClock();
  adapter = createAcpAdapter({ ...testPorts, clock }, dataDir);
});
afterEach(async () => {
  await adapter.close?.();
  assert.deepEqual(booked(), [], 'the book is empty when nothing is kept');
});

const booked = (): string[] => {
  try {
    return readdirSync(join(dataDir, FILES.programs));
  } catch {
    return [];
  }
};

const targetOf = (entry: Partial<AgentEntry> = {}, name = 'agent'): Target => ({
  name,
  kind: 'acp',
  entry: { name, kind: 'acp', command: [process.execPath, AGENT, folder], cwd: folder, ...entry },
  card: null,
  token: null,
});

interface Ran {
  readonly outcome: Outcome;
  readonly sink: Recorder;
  readonly pid: number;
}

const run = async (
  prompt: string,
  target = targetOf(),
  sink: Recorder = recorder(),
  more: Partial<InvokeRequest> = {},
): Promise<Ran> => {
  const outcome = await adapter.invoke(request(target, prompt, more), sink);
  return { outcome, sink, pid: Number(sink.saved?.['pid']) };
};

const gone = (pid: number): Promise<void> => until(`the end of ${String(pid)}`, () => !groupAlive(pid));

describe('acp: a program is kept', () => {
  it('serves the next run of its agent, in a session of its own', async () => {
    const first = await run('pid');
    const second = await run('pid');
    assert.equal(first.outcome.text, String(first.pid));
    assert.equal(second.outcome.text, first.outcome.text);
    assert.notEqual(second.sink.saved?.['session'], first.sink.saved?.['session']);
    assert.equal(second.sink.saved?.['program'], first.sink.saved?.['program']);
    assert.equal(booked().length, 1);
  });

  it('five at once have five programs, and the next five the same ones', async () => {
    const five = async (): Promise<number[]> => {
      const ran = await Promise.all(
        Array.from({ length: 5 }, (_, at) => run(`wait ${String(100 * (5 - at))} mine-${String(at)}`)),
      );
      ran.forEach(({ outcome, sink }, at) => {
        assert.equal(outcome.text, `mine-${String(at)}`);
        assert.equal(/mine-(\d)/.exec(JSON.stringify(sink.events))?.[1], String(at));
      });
      return ran.map(({ pid }) => pid).sort();
    };
    const pids = await five();
    assert.equal(new Set(pids).size, 5);
    assert.deepEqual(await five(), pids);
  });

  it('no more than the limit wait: the longest idle go', async () => {
    const count = LIMITS.keptPrograms + 2;
    await Promise.all(Array.from({ length: count }, () => run('wait 700 x')));
    await until('the surplus to end', () => booked().length === LIMITS.keptPrograms);
  });

  it('another agent, another entry and another program never share one', async () => {
    const { pid } = await run('pid');
    const others = [
      targetOf({}, 'another'),
      targetOf({ env: { KEY: 'x' } }),
      targetOf({ cwd: tmpdir() }),
      targetOf({ settings: { model: 'b' } }),
    ];
    for (const target of others) assert.notEqual((await run('pid', target)).pid, pid);
    assert.equal((await run('pid')).pid, pid);
  });

  it('an agent that wants none of it says so, and a wrong time is refused', async () => {
    const { pid, outcome } = await run('echo x', targetOf({ settings: { idle_seconds: 0 } }));
    assert.equal(outcome.status, 'completed');
    assert.equal(groupAlive(pid), false);
    const { idle_seconds: schema } = adapter.settings(targetOf().entry).known;
    for (const wrong of [-1, 'soon', 1e9, null])
      assert.equal(schema?.safeParse(wrong).success, false, String(wrong));
  });

  it('what a session says late reaches nobody', async () => {
    const { pid } = await run('late 150');
    const next = await run('wait 400 mine');
    assert.equal(next.pid, pid);
    assert.equal(next.outcome.text, 'mine');
    assert.equal(JSON.stringify(next.sink.events).includes('afterthought'), false);
    assert.deepEqual(texts(next.sink.events, true).join(''), 'mine');
  });

  it('a question that an earlier session asks late is put to nobody, and its program serves no more', async () => {
    const { pid } = await run('late-question x');
    const next = await run('wait 500 mine');
    assert.equal(next.pid, pid);
    assert.equal(next.outcome.text, 'mine');
    assert.deepEqual(next.sink.asked, []);
    assert.notEqual((await run('pid')).pid, pid);
    await gone(pid);
  });
});

describe('acp: a program is not used again', () => {
  const cancelled = async (prompt: string): Promise<Ran> => {
    const stop = new AbortController();
    const sink = recorder(() => {
      stop.abort();
    });
    return run(prompt, targetOf(), sink, { signal: stop.signal });
  };

  it('after a cancel, whether the agent confirmed it or had to be ended', async () => {
    for (const prompt of ['hang', 'deaf']) {
      const { pid, outcome } = await cancelled(prompt);
      assert.equal(outcome.status, 'cancelled', prompt);
      assert.equal(groupAlive(pid), false, prompt);
      assert.notEqual((await run('pid')).pid, pid, prompt);
    }
  });

  it('after a failure, an odd stop, and an answer that nobody asked for', async () => {
    for (const prompt of ['fail', 'stop because', 'stop cancelled', 'odd', 'deep', 'die 3']) {
      const { pid } = await run(prompt);
      assert.notEqual((await run('pid')).pid, pid, prompt);
      await gone(pid);
    }
  });

  it('when it died while it waited', async () => {
    const { pid } = await run('echo x');
    process.kill(pid, 'SIGKILL');
    const next = await run('echo y');
    assert.equal(next.outcome.text, 'y');
    assert.notEqual(next.pid, pid);
    assert.equal(next.sink.calls.filter((call) => call === 'sent').length, 1);
  });

  it('when it does not give another session: a new one is asked, once, and nothing was sent before', async () => {
    const target = targetOf({ env: { ACP_MODE: 'once' } });
    const { pid } = await run('echo x', target);
    const next = await run('echo y', target);
    assert.equal(next.outcome.text, 'y');
    assert.notEqual(next.pid, pid);
    assert.equal(next.sink.calls.filter((call) => call === 'sent').length, 1);
    await gone(pid);
    const same = targetOf({ env: { ACP_MODE: 'same-session' } });
    const before = await run('echo x', same);
    assert.notEqual((await run('echo y', same)).pid, before.pid);
  });

  it('when another run of it was ended: those of others go on', async () => {
    const other = run('wait 1500 whole');
    await cancelled('deaf');
    assert.equal((await other).outcome.text, 'whole');
  });
});

describe('acp: a kept program is ended', () => {
  it('when nobody needed it for a while, with its whole group', async () => {
    const { pid } = await run('background');
    await sleep(50);
    assert.equal(groupAlive(pid), true);
    clock.pass();
    await gone(pid);
    await until('the book to be empty', () => booked().length === 0);
    assert.notEqual((await run('pid')).pid, pid);
  });

  it('when its agent has changed or gone, and not before', async () => {
    const entry = targetOf().entry;
    const { pid } = await run('pid');
    adapter.agentsChanged?.(() => entry);
    assert.equal((await run('pid')).pid, pid);
    adapter.agentsChanged?.(() => ({ ...entry, env: { NEW: '1' } }));
    await gone(pid);
    const next = await run('pid');
    adapter.agentsChanged?.(() => null);
    await gone(next.pid);
  });

  it('with its run, when its agent has changed meanwhile', async () => {
    const sink = recorder(() => {
      adapter.agentsChanged?.(() => null);
    });
    const { pid, outcome } = await run('wait 200 whole', targetOf(), sink);
    assert.equal(outcome.text, 'whole');
    await gone(pid);
  });

  it('when it talks without end while nobody asked it anything', async () => {
    const { pid } = await run('then-talk');
    await gone(pid);
  });

  it('when the daemon stops', async () => {
    const { pid } = await run('echo x');
    await adapter.close?.();
    assert.equal(groupAlive(pid), false);
    const { pid: late } = await run('echo y');
    assert.equal(groupAlive(late), false, 'nothing is kept any more');
  });

  it('by the next daemon, when the one before was killed; what a living one keeps is left alone', async () => {
    const script = `
      import { createAcpOfTest } from ${JSON.stringify(new URL('./acp.testadapter.ts', import.meta.url).href)};
      import { recorder, request } from ${JSON.stringify(new URL('../adapter.testkit.ts', import.meta.url).href)};
      const adapter = createAcpOfTest();
      const sink = recorder();
      await adapter.invoke(request(${JSON.stringify(targetOf({ env: { ACP_MODE: 'outlives' } }))}, 'background'), sink);
      console.log(JSON.stringify(sink.saved));
    `;
    const daemon = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, [DATA_VARIABLE]: dataDir },
    });
    let pid = 0;
    for await (const line of createInterface({ input: daemon.stdout })) {
      pid = (JSON.parse(line) as { pid: number }).pid;
      break;
    }
    await adapter.begin?.();
    await sleep(300);
    assert.equal(groupAlive(pid), true, 'its keeper lives');
    daemon.kill('SIGKILL');
    await until('the keeper to be gone', () => processStart(daemon.pid ?? 0) === null);
    assert.equal(groupAlive(pid), true, 'it outlives its keeper');
    const next = createAcpAdapter(testPorts, dataDir);
    await next.begin?.();
    await gone(pid);
    await next.close?.();
    assert.deepEqual(booked(), []);
  });
});
