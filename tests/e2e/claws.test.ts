// The line of the plan with the real daemon: OpenClaw and NanoClaw are installed, one asks the other, both are in the trace,
// and what was made for them is taken back. Both are played: a gateway and a host with the wires of the real ones.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { agentmesh } from '#cli/testing/fake-daemon';
import { FakeHost } from '#engine/agents/nanoclaw/nanoclaw.testhost';
import { startGateway, type TestGateway } from '#engine/agents/openclaw/openclaw.testserver';

const PROGRAM = fileURLToPath(
  new URL('../../engine/agents/openclaw/openclaw.testprogram.ts', import.meta.url),
);
const TOKEN = 'the-gateway-token-0123456789';
const folder = mkdtempSync(join(tmpdir(), 'agentmesh-claws-'));
const state = join(folder, 'state');
const configFile = join(state, 'openclaw.json');
const env = {
  AGENTMESH_DATA_DIR: join(folder, 'data'),
  HOME: folder,
  PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
  OPENCLAW_STATE_DIR: state,
  NANOCLAW_DIR: join(folder, 'nanoclaw'),
};
const ask = (...argv: readonly string[]) => agentmesh(argv, { env, cwd: folder });
const done = async (...argv: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await ask(...argv);
  assert.equal(code, 0, `${argv.join(' ')}: ${stderr}`);
  return stdout;
};

let gateway: TestGateway;
let host: FakeHost;
let config = '';
before(async () => {
  mkdirSync(state);
  mkdirSync(join(folder, 'bin'));
  const program = join(folder, 'bin', 'openclaw');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`);
  chmodSync(program, 0o755);
  gateway = await startGateway(folder, { token: TOKEN });
  config = JSON.stringify({
    gateway: { mode: 'local', port: gateway.port, auth: { mode: 'token', token: TOKEN } },
  });
  writeFileSync(configFile, config, { mode: 0o600 });
  host = await FakeHost.start(env.NANOCLAW_DIR);
  await done('up', '--port', '0');
});
after(async () => {
  await ask('down');
  await host.stop();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
});

void test('a plan shows each command and changes nothing; status says that nothing is installed', async () => {
  const plan = await done('nanoclaw', 'install', '--dry-run');
  assert.match(plan, /bin\/ncl messaging-groups create --channel-type agentmesh --platform-id mesh:main/);
  assert.deepEqual(host.rows('messaging_groups'), []);
  assert.equal((await ask('nanoclaw', 'status')).code, 20);
});

void test('run --from openclaw --to nanoclaw "1+1" prints 2, with a trace that shows both', async () => {
  await done('openclaw', 'install', '--yes');
  await done('nanoclaw', 'install', '--yes');
  assert.equal((await ask('nanoclaw', 'status')).code, 0);
  const answer = await done('run', '--from', 'openclaw', '--to', 'nanoclaw', '1+1');
  assert.equal(answer.trim(), '2');
  const runs = JSON.parse(await done('runs', 'list', '-o', 'json')) as { run_id: string }[];
  const trace = await done('trace', runs[0]?.run_id ?? '');
  for (const name of ['openclaw', 'nanoclaw']) assert.ok(trace.includes(name), `${name} in ${trace}`);
  assert.equal(host.effects.size, 1);
});

void test('a host that does not run is in the way: why, how to start it, exit 13', async () => {
  const stopped = join(folder, 'stopped');
  mkdirSync(stopped);
  writeFileSync(join(stopped, 'package.json'), '{"name":"nanoclaw","version":"2.4.0"}');
  const { code, stderr } = await ask('nanoclaw', 'install', '--yes', '--dir', 'stopped');
  assert.equal(code, 13, stderr);
  assert.match(stderr, /does not run[\s\S]*Start it/);
});

void test('uninstall takes back what was made, and says what NanoClaw keeps', async () => {
  const told = await done('nanoclaw', 'uninstall');
  assert.match(told, /left the messaging group mesh:main/);
  assert.deepEqual(host.rows('messaging_group_agents'), []);
  assert.deepEqual(host.rows('agent_destinations'), []);
  await done('openclaw', 'uninstall');
  assert.equal(readFileSync(configFile, 'utf8'), config);
  const agents = JSON.parse(await done('agents', 'list', '-o', 'json')) as unknown[];
  assert.deepEqual(agents, []);
});
