// doctor: what each source says becomes a line with a remedy, and --fix takes rights away and does nothing else.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { SourceState } from '#machines/nouns/discovery';
import { agentmesh, fakeDaemon, type FakeDaemon } from '../testing/fake-daemon.ts';

interface Told {
  readonly check: string;
  readonly result: string;
  readonly found: string;
  readonly remedy: string;
  readonly fixable: boolean;
}

const source = (more: Partial<SourceState> & Pick<SourceState, 'source'>): SourceState => ({
  state: 'on',
  detail: 'here',
  found: 0,
  ignored: 0,
  ignored_last: null,
  problem: null,
  ...more,
});
const HEALTH = {
  status: 'ok',
  version: '0',
  log_id: 'log',
  head_seq: 0,
  mirror: { ok: true, lag: 0, problem: null },
  problems: [],
  queue: { driver: 'sqlite', problem: null, waiting: 0, dropped: 0 },
  counts: { agents: 0, invocations_active: 0, team_runs_active: 0, approvals_pending: 0 },
  uptime_ms: 1,
};
const AGENT = { name: 'calc', presence: 'reachable', problem: null, trust: 'trusted' };
const PLAN = { dir: null, found: [], steps: [], obstacles: [], plan_sha256: 'x', installation: null };

let sources: readonly SourceState[] = [];
let agents: readonly object[] = [];
let plans: Readonly<Record<string, object>> = {};
let daemon: FakeDaemon;
let folder = '';

before(async () => {
  daemon = await fakeDaemon({
    healthz: () => ({ body: { ...HEALTH, discovery: sources } }),
    verify: () => ({
      body: { ok: true, table_events: 1, file_lines: 1, lost: [], unindexed: [], rejected: [] },
    }),
    'agents.list': () => ({ body: agents }),
    'templates.list': () => ({ body: [] }),
    'installs.plan': ({ body }) => {
      const plan = plans[(body as { kind: string }).kind];
      return plan === undefined
        ? { status: 400, body: { code: 'unsupported_agent_kind', detail: 'no such kind' } }
        : { body: plan };
    },
  });
});
after(() => daemon.close());
beforeEach((test) => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  sources = [];
  agents = [AGENT];
  plans = {};
  if ('after' in test) test.after(() => rmSync(folder, { recursive: true, force: true }));
});

const ask = (...more: readonly string[]) =>
  agentmesh(['doctor', '--json', '--data-dir', folder, '--daemon-url', daemon.url, ...more]);
const findings = async (...more: readonly string[]): Promise<ReadonlyMap<string, Told>> => {
  const { stdout } = await ask(...more);
  return new Map((JSON.parse(stdout) as Told[]).map((finding) => [finding.check, finding]));
};

void describe('doctor: sources', () => {
  it('one that looks, one that is off, one that is not there are well', async () => {
    sources = [
      source({
        source: 'mdns',
        detail: 'port 5353 of 10.0.0.1',
        found: 2,
        ignored: 3,
        ignored_last: 'x: its url is odd',
      }),
      source({ source: 'programs', state: 'off', detail: 'switched off' }),
      source({ source: 'tailnet', state: 'absent', detail: 'no tailscaled on this machine' }),
    ];
    const all = await findings();
    assert.deepEqual(
      ['mdns', 'programs', 'tailnet'].map((name) => [all.get(name)?.result, all.get(name)?.found]),
      [
        [
          'ok',
          'port 5353 of 10.0.0.1: 2 agents named, 3 announcements ignored (the last: x: its url is odd)',
        ],
        ['ok', 'switched off'],
        ['ok', 'no tailscaled on this machine'],
      ],
    );
  });

  it('one that cannot look is a warning with a remedy, and no failure', async () => {
    sources = [source({ source: 'mdns', state: 'failed', problem: 'bind EADDRINUSE 0.0.0.0:5353' })];
    const { code, stdout } = await ask();
    const mdns = (JSON.parse(stdout) as Told[]).find(({ check }) => check === 'mdns');
    assert.equal(mdns?.result, 'warning');
    assert.match(mdns.found, /EADDRINUSE/);
    assert.match(mdns.remedy, /UDP port/);
    assert.equal(code, 0);
  });

  it('agents that only a machine has named, and that do not answer, are nobody’s failure', async () => {
    agents = [AGENT, { ...AGENT, name: 'x', presence: 'seen', trust: 'seen', problem: 'does not answer' }];
    const { code, stdout } = await ask();
    assert.match(stdout, /1 known, none lost/);
    assert.match(stdout, /found, not trusted, and given no work: x/);
    assert.equal(code, 0);
    agents = [AGENT, { ...AGENT, name: 'y', trust: 'seen', card_signature: 'invalid', problem: 'wrong' }];
    assert.equal((await ask()).code, 0);
    agents = [{ ...AGENT, presence: 'lost', problem: 'does not answer' }];
    assert.equal((await ask()).code, 1);
  });

  it('without a daemon they are skipped, each by its name', async () => {
    const { stdout } = await agentmesh(['doctor', '--json', '--data-dir', folder]);
    const skipped = (JSON.parse(stdout) as Told[]).filter(({ result }) => result === 'skipped');
    assert.deepEqual(
      skipped.map(({ check }) => check),
      ['database', 'agents', 'trust', 'templates', 'mdns', 'programs', 'tailnet'],
    );
  });
});

