// Installs: shown before done, written down before done, done once, taken back whole; over a real engine and folder.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MeshError } from '#machines/nouns/error';
import { InstallationSchema, InstallPlanSchema, InstallReportSchema } from '#machines/nouns/install';
import type { AgentAdapter, InstallPlan } from '../agents/adapter.ts';
import { createCommandAdapter } from '../agents/command/adapter.ts';
import { testPorts } from '../events/arbitraries.ts';
import { socketCaller } from '../identity/caller.ts';
import { createEngine, type Engine } from '../index.ts';
import type { InstallAsk } from '../engine.ts';

const ports = testPorts();
const caller = socketCaller('uid:1000');
let folder = '';
let program = '';
let engine: Engine;
/** What the toy does when it is installed, beside its work. */
let onInstall: () => void = () => undefined;

const conf = (): string => join(program, 'mesh.conf');

/** An adapter whose installation is a file in the folder of its program. */
const toyAdapter = (): AgentAdapter => ({
  ...createCommandAdapter(ports),
  kind: 'toy',
  plan: ({ dir = program, settings, receipts }) =>
    Promise.resolve<InstallPlan>({
      kind: 'toy',
      dir,
      found: [`toy in ${dir}`],
      steps: existsSync(conf()) ? [] : [{ change: 'writes its file', file: conf() }],
      obstacles:
        settings['impossible'] === true
          ? [
              {
                code: 'agent_unreachable',
                message: 'The toy is broken',
                retryable: false,
                remedy: 'Glue it.',
              },
            ]
          : [],
      details: receipts.length,
    }),
  async install(plan, { keep, note, env }) {
    const receipt = {
      kind: 'toy',
      dir: program,
      steps: plan.steps,
      agents: [{ kind: 'toy', url: 'http://127.0.0.1:9', name: 'toy', token: 'secret-token' }],
      details: null,
    };
    await keep(receipt);
    writeFileSync(conf(), env['TOY'] ?? '');
    note('wrote its file');
    onInstall();
    return receipt;
  },
  uninstall: (_, { note }) => {
    rmSync(conf(), { force: true });
    note('removed its file');
    return Promise.resolve();
  },
  probe: () =>
    Promise.resolve({
      ok: true,
      name: 'toy',
      description: '',
      version: '1',
      protocol: null,
      skills: [],
      card: null,
      latencyMs: 1,
      problem: null,
    }),
});

const open = (): Promise<Engine> =>
  createEngine(
    {
      dataDir: join(folder, 'data'),
      templateDirs: [],
      bootstrapFile: null,
      synchronous: 'NORMAL',
      concurrency: 4,
      version: '0',
    },
    ports,
    new Map([['toy', toyAdapter()]]),
  );

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'installs-'));
  program = join(folder, 'toy');
  mkdirSync(program);
  onInstall = () => undefined;
  engine = await open();
});
afterEach(async () => {
  await engine.close({ drainMs: 0 });
  rmSync(folder, { recursive: true, force: true });
});

const ask = (more: Partial<InstallAsk> = {}): InstallAsk => ({
  kind: 'toy',
  env: { TOY: 'hello' },
  settings: {},
  ...more,
});

const refusal = async (act: () => Promise<unknown>): Promise<MeshError> => {
  const error: unknown = await act().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof MeshError, String(error));
  return error;
};

const operations = (): string[] => engine.audit.list({ limit: 20 }).map(({ operation }) => operation);

describe('installs', () => {
  it('shows a plan that changes nothing and fits its schema', async () => {
    const plan = await engine.installs.plan(ask());
    assert.deepEqual(InstallPlanSchema.parse(plan), plan);
    assert.equal(plan.steps[0]?.file, conf());
    assert.equal(plan.installation, null);
    assert.equal(existsSync(conf()), false);
    assert.deepEqual(operations(), []);
  });

  it('installs, registers the agents and looks at them; again it changes nothing; uninstall leaves nothing', async () => {
    const { plan_sha256: planSha256 } = await engine.installs.plan(ask());
    const report = await engine.installs.install(caller, { ...ask(), planSha256 });
    assert.deepEqual(InstallReportSchema.parse(report), report);
    assert.equal(readFileSync(conf(), 'utf8'), 'hello');
    assert.deepEqual(
      report.agents.map(({ name, presence, has_credential }) => [name, presence, has_credential]),
      [['toy', 'reachable', true]],
    );
    const [installation, ...others] = engine.installs.list();
    assert.deepEqual(InstallationSchema.parse(installation), installation);
    assert.deepEqual([installation?.complete, installation?.agents, others], [true, ['toy'], []]);
    assert.ok(operations().includes('install.apply'));

    const again = await engine.installs.install(caller, ask());
    assert.deepEqual([again.steps, again.agents.length, engine.installs.list().length], [[], 1, 1]);

    const undone = await engine.installs.uninstall(caller, { kind: 'toy', env: {} });
    assert.deepEqual(undone.notes, ['removed its file']);
    assert.equal(existsSync(conf()), false);
    assert.deepEqual([engine.installs.list(), engine.agents.list()], [[], []]);
    assert.ok(operations().includes('install.undo'));
  });

  it('keeps no credential in what it writes down', async () => {
    await engine.installs.install(caller, ask());
    await engine.close({ drainMs: 0 });
    const database = readFileSync(join(folder, 'data', 'agentmesh.db')).toString('latin1');
    const kept = database.split('secret-token').length - 1;
    assert.equal(kept, 1, 'the row of the agent holds it, the receipt does not');
    engine = await open();
    assert.equal(engine.installs.list().length, 1, 'and it is there after a restart');
  });

  it('refuses with the obstacle and its own remedy, and does nothing', async () => {
    const error = await refusal(() =>
      engine.installs.install(caller, ask({ settings: { impossible: true } })),
    );
    assert.equal(error.code, 'install_blocked');
    assert.deepEqual([error.detail, error.extra['remedy']], ['The toy is broken', 'Glue it.']);
    assert.equal(existsSync(conf()), false);
    assert.deepEqual(operations(), []);
  });

  it('does only what was shown', async () => {
    const { plan_sha256: planSha256 } = await engine.installs.plan(ask());
    writeFileSync(conf(), 'somebody was faster');
    const error = await refusal(() => engine.installs.install(caller, { ...ask(), planSha256 }));
    assert.equal(error.code, 'plan_changed');
  });

  it('what broke off half-way is known as such and can be taken back', async () => {
    onInstall = () => {
      throw new MeshError('install_failed', 'the gateway went away', { remedy: 'Start it.' });
    };
    const error = await refusal(() => engine.installs.install(caller, ask()));
    assert.equal(error.code, 'install_failed');
    const [half] = engine.installs.list();
    assert.deepEqual([half?.complete, half?.steps.length, half?.agents], [false, 1, []]);
    await engine.installs.uninstall(caller, { kind: 'toy', env: {} });
    assert.deepEqual([existsSync(conf()), engine.installs.list()], [false, []]);
  });

  it('says what is not installed, and where it is', async () => {
    assert.equal(
      (await refusal(() => engine.installs.uninstall(caller, { kind: 'toy', env: {} }))).code,
      'not_installed',
    );
    await engine.installs.install(caller, ask());
    const elsewhere = await refusal(() =>
      engine.installs.uninstall(caller, { kind: 'toy', dir: '/nowhere', env: {} }),
    );
    assert.equal(elsewhere.extra['remedy'], `It is installed in ${program}.`);
    assert.equal(
      (await refusal(() => engine.installs.plan(ask({ kind: 'no' })))).code,
      'unsupported_agent_kind',
    );
  });
});
