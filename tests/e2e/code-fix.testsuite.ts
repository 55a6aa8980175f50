// The code-fix team on generated repositories, whatever carries the jobs: real faults are repaired, one that cannot be is said
// to be so; and the same team on programs instead of A2A agents, with only the roles changed.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agentmesh } from '#cli/testing/fake-daemon';
import type { EventV1 } from '#machines/nouns/event';
import type { TeamRun } from '#machines/nouns/run';
import { MeshUnderFire } from '#tests/reliability/mesh-under-fire';
import { type Carrier, type CarrierName, openCarrier } from '#tests/reliability/redis/carrier';
import { makeFaultyRepo } from '../../cli/demo/agents/repos.ts';
import { startTeam, teamRun } from './ended.ts';
import { assertReplayed } from './replayed.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TEAM = readFileSync(join(ROOT, 'templates', 'code-fix', 'team.yaml'), 'utf8');
const ROLES = { analyst: 'analyst', coder: 'fixer', tester: 'tester', writer: 'scribe' } as const;
const SEEDS = [3, 6] as const;

/** Runs the tests with jobs carried by `name`. */
export const testCodeFix = (name: CarrierName): void => {
  let mesh: MeshUnderFire;
  let carrier: Carrier;
  before(async () => {
    carrier = await openCarrier(name);
    mesh = await MeshUnderFire.open({ agents: Object.values(ROLES), delayMs: 0 });
    mesh.start(carrier.env);
    await mesh.ready();
    await carrier.attend(mesh);
    await mesh.client.call('discover', { body: { wait_ms: 20_000 } });
  });
  after(async () => {
    await carrier[Symbol.asyncDispose]();
    await mesh[Symbol.asyncDispose]();
  });

  const repoOf = (name: string, seed: number, repairable = true) =>
    makeFaultyRepo(join(mesh.dataDir, 'repos', name), seed, { repairable });
  /** The real CLI, for this mesh. */
  const cli = (...argv: readonly string[]) =>
    agentmesh(argv, { env: { AGENTMESH_DATA_DIR: mesh.dataDir }, cwd: mesh.dataDir });
  const testsPass = (repo: string): boolean =>
    spawnSync(process.execPath, ['--test', '--test-isolation=none'], {
      cwd: repo,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    }).status === 0;
  const changedFiles = (repo: string): string =>
    execFileSync('git', ['-C', repo, 'diff', '--name-only'], { encoding: 'utf8' }).trim();

  /** The repair is real: only the faulty file changed, the tests pass, and each agent says that it did its part once. */
  const assertRepaired = async (run: TeamRun, repo: string, file: string): Promise<void> => {
    assert.equal(run.status, 'completed', JSON.stringify(run.failure));
    assert.equal(changedFiles(repo), file);
    assert.ok(testsPass(repo));
    assert.deepEqual(
      run.steps.map(({ id, state, attempts }) => [id, state, attempts.length]),
      ['analyze', 'modify', 'test', 'summarize'].map((id) => [id, 'completed', 1]),
    );
    assert.match(JSON.stringify(run.steps[3]?.output), new RegExp(file));
  };

  for (const seed of SEEDS)
    test(`repairs the fault of seed ${seed}, and every effect happens once`, async () => {
      const { repo, fault } = repoOf(`seed-${seed}`, seed);
      assert.equal(testsPass(repo), false);
      const run = await teamRun(mesh, await startTeam(mesh, TEAM, { repo }));
      await assertRepaired(run, repo, fault.file);
      const keys = run.steps.flatMap(({ attempts }) => attempts.map(({ key }) => key));
      const effects = (await mesh.effects()).filter(({ key }) => keys.includes(key));
      assert.deepEqual(
        effects.map(({ key, times }) => [key, times]).toSorted(),
        keys.map((key) => [key, 1]).toSorted(),
      );
    });

  test('a fault that cannot be repaired fails with step, attempt, cause and the next thing to do; the tree is untouched', async () => {
    const { repo } = repoOf('beyond', 0, false);
    const { code, stderr } = await cli('team', 'run', 'code-fix', '--input', `repo=${repo}`);
    assert.equal(code, 12, stderr);
    const { stdout } = await cli('runs', 'list', '--teams', '-n', '1', '-o', 'jsonl');
    const { team_run_id } = JSON.parse(stdout) as { readonly team_run_id: string };
    const run = await teamRun(mesh, team_run_id);
    assert.equal(run.status, 'failed');
    assert.ok(run.failure);
    assert.deepEqual(
      [run.failure.step, run.failure.attempt, run.failure.error.code],
      ['modify', 1, 'agent_failed'],
    );
    assert.match(run.failure.error.message, /not repairable by a small change: \d+ candidates were tried/);
    assert.match(run.failure.next, new RegExp(`agentmesh trace ${String(run.failure.run_id)}`));
    assert.equal(run.steps[1]?.attempts[0]?.run_id, run.failure.run_id);
    let cause: EventV1 | undefined;
    for await (const event of mesh.client.trace(team_run_id))
      if (event.id === run.failure.event_id) cause = event;
    assert.equal(cause?.kind, 'error');
    assert.equal(cause.run_id, run.failure.run_id);
    assert.match(stderr, /modify/);
    assert.match(stderr, /agentmesh trace/);
    assert.equal(changedFiles(repo), '');
    assert.deepEqual(
      run.steps.slice(2).map(({ state }) => state),
      ['pending', 'pending'],
    );
  });

  test('the same team on programs repairs as well: only the roles were changed', async () => {
    for (const name of Object.values(ROLES)) {
      const program = join(ROOT, 'cli', 'demo', 'agents', name, 'command.ts');
      const ledger = join(mesh.dataDir, 'ledgers', `${name}-program`);
      const argv = ['agents', 'add', '--name', `${name}-program`, '--command', '--'];
      const { code, stderr } = await cli(...argv, process.execPath, program, '--ledger', ledger);
      assert.equal(code, 0, stderr);
    }
    const lines = TEAM.split('\n').map((line) => {
      const role = Object.entries(ROLES).find(([word]) => line.startsWith(`  ${word}: {`));
      return role === undefined ? line : `  ${role[0]}: { agent: ${role[1]}-program }`;
    });
    const changed = lines.filter((line, index) => line !== TEAM.split('\n')[index]);
    assert.equal(changed.length, Object.keys(ROLES).length);
    const { repo, fault } = repoOf('programs', 1);
    const run = await teamRun(mesh, await startTeam(mesh, lines.join('\n'), { repo }));
    await assertRepaired(run, repo, fault.file);
    assert.deepEqual(
      run.steps.map(({ attempts }) => attempts[0]?.agent),
      Object.values(ROLES).map((name) => `${name}-program`),
    );
  });

  test('every one of these runs is the same when replayed from events.jsonl', async () => {
    await mesh.stop();
    assert.equal(assertReplayed(mesh.dataDir), SEEDS.length + 2);
  });
};
