// The sample agents as real processes: A2A in both bindings, once per message id, cancel, and what survives kill -9.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Task } from '@a2a-js/sdk';
import { TaskState } from '@a2a-js/sdk';
import { makeFaultyRepo } from '../repos.ts';
import type { Running } from './process.testclient.ts';
import { clientOf, request, resultOf, startAgent, wordOf } from './process.testclient.ts';

const base = mkdtempSync(join(tmpdir(), 'agentmesh-agents-'));
const running: Running[] = [];
after(async () => {
  await Promise.all(running.map((agent) => agent.stop('SIGKILL')));
  rmSync(base, { recursive: true, force: true });
});

const start = async (name: string, ...args: readonly string[]): Promise<Running> => {
  const agent = await startAgent(name, ...args);
  running.push(agent);
  return agent;
};

const asTask = (answer: object): Task => {
  assert.ok('id' in answer);
  return answer as Task;
};

describe('calc', () => {
  it('answers in both bindings, streams in order, once per message id', async () => {
    const agent = await start('calc', '--port', '0', '--ledger', join(base, 'calc'));
    for (const binding of ['rpc', 'rest'] as const) {
      const client = await clientOf(agent.url, binding);
      const key = `${binding}-once`;
      const task = asTask(await client.sendMessage(request(key, 'What is 1+1?')));
      assert.equal(task.status?.state, TaskState.TASK_STATE_COMPLETED);
      assert.deepEqual(resultOf(task), { expression: '1+1', result: 2 });
      const again = asTask(await client.sendMessage(request(key, 'What is 1+1?')));
      assert.equal(again.id, task.id);

      const words: string[] = [];
      for await (const event of client.sendMessageStream(request(`${binding}-stream`, '(3+4)*2')))
        words.push(wordOf(event));
      assert.equal(words[0], 'task');
      assert.equal(words.at(-1), `status:${TaskState.TASK_STATE_COMPLETED}`);
      assert.equal(words.at(-2), 'artifactUpdate');
      assert.ok(words.includes('reasoning'));
      assert.ok(words.indexOf('tool:start') >= 0 && words.indexOf('tool:start') < words.indexOf('tool:end'));
    }
    const { effects } = await agent.ledger();
    assert.deepEqual(effects.map(({ key, times }) => `${key} ${times}`).sort(), [
      'rest-once 1',
      'rest-stream 1',
      'rpc-once 1',
      'rpc-stream 1',
    ]);
    const refused = asTask(await (await clientOf(agent.url)).sendMessage(request('bad', '1/0')));
    assert.equal(refused.status?.state, TaskState.TASK_STATE_REJECTED);
    assert.match(JSON.stringify(refused.status.message), /division by zero/);
    assert.equal(await agent.stop(), 0);
  });

  it('does many at once and each its own', async () => {
    const agent = await start('calc', '--delay-ms', '30');
    const client = await clientOf(agent.url);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => client.sendMessage(request(randomUUID(), `${n}+${n}`))),
    );
    assert.deepEqual(
      answers.map((answer) => resultOf(asTask(answer))['result']),
      Array.from({ length: 10 }, (_, n) => n + n),
    );
    await agent.stop();
  });

  it('asks for its token, and for nothing else', async () => {
    const agent = await start('calc', '--token', 'secret');
    const client = await clientOf(agent.url, 'rpc', 'secret');
    assert.equal(resultOf(asTask(await client.sendMessage(request('t', '2*3'))))['result'], 6);
    await assert.rejects((await clientOf(agent.url, 'rpc', 'wrong')).sendMessage(request('u', '2*3')));
    await assert.rejects((await clientOf(agent.url)).sendMessage(request('v', '2*3')));
    assert.equal((await agent.ledger()).tasks.length, 1);
    await agent.stop();
  });
});

