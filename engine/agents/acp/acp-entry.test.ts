// The ACP adapter: questions for people, what an entry may say, and programs that are found.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { ApprovalAnswer } from '../adapter.ts';
import type { Person } from '../adapter.testkit.ts';
import { adapter, bench } from './acp.testbench.ts';
import { argvOf, LAUNCHES } from './launch.ts';

const { folder, run } = bench;
const allow: ApprovalAnswer = { decision: 'allow', text: null, by: 'me' };

describe('acp: questions for people', () => {
  it('shows the whole operation, and tells two questions about one call apart', async () => {
    const deny: ApprovalAnswer = { decision: 'deny', reason: null, by: 'me' };
    const person: Person = ({ title }) => (title === 'write one' ? allow : deny);
    const { outcome, sink } = await run('two-questions', {}, { person });
    assert.equal(outcome.text, 'opt-allow_once opt-reject_once');
    assert.equal(new Set(sink.asked.map(({ nativeId }) => nativeId)).size, 2);
    const asked = await run('ask /etc/hosts', { cwd: folder }, { person: () => allow });
    assert.deepEqual(
      asked.sink.asked.map(({ title, tool, kind, operation }) => ({ title, tool, kind, operation })),
      [
        {
          title: 'write /etc/hosts',
          tool: 'edit',
          kind: 'permission',
          operation: {
            tool: 'edit',
            kind: 'edit',
            title: 'write /etc/hosts',
            input: { path: '/etc/hosts', mode: 'w' },
            cwd: folder,
          },
        },
      ],
    );
  });

  it('never chooses an option that would hold for ever', async () => {
    const { outcome } = await run('only-always x', {}, { person: () => allow });
    assert.equal(outcome.text, 'cancelled');
  });

  it('a question that the agent takes back is withdrawn', async () => {
    const { sink, outcome } = await run('take-back x');
    assert.equal(outcome.text, 'cancelled');
    assert.equal(sink.asked[0]?.withdrawn.aborted, true);
  });
});

describe('acp: the entry', () => {
  it('sets mode and options of the session, and refuses those that the agent does not offer', async () => {
    const settings = { mode: 'plan', model: 'b', fast: true, agent: 'label' };
    assert.deepEqual(JSON.parse((await run('options', { settings })).outcome.text ?? ''), {
      mode: 'plan',
      model: 'b',
      fast: true,
    });
    for (const [wrong, words] of [
      [{ mode: 'yolo' }, 'The agent has no mode yolo; it offers code, plan'],
      [{ colour: 'red' }, 'The agent has no option colour; it offers model, fast, mode'],
    ] as const) {
      const { outcome, sink } = await run('options', { settings: wrong });
      assert.equal(outcome.error?.code, 'invalid_input');
      assert.equal(outcome.error.message, words);
      assert.equal(sink.calls.includes('sent'), false);
    }
  });

  it('gives the environment of the entry, and nothing of the daemon’s own', async () => {
    process.env['AGENTMESH_TOKEN'] = 'secret';
    try {
      const { outcome } = await run('env', { env: { OWN: 'yes' }, cwd: folder });
      assert.deepEqual(JSON.parse(outcome.text ?? ''), {
        token: null,
        own: 'yes',
        cwd: folder,
        session: folder,
      });
    } finally {
      delete process.env['AGENTMESH_TOKEN'];
    }
  });

  it('works in an empty folder of its own when the entry names none, and says where files are left', async () => {
    const clean = await run('env');
    const { cwd, session } = JSON.parse(clean.outcome.text ?? '') as { cwd: string; session: string };
    assert.ok(![cwd, session].includes(process.cwd()));
    assert.notEqual(cwd, session, 'the program outlives the folder of a run');
    assert.equal(existsSync(session), false);
    const next = await run('env');
    const again = JSON.parse(next.outcome.text ?? '') as { cwd: string; session: string };
    assert.equal(again.cwd, cwd);
    assert.notEqual(again.session, session);
    const { sink } = await run('leave note.txt');
    const said = sink.events.at(-1);
    const [, left = ''] =
      /left files in (.*)$/.exec(said?.kind === 'status' ? (said.payload.text ?? '') : '') ?? [];
    assert.equal(readFileSync(join(left, 'note.txt'), 'utf8'), 'x');
    rmSync(left, { recursive: true });
  });

  it('hands the data of the step on, and remembers the agent’s session', async () => {
    const asked = { data: { step: 's', deep: [1] }, key: 'the-key', runId: 'the-run' };
    const { outcome, sink } = await run('meta', {}, { request: asked });
    assert.deepEqual(JSON.parse(outcome.text ?? ''), {
      'agentmesh.dev/data': asked.data,
      'agentmesh.dev/key': 'the-key',
      'agentmesh.dev/run': 'the-run',
    });
    assert.match(String(sink.saved?.['session']), /^ses_\d+$/);
  });

  it('a known program’s name stands for its launch command; everything else is run as it is', () => {
    assert.deepEqual(argvOf({ command: ['opencode'] }), ['opencode', 'acp']);
    assert.deepEqual(argvOf({ command: ['/opt/bin/gemini'] }), ['/opt/bin/gemini', '--acp']);
    assert.deepEqual(argvOf({ command: ['gemini', '--experimental-acp'] }), ['gemini', '--experimental-acp']);
    assert.deepEqual(argvOf({ command: ['constructor'] }), ['constructor']);
    assert.ok(Object.keys(LAUNCHES).every((name) => /^[a-z][a-z-]*$/.test(name)));
  });
});

describe('acp: what is on this machine', () => {
  it('finds known programs on the PATH, and nothing else', async () => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    writeFileSync(join(bin, 'opencode'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(bin, 'goose'), 'not executable', { mode: 0o644 });
    writeFileSync(join(bin, 'openclaw'), '#!/bin/sh\n', { mode: 0o755 });
    const path = process.env['PATH'];
    process.env['PATH'] = bin;
    try {
      const found = [];
      for await (const each of adapter.discover({ signal: AbortSignal.timeout(5_000) })) found.push(each);
      assert.deepEqual(found, [
        {
          entry: { name: 'opencode', kind: 'acp', command: ['opencode'] },
          source: 'local',
          detail: `OpenCode at ${join(bin, 'opencode')}`,
        },
      ]);
    } finally {
      process.env['PATH'] = path;
    }
  });
});
