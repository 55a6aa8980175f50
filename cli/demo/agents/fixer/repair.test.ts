// The fixer repairs what it claims to: every fault of the table, each in its own repository, and nothing else changes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { analyst } from '../analyst/work.ts';
import { FAULTS } from '../faulty-project.ts';
import { makeDesk } from '../harness/desk.ts';
import { WorkFault } from '../harness/work.ts';
import { makeFaultyRepo } from '../repos.ts';
import { tester } from '../tester/work.ts';
import { fixer } from './work.ts';

const base = mkdtempSync(join(tmpdir(), 'agentmesh-repair-'));
after(() => {
  rmSync(base, { recursive: true });
});

const desk = (signal: AbortSignal = new AbortController().signal) => {
  const effects: string[] = [];
  const config = {
    signal,
    scratch: join(base, 'scratch'),
    delayMs: 0,
    effect: (name: string) => void effects.push(name),
    checkpoint: () => undefined,
  };
  const quiet = { status: () => undefined, reasoning: () => undefined, tool: () => undefined };
  return { desk: makeDesk(config, quiet), effects };
};

const ask = (repo: string, outputs: Record<string, unknown> = {}) => ({
  prompt: `Fix ${repo}`,
  inputs: { repo },
  outputs,
  key: 'key',
});

const changedFiles = (repo: string): string =>
  execFileSync('git', ['-C', repo, 'status', '--porcelain'], { encoding: 'utf8' });

describe('repairing', () => {
  for (const [seed, { kind, file }] of FAULTS.entries())
    it(`seed ${seed}: ${kind} in ${file}`, async () => {
      const { repo } = makeFaultyRepo(join(base, `repo-${seed}`), seed);
      const before = await tester.work(ask(repo), desk().desk);
      assert.equal(before.data['passed'], false);
      const found = await analyst.work(ask(repo), desk().desk);
      assert.ok((found.data['suspects'] as { file: string }[]).some((suspect) => suspect.file === file));
      const at = desk();
      const repaired = await fixer.work(ask(repo, { analyze: found.data }), at.desk);
      assert.equal(repaired.data['fixed'], true);
      assert.equal(repaired.data['file'], file);
      assert.deepEqual(at.effects, ['apply_patch']);
      assert.equal(changedFiles(repo), ` M ${file}\n`);
      const proved = await tester.work(ask(repo), desk().desk);
      assert.deepEqual([proved.data['passed'], proved.data['failed']], [true, 0]);
    });
});

describe('not repairing', () => {
  it('says how much it tried, and leaves the tree as it was', async () => {
    const { repo, repairable } = makeFaultyRepo(join(base, 'unrepairable'), 0, { repairable: false });
    assert.equal(repairable, false);
    const at = desk();
    await assert.rejects(fixer.work(ask(repo), at.desk), (error) => {
      assert.ok(error instanceof WorkFault);
      assert.equal(error.retryable, false);
      assert.match(error.message, /not repairable.*: \d+ candidates were tried/);
      return true;
    });
    assert.deepEqual(at.effects, []);
    assert.equal(changedFiles(repo), '');
  });

  it('has nothing to do when the tests pass', async () => {
    const { repo } = makeFaultyRepo(join(base, 'again'), 4);
    await fixer.work(ask(repo), desk().desk);
    const at = desk();
    const second = await fixer.work(ask(repo), at.desk);
    assert.deepEqual([second.data['fixed'], second.data['changed'], at.effects.length], [true, false, 0]);
  });

  it('stops when it is cancelled: the tree is as it was, the scratch copies are gone', async () => {
    const { repo, fault } = makeFaultyRepo(join(base, 'cancelled'), 7);
    const abort = new AbortController();
    const work = fixer.work(ask(repo), desk(abort.signal).desk);
    setTimeout(() => abort.abort('enough'), 600);
    await work.then(
      () => assert.ok(readFileSync(join(repo, fault.file), 'utf8').includes(fault.right)),
      () => assert.equal(changedFiles(repo), ''),
    );
    assert.deepEqual(readdirSync(join(base, 'scratch')), []);
  });

  for (const [what, repo, message] of [
    ['a folder that is not there', join(base, 'nowhere'), /no folder/],
    ['a folder without git', base, /not a git work tree/],
    ['a relative path', 'some/where', /absolute/],
  ] as const)
    it(`refuses ${what}`, async () => {
      await assert.rejects(
        fixer.work(ask(repo), desk().desk),
        (error) =>
          error instanceof WorkFault && error.code === 'invalid_input' && message.test(error.message),
      );
    });
});