describe('coming back', () => {
  it('lets a client that was away find its task again, follow it and cancel it', async () => {
    const agent = await start('calc', '--delay-ms', '400');
    const client = await clientOf(agent.url);
    const contextId = randomUUID();
    const begun = asTask(
      await client.sendMessage(request('away', '1+1', {}, { contextId, returnImmediately: true })),
    );
    assert.notEqual(begun.status?.state, TaskState.TASK_STATE_COMPLETED);
    const { tasks } = await client.listTasks({
      tenant: '',
      contextId,
      status: TaskState.TASK_STATE_UNSPECIFIED,
      pageToken: '',
      statusTimestampAfter: undefined,
    });
    assert.deepEqual(
      tasks.map(({ id }) => id),
      [begun.id],
    );
    const words: string[] = [];
    for await (const event of client.resubscribeTask({ tenant: '', id: begun.id })) words.push(wordOf(event));
    assert.equal(words[0], 'task');
    assert.equal(words.at(-1), `status:${TaskState.TASK_STATE_COMPLETED}`);
    const found = await client.getTask({ tenant: '', id: begun.id });
    assert.equal(resultOf(found)['result'], 2);

    const second = asTask(await client.sendMessage(request('stop', '1+1', {}, { returnImmediately: true })));
    const cancelled = await client.cancelTask({ tenant: '', id: second.id, metadata: undefined });
    assert.equal(cancelled.status?.state, TaskState.TASK_STATE_CANCELED);
    await assert.rejects(client.cancelTask({ tenant: '', id: second.id, metadata: undefined }));
    await assert.rejects(client.getTask({ tenant: '', id: 'unknown' }));
    assert.deepEqual(
      (await agent.ledger()).effects.map(({ key }) => key),
      ['away'],
    );
    await agent.stop();
  });

  it('reports a task as failed and retryable when the agent was killed in the middle of it', async () => {
    const dir = join(base, 'killed');
    const first = await start('calc', '--ledger', dir, '--delay-ms', '60000');
    const begun = asTask(
      await (await clientOf(first.url)).sendMessage(request('mid', '1+1', {}, { returnImmediately: true })),
    );
    await first.stop('SIGKILL');
    const second = await start('calc', '--ledger', dir);
    const client = await clientOf(second.url);
    const task = await client.getTask({ tenant: '', id: begun.id });
    assert.equal(task.status?.state, TaskState.TASK_STATE_FAILED);
    assert.match(JSON.stringify(task.status.message?.metadata), /"retryable":true/);
    const again = asTask(await client.sendMessage(request('mid', '1+1')));
    assert.equal(again.id, begun.id);
    assert.deepEqual((await second.ledger()).effects, []);
    await second.stop();
  });

  it('ends cleanly on SIGTERM with work in hand', async () => {
    const agent = await start('calc', '--delay-ms', '60000');
    const client = await clientOf(agent.url);
    const words: string[] = [];
    const reading = (async () => {
      for await (const event of client.sendMessageStream(request('t', '1+1'))) words.push(wordOf(event));
    })();
    while ((await agent.ledger()).tasks.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(await agent.stop(), 0);
    await reading.catch(() => undefined);
    assert.equal(words.at(-1), 'error');
  });
});

describe('fixer', () => {
  it('repairs once per key, also over kill -9, and says so in its stream', async () => {
    const dir = join(base, 'fixer');
    const { repo, fault } = makeFaultyRepo(join(base, 'shop'), 5);
    const agent = await start('fixer', '--ledger', dir);
    const words: string[] = [];
    for await (const event of (await clientOf(agent.url)).sendMessageStream(
      request('fix-1', 'Fix it', { inputs: { repo } }),
    ))
      words.push(wordOf(event));
    assert.equal(words.at(-1), `status:${TaskState.TASK_STATE_COMPLETED}`);
    assert.ok(words.filter((word) => word === 'tool:start').length >= 3);
    assert.equal(
      words.filter((word) => word === 'tool:start').length,
      words.filter((word) => word === 'tool:end').length,
    );
    assert.ok(readFileSync(join(repo, fault.file), 'utf8').includes(fault.right));
    await agent.stop('SIGKILL');

    execFileSync('git', ['-C', repo, 'checkout', '--quiet', fault.file]);
    const second = await start('fixer', '--ledger', dir);
    const same = asTask(
      await (await clientOf(second.url)).sendMessage(request('fix-1', 'Fix it', { inputs: { repo } })),
    );
    assert.equal(resultOf(same)['fixed'], true);
    assert.ok(readFileSync(join(repo, fault.file), 'utf8').includes(fault.wrong), 'it is not mutated again');
    assert.deepEqual((await second.ledger()).effects, [{ key: 'fix-1', effect: 'apply_patch', times: 1 }]);
    await second.stop();
  });

  it('cancels in the middle: the tree is untouched and no child is left', async () => {
    const { repo } = makeFaultyRepo(join(base, 'cancelled'), 0, { repairable: false });
    const agent = await start('fixer');
    const client = await clientOf(agent.url);
    const words: string[] = [];
    let id = '';
    for await (const event of client.sendMessageStream(request('c', 'Fix it', { inputs: { repo } }))) {
      words.push(wordOf(event));
      if (event.payload?.$case === 'task') id = event.payload.value.id;
      if (words.filter((word) => word === 'tool:start').length === 2)
        void client.cancelTask({ tenant: '', id, metadata: undefined }).catch(() => undefined);
    }
    assert.equal(words.at(-1), `status:${TaskState.TASK_STATE_CANCELED}`);
    assert.equal(execFileSync('git', ['-C', repo, 'status', '--porcelain'], { encoding: 'utf8' }), '');
    const children = `/proc/${agent.pid}/task/${agent.pid}/children`;
    if (existsSync(children)) assert.equal(readFileSync(children, 'utf8').trim(), '');
    await agent.stop();
  });

  it('fails for good on what it cannot repair, looking where an earlier step told it to', async () => {
    const { repo, fault } = makeFaultyRepo(join(base, 'beyond'), 0, { repairable: false });
    const agent = await start('fixer');
    const suspects = [{ file: fault.file, line: 10, score: 1 }];
    const data = { inputs: { repo }, outputs: { analyze: { suspects } } };
    const task = asTask(await (await clientOf(agent.url)).sendMessage(request('x', 'Fix it', data)));
    assert.equal(task.status?.state, TaskState.TASK_STATE_FAILED);
    assert.match(JSON.stringify(task.status.message?.metadata), /"retryable":false/);
    assert.match(JSON.stringify(task.status.message), /candidates were tried/);
    assert.equal(resultOf(task)['fixed'], false);
    await agent.stop();
  });
});

describe('the same work as programs', () => {
  const run = (
    name: string,
    prompt: string,
    data: object,
    key: string = randomUUID(),
    ...args: readonly string[]
  ) => {
    const program = new URL(`../${name}/command.ts`, import.meta.url).pathname;
    const env = { ...process.env, AGENTMESH_INPUT: JSON.stringify(data), AGENTMESH_IDEMPOTENCY_KEY: key };
    const { status, stdout } = spawnSync(process.execPath, [program, ...args], {
      input: prompt,
      env,
      encoding: 'utf8',
    });
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; payload: Record<string, unknown> });
    const data_ = lines.findLast(({ kind, payload }) => kind === 'artifact' && 'data' in payload)?.payload[
      'data'
    ];
    return { status, lines, data: (data_ ?? {}) as Record<string, unknown> };
  };

  it('runs the pipeline on an expression', () => {
    const inputs = { expression: '(3+4)*2' };
    const analyze = run('analyst', '(3+4)*2', { inputs }).data;
    assert.equal(analyze['expression'], '(3+4)*2');
    const execute = run('calc', '(3+4)*2', { inputs, outputs: { analyze } }).data;
    assert.equal(execute['result'], 14);
    const verify = run('tester', 'check', { inputs, outputs: { analyze, execute } }).data;
    assert.equal(verify['passed'], true);
    const wrong = run('tester', 'check', {
      inputs,
      outputs: { analyze, execute: { ...execute, result: 15 } },
    }).data;
    assert.equal(wrong['passed'], false);
    const { data } = run('scribe', 'The calculation (3+4)*2', {
      inputs,
      outputs: { analyze, execute, verify },
    });
    assert.match(String(data['markdown']), /It worked[\s\S]*result.*14/);
  });

  it('repairs, once per key when it has a ledger, and fails with one error line', () => {
    const { repo, fault } = makeFaultyRepo(join(base, 'command'), 0);
    const ledger = ['--ledger', join(base, 'command-ledger')];
    const first = run('fixer', 'Fix it', { inputs: { repo } }, 'one', ...ledger);
    assert.deepEqual([first.status, first.data['fixed']], [0, true]);
    execFileSync('git', ['-C', repo, 'checkout', '--quiet', fault.file]);
    const same = run('fixer', 'Fix it', { inputs: { repo } }, 'one', ...ledger);
    assert.deepEqual(same.data, first.data);
    assert.ok(readFileSync(join(repo, fault.file), 'utf8').includes(fault.wrong));
    const bad = run('calc', 'no arithmetic', {});
    assert.equal(bad.status, 1);
    const last = bad.lines.at(-1);
    assert.deepEqual(
      [last?.kind, last?.payload['code'], last?.payload['retryable']],
      ['error', 'invalid_input', false],
    );
  });
});
