// Discovery as its user has it: a daemon that looks around on a link of the test's own, and what its commands say of it.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Browser } from 'playwright-core';
import type { Agent } from '#machines/nouns/agent';
import type { SourceState } from '#machines/nouns/discovery';
import { openTestLink, recordsOf, type TestLink } from '../../engine/discovery/mdns/mdns.testlink.ts';
import { keepPicture, launchBrowser, openPage } from './browser.ts';
import { agentmesh } from '../../cli/testing/fake-daemon.ts';
import { Mesh, until } from '../reliability/processes/mesh.ts';
import { startSampleAgent, type SampleAgent } from '../reliability/sample-agents.ts';

let link: TestLink;
let calc: SampleAgent;
let ledgers = '';
let browser: Browser;
let daemonUrl = '';
const mesh = new Mesh();
const ask = (...argv: readonly string[]) =>
  agentmesh(argv, { env: { AGENTMESH_DATA_DIR: mesh.dataDir }, cwd: mesh.dataDir });
const list = async (): Promise<Agent[]> => JSON.parse((await ask('agents', '-o', 'json')).stdout) as Agent[];
const sources = async (): Promise<SourceState[]> =>
  (JSON.parse((await ask('status', '-o', 'json')).stdout) as { discovery: SourceState[] }).discovery;

before(async () => {
  link = await openTestLink();
  ledgers = mkdtempSync(join(tmpdir(), 'ledgers-'));
  calc = await startSampleAgent('calc', ledgers, 0);
  browser = await launchBrowser();
});
after(async () => {
  await browser.close();
  await mesh[Symbol.asyncDispose]();
  await calc.stop();
  await link[Symbol.asyncDispose]();
  rmSync(ledgers, { recursive: true, force: true });
});

const look = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  AGENTMESH_DISCOVERY: 'mdns,tailnet',
  AGENTMESH_MDNS_PORT: String(link.port),
  AGENTMESH_MDNS_INTERFACES: '127.0.0.1',
  AGENTMESH_TAILSCALED: join(mesh.dataDir, 'no-tailscaled.sock'),
  ...more,
});