void describe('doctor: programs that can be installed', () => {
  it('are told apart: not here, here, part of the mesh, no longer as they were', async () => {
    const [obstacle] = [
      { code: 'install_blocked', message: 'OpenClaw is not on this machine', remedy: 'Install it.' },
    ];
    plans = { openclaw: { ...PLAN, kind: 'openclaw', obstacles: [obstacle] } };
    assert.deepEqual((await findings()).get('openclaw')?.result, 'skipped');
    assert.equal((await findings()).has('nanoclaw'), false, 'a kind that this daemon does not know');

    const here = {
      ...PLAN,
      kind: 'openclaw',
      dir: '/opt/oc',
      found: ['OpenClaw 2026.9.6'],
      steps: [{ change: 'pairs' }],
    };
    plans = { openclaw: here };
    const offered = (await findings()).get('openclaw');
    assert.deepEqual([offered?.result, offered?.remedy], ['ok', '']);
    assert.match(offered?.found ?? '', /agentmesh openclaw install/);

    const installation = {
      kind: 'openclaw',
      dir: '/opt/oc',
      installed_at: 'x',
      complete: true,
      steps: [],
      agents: [],
    };
    plans = { openclaw: { ...here, steps: [], installation } };
    assert.match((await findings()).get('openclaw')?.found ?? '', /part of the mesh: OpenClaw 2026.9.6/);

    plans = { openclaw: { ...here, installation } };
    const changed = (await findings()).get('openclaw');
    assert.deepEqual(
      [changed?.result, changed?.found],
      ['warning', 'OpenClaw at /opt/oc is not as it was installed: pairs'],
    );
  });
});

void describe('doctor --fix', () => {
  const mode = (path: string): number => statSync(path).mode & 0o777;

  it('closes a folder and a file with credentials that others could read, and says so', async () => {
    const bootstrap = join(folder, 'bootstrap.json');
    writeFileSync(bootstrap, JSON.stringify({ agents: [{ url: 'http://127.0.0.1:1', token: 'secret' }] }));
    chmodSync(bootstrap, 0o644);
    chmodSync(folder, 0o755);
    const before = await findings();
    for (const check of ['data folder', 'bootstrap'])
      assert.deepEqual([before.get(check)?.result, before.get(check)?.fixable], ['warning', true], check);
    assert.deepEqual([mode(folder), mode(bootstrap)], [0o755, 0o644], 'looking changes nothing');
    const fixed = await findings('--fix');
    for (const check of ['data folder', 'bootstrap']) assert.equal(fixed.get(check)?.result, 'fixed', check);
    assert.deepEqual([mode(folder), mode(bootstrap)], [0o700, 0o600]);
    const later = await findings('--fix');
    for (const check of ['data folder', 'bootstrap']) assert.equal(later.get(check)?.result, 'ok', check);
    assert.ok(!JSON.stringify([...before.values(), ...fixed.values()]).includes('secret'));
  });

  it('leaves a file without credentials as it is', async () => {
    const bootstrap = join(folder, 'bootstrap.json');
    writeFileSync(bootstrap, JSON.stringify({ agents: [{ url: 'http://127.0.0.1:1' }] }));
    chmodSync(bootstrap, 0o644);
    await findings('--fix');
    assert.equal(mode(bootstrap), 0o644);
  });
});
