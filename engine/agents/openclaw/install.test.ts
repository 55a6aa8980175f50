// Installing at an OpenClaw: found or not, paired and proved, and taken back to each byte of its configuration.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { MeshError } from '#machines/nouns/error';
import { nodePorts } from '../../ports-node.ts';
import type { AgentAdapter, Found, InstallOptions, InstallPlan, InstallReceipt } from '../adapter.ts';
import { discover } from './discover.ts';
import { openclawAt, startGateway, targetAt, type TestGateway } from './openclaw.testserver.ts';

const TOKEN = 'the-gateway-token-0123456789';
const PROGRAM = fileURLToPath(new URL('./openclaw.testprogram.ts', import.meta.url));
let folder = '';
let state = '';
let gateway: TestGateway;
let adapter: AgentAdapter;
let notes: string[] = [];
let kept: InstallReceipt[] = [];

const configFile = (): string => join(state, 'openclaw.json');
/** JSON5 as people write it: a comment, single quotes, a comma at the end. */
const configText = (port: number, more = ''): string =>
  `// mine\n{ gateway: { mode: 'local', port: ${String(port)}, auth: { mode: 'token', token: '${TOKEN}' } },${more} }\n`;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'openclaw-install-'));
  state = join(folder, 'state');
  mkdirSync(state);
  mkdirSync(join(folder, 'bin'));
  const program = join(folder, 'bin', 'openclaw');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  chmodSync(program, 0o755);
  gateway = await startGateway(folder, { token: TOKEN, agents: ['main', 'work'] });
  writeFileSync(configFile(), configText(gateway.port), { mode: 0o640 });
  adapter = openclawAt(join(folder, 'data'));
  notes = [];
  kept = [];
});
afterEach(async () => {
  await adapter.close?.();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

const env = (more: Record<string, string> = {}): Record<string, string> => ({
  PATH: join(folder, 'bin'),
  HOME: folder,
  OPENCLAW_STATE_DIR: state,
  ...more,
});
const options = (more: Partial<InstallOptions> = {}): InstallOptions => ({
  env: env(),
  settings: {},
  receipts: [],
  ...more,
});
const session = () => ({
  env: env(),
  keep: (receipt: InstallReceipt) => {
    kept.push(structuredClone(receipt));
    return Promise.resolve();
  },
  note: (line: string) => void notes.push(line),
});
const install = async (plan: InstallPlan): Promise<InstallReceipt> => {
  assert.deepEqual(plan.obstacles, []);
  return adapter.install(plan, session());
};

describe('openclaw install', () => {
  it('pairs, proves it by the agents, and leaves the configuration alone; again nothing is left to do', async () => {
    const before = readFileSync(configFile());
    const plan = await adapter.plan(options({ settings: { test: true } }));
    assert.equal(plan.steps.length, 3);
    assert.equal((await gateway.state()).connects, 0, 'a plan only looks');
    const receipt = await install(plan);
    assert.ok(kept.length > 0);
    assert.deepEqual(
      receipt.agents?.map(({ name, settings }) => [name, settings]),
      [
        ['openclaw', { agent: 'main' }],
        ['openclaw-work', { agent: 'work' }],
      ],
    );
    assert.ok(notes.some((note) => note.includes('main answered')));
    assert.equal(JSON.stringify([receipt, kept]).includes(TOKEN), false, 'no secret is in a receipt');
    assert.deepEqual((await adapter.plan(options({ receipts: [receipt] }))).steps, []);

    await adapter.uninstall(receipt, session());
    assert.equal((await gateway.state()).paired, 0);
    assert.deepEqual(readFileSync(configFile()), before);
  });

  it('--a2a: one checked change, and back to each byte and permission', async () => {
    const before = readFileSync(configFile());
    const receipt = await install(await adapter.plan(options({ settings: { a2a: true } })));
    const peer = receipt.agents?.find(({ kind }) => kind === 'a2a');
    assert.ok((peer?.token ?? '').length >= 32);
    assert.ok(readFileSync(configFile(), 'utf8').includes(peer?.token ?? 'nothing'));
    assert.equal(readFileSync(configFile(), 'utf8').includes('"url"'), false, 'it never calls out');
    const again = await adapter.plan(options({ settings: { a2a: true }, receipts: [receipt] }));
    assert.deepEqual(again.steps, []);
    const second = await install(again);
    assert.deepEqual(second, receipt);

    await adapter.uninstall(second, session());
    assert.deepEqual(readFileSync(configFile()), before);
    assert.equal(statSync(configFile()).mode & 0o777, 0o640);
    assert.equal(existsSync(`${configFile()}.before-agentmesh`), false);
  });

  it('--a2a, and somebody changed the file since: only our entry goes, and that is said', async () => {
    const receipt = await install(await adapter.plan(options({ settings: { a2a: true } })));
    writeFileSync(configFile(), readFileSync(configFile(), 'utf8').replace('"local"', '"local", "x": 1'));
    await adapter.uninstall(receipt, session());
    const now = JSON.parse(readFileSync(configFile(), 'utf8')) as {
      gateway: { x?: number };
      channels: object;
    };
    assert.equal(now.gateway.x, 1);
    assert.equal(JSON.stringify(now.channels).includes('agentmesh'), false);
    assert.ok(notes.some((note) => note.includes('changed since')));
  });

  it('broken off before the change: what was kept is enough to take it back', async () => {
    const before = readFileSync(configFile());
    const plan = await adapter.plan(options({ settings: { a2a: true } }));
    chmodSync(join(folder, 'bin', 'openclaw'), 0o644);
    await assert.rejects(
      adapter.install(plan, session()),
      (error) => error instanceof MeshError && error.code === 'install_failed',
    );
    const last = kept.at(-1);
    assert.ok(last !== undefined);
    await adapter.uninstall(last, session());
    assert.deepEqual(readFileSync(configFile()), before);
    assert.ok(notes.some((note) => note.includes('openclaw devices remove')));
  });

  it('what is in the way is said with its remedy', async () => {
    const cases: [string, Partial<InstallOptions>, string][] = [
      ['no program', { env: { PATH: '/nowhere', HOME: folder } }, 'npm install -g openclaw'],
      ['no configuration', { dir: join(folder, 'nothing') }, 'openclaw onboard'],
      ['too old', { env: env({ OPENCLAW_TEST_VERSION: '2026.8.1' }) }, 'openclaw update'],
      ['unknown setting', { settings: { magic: true } }, 'Leave it away'],
    ];
    for (const [name, more, remedy] of cases) {
      const plan = await adapter.plan(options(more));
      assert.ok(
        plan.obstacles.some((each) => each.remedy.includes(remedy)),
        `${name}: ${JSON.stringify(plan)}`,
      );
    }
    const obstacle = async (): Promise<string> =>
      (await adapter.plan(options({ settings: { a2a: true } }))).obstacles
        .map(({ message }) => message)
        .join();
    writeFileSync(configFile(), configText(gateway.port, " plugins: { entries: { 'my-a2a': {} } }"));
    assert.match(await obstacle(), /my-a2a/);
    writeFileSync(configFile(), '{ broken');
    assert.match(await obstacle(), /cannot be read/);
    writeFileSync(configFile(), configText(gateway.port));
    await gateway.close();
    assert.match(await obstacle(), /does not answer/);
  });

  it('no gateway runs: the program alone is offered, and left for the gateway once it runs', async () => {
    await gateway.close();
    const [obstacle] = (await adapter.plan(options())).obstacles;
    assert.match(obstacle?.remedy ?? '', /openclaw gateway run.*--without-gateway/);
    const settings = { without_gateway: true };
    const alone = await adapter.plan(options({ settings }));
    assert.match(alone.found?.join() ?? '', /no gateway answers .* one run at a time/);
    assert.equal(alone.steps.length, 1);
    assert.match(
      (await adapter.plan(options({ settings: { ...settings, a2a: true } }))).obstacles[0]?.message ?? '',
      /A2A channel/,
    );
    const receipt = await install(alone);
    assert.deepEqual(
      receipt.agents?.map(({ name, command, env: own }) => [name, command, own?.['OPENCLAW_STATE_DIR']]),
      ['openclaw', 'openclaw-work'].map((name) => [name, [join(folder, 'bin', 'openclaw')], state]),
    );
    assert.deepEqual((await adapter.plan(options({ receipts: [receipt] }))).steps, [], 'it stays so');

    gateway = await startGateway(folder, { token: TOKEN, agents: ['main', 'work'] });
    writeFileSync(configFile(), configText(gateway.port));
    assert.match((await adapter.plan(options({ settings }))).obstacles[0]?.message ?? '', /A gateway runs/);
    const better = await install(await adapter.plan(options({ receipts: [receipt] })));
    assert.deepEqual(
      better.agents?.map(({ name, url }) => [name, url !== undefined]),
      [
        ['openclaw', true],
        ['openclaw-work', true],
      ],
    );
    await adapter.uninstall(receipt, session());
    assert.equal(
      (await gateway.state()).paired,
      1,
      'an install of the program alone has nothing to take back',
    );
    await adapter.uninstall(better, session());
    assert.equal((await gateway.state()).paired, 0);
  });

  it('is found without an install: by its gateway, which says how to let the mesh in, else by its program', async () => {
    const found = async (more: Record<string, string> = {}): Promise<Found[]> => {
      const all: Found[] = [];
      for await (const each of discover(nodePorts(pino({ level: 'silent' }), {}), env(more))) all.push(each);
      return all;
    };
    const [running, ...others] = await found();
    assert.ok(running !== undefined && others.length === 0);
    assert.deepEqual(running.entry, {
      name: 'openclaw',
      kind: 'openclaw',
      url: `http://127.0.0.1:${String(gateway.port)}/`,
      settings: { agent: 'main' },
    });
    assert.match(
      running.detail,
      /^OpenClaw 2026\.9\.6 \(.*\), its gateway answers; .*agentmesh openclaw install$/,
    );
    const target = targetAt(gateway.url);
    const probe = await adapter.probe(target, { signal: AbortSignal.timeout(5_000) });
    assert.deepEqual(
      [probe.problem?.code, probe.problem?.message],
      ['auth', 'The gateway does not know the mesh yet. To let it in: agentmesh openclaw install'],
    );
    await gateway.close();
    const [alone] = await found();
    assert.deepEqual(alone?.entry.command, [join(folder, 'bin', 'openclaw')]);
    assert.match(alone?.detail ?? '', /no gateway answers; .*openclaw gateway run/);
    assert.deepEqual(await found({ PATH: '/nowhere' }), []);
  });

  it('a gateway that waits for a person: the command to type', async () => {
    await gateway.close();
    gateway = await startGateway(folder, { token: TOKEN, isPairingByHand: true });
    writeFileSync(configFile(), configText(gateway.port));
    const plan = await adapter.plan(options());
    await assert.rejects(adapter.install(plan, session()), (error) => {
      assert.ok(error instanceof MeshError);
      assert.match(
        String(error.extra['remedy']),
        /type: openclaw devices approve [\w-]+; then run this again/,
      );
      return true;
    });
    await gateway.control('approve');
    assert.equal((await install(plan)).agents?.length, 1);
  });
});