void describe('a daemon that looks around', () => {
  it('finds nobody soon, itself included, though it announces itself', async () => {
    const run = await mesh.up(look({ AGENTMESH_ANNOUNCE: 'on' }));
    daemonUrl = run.info.url;
    const port = Number(new URL(daemonUrl).port);
    const heard = link.browse('a2a');
    await until('the announcement', () => heard.services.some((service) => service.port === port));
    const { code, stderr } = await ask('discover');
    assert.equal(code, 11, stderr);
    assert.deepEqual(await list(), []);
    const [mdns, programs, tailnet] = await sources();
    assert.deepEqual(
      [mdns?.state, mdns?.ignored, programs?.state, tailnet?.state],
      ['on', 0, 'off', 'absent'],
    );
    assert.equal((await ask('status')).code, 0);
  });

  it('lists who announces itself, with where it was found, and asks before it works', async () => {
    const announced = link.announce({ type: 'a2a', name: 'calc', port: Number(new URL(calc.url).port) });
    const { code, stdout } = await ask('discover', '-o', 'json');
    assert.equal(code, 0);
    const [agent] = JSON.parse(stdout) as Agent[];
    assert.deepEqual(
      [agent?.name, agent?.presence, agent?.trust, agent?.provenance[0]?.detail],
      ['calc', 'reachable', 'seen', 'calc._a2a._tcp.local'],
    );
    assert.ok((agent?.skills.length ?? 0) > 0);
    assert.notEqual(agent?.version, null);
    assert.notEqual(agent?.latency_ms, null);
    const refused = await ask('run', '--to', 'calc', '1+1');
    assert.equal(refused.code, 12);
    assert.match(refused.stderr, /agentmesh agents trust calc/);
    assert.deepEqual(await calc.effects(), []);
    // The console says so beside its name, and what to type.
    const { page, complaints } = await openPage(browser, { colorScheme: 'dark' });
    await page.goto(`${daemonUrl}/agents`);
    const row = page.locator('[data-agent=calc]');
    await row.getByText('not trusted').waitFor();
    await row.click();
    await page.getByText('npx agentmesh agents trust calc').waitFor();
    await keepPicture(page, 'agents-untrusted-dark');
    assert.equal((await ask('agents', 'trust', 'calc')).code, 0);
    await row.getByText('not trusted').waitFor({ state: 'detached' });
    assert.deepEqual(complaints, []);
    await page.context().close();
    assert.equal((await ask('run', '--to', 'calc', '1+1')).stdout.trim(), '2');
    await announced.stop();
  });

  it('resolves an alias and a skill, and names who could have been meant', async () => {
    assert.equal((await ask('agents', 'alias', 'calc', 'reckoner')).code, 0);
    assert.equal((await ask('run', '--to', 'reckoner', '2+2')).stdout.trim(), '4');
    const [{ skills } = { skills: [] }] = await list();
    const skill = `skill:${skills[0]?.id ?? ''}`;
    const answered = await ask('run', '--to', skill, '3+3', '-o', 'json');
    assert.equal((JSON.parse(answered.stdout) as { agent: string }).agent, 'calc');
    assert.equal((await ask('run', '--to', 'skill:nothing', 'x')).code, 20);
    await ask('agents', 'add', '--name', 'other', '--skill', skills[0]?.id ?? '', '--command', 'true');
    const ambiguous = await ask('run', '--to', skill, '3+3');
    assert.equal(ambiguous.code, 21);
    assert.match(ambiguous.stderr, /calc and other/);
    assert.equal((await ask('agents', 'alias', 'reckoner', 'reckoner', '--remove')).code, 0);
    assert.equal((await ask('run', '--to', 'reckoner', 'x')).code, 20);
  });

  it('is not sent anywhere by what others announce', async () => {
    const visited: string[] = [];
    const trap: Server = createServer((request, response) => {
      visited.push(String(request.url));
      response.end('{}');
    });
    trap.listen(0, '127.0.0.1');
    await once(trap, 'listening');
    const { port } = trap.address() as { port: number };
    const urls = [
      `http://localhost:${String(port)}/`,
      `http://127.0.0.1:${String(port)}/`,
      'http://169.254.169.254/latest/meta-data/',
      'javascript:alert(1)',
    ];
    for (const [n, url] of urls.entries())
      await link.send(
        recordsOf({ type: 'a2a', name: `evil${String(n)}`, port: 1, txt: { url, token: 'x' } }),
      );
    await ask('discover', '--wait', '3s');
    const known = await list();
    assert.deepEqual(known.map(({ name }) => name).sort(), ['calc', 'other']);
    assert.deepEqual(visited, []);
    const [mdns] = await sources();
    assert.equal(mdns?.ignored, urls.length);
    trap.close();
    await once(trap, 'close');
    const run = await ask('down');
    assert.equal(run.code, 0);
    await mesh.empty();
  });
});

void describe('a daemon that cannot look, or shall not', () => {
  it('works all the same, and says why once', async () => {
    const holder = createSocket({ type: 'udp4', reuseAddr: false });
    holder.bind(0, '0.0.0.0');
    await once(holder, 'listening');
    try {
      await mesh.up(
        look({ AGENTMESH_DISCOVERY: 'mdns', AGENTMESH_MDNS_PORT: String(holder.address().port) }),
      );
      await until('the problem', async () => (await sources())[0]?.problem !== null);
      const status = await ask('status');
      assert.equal(status.code, 0, 'the daemon is not degraded by it');
      assert.equal(status.stdout.split('EADDRINUSE').length, 2);
      const discover = await ask('discover');
      assert.equal(discover.stderr.split('EADDRINUSE').length, 2);
      const doctor = await ask('doctor');
      assert.match(doctor.stdout, /^warning +mdns +.*EADDRINUSE/m);
      assert.equal((await ask('run', '--to', 'calc', '1+1')).stdout.trim(), '2');
    } finally {
      holder.close();
      await ask('down');
      await mesh.empty();
    }
  });

  it('opens no socket when it is switched off', async () => {
    const holder = createSocket({ type: 'udp4', reuseAddr: false });
    await mesh.up(look({ AGENTMESH_DISCOVERY: 'off' }));
    try {
      await ask('discover');
      assert.deepEqual(
        (await sources()).map(({ state }) => state),
        ['off', 'off', 'off'],
      );
      // Nobody else has it: an exclusive bind of the very port succeeds once the test's own link is closed.
      await link[Symbol.asyncDispose]();
      holder.bind({ port: link.port, address: '0.0.0.0', exclusive: true });
      await once(holder, 'listening');
      holder.close();
    } finally {
      await ask('down');
      link = await openTestLink();
    }
  });
});
