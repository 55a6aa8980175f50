// Bad input of every sort at the real daemon and the real CLI: one clear error with its code each, the exit code of the
// catalogue, and nothing lost or left behind. (A full disk has full-disk.test.ts.)
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agentmesh } from '#cli/testing/fake-daemon';
import { ERRORS, type ErrorCode, EXIT } from '#machines/nouns/error-codes';
import { FILES } from '#machines/nouns/data-folder';
import { MeshUnderFire } from '#tests/reliability/mesh-under-fire';
import { teamRun } from './ended.ts';

const CARD_BYTES = 10 << 20;

/** What stood in the log before: two events of other writers among what is none. */
const GARBAGE = [
  '{"ts":"2026-02-19T09:12:00+00:00","run_id":"old","event_type":"status","task_id":null,"step":null,"message":"working","metadata":{}}',
  'no JSON at all',
  '{"half":',
  '[]',
  '{"schema_version":"1","ts":"2026-02-19T09:12:01Z","run_id":"old","kind":"banana","payload":{}}',
  '{"schema_version":"7","ts":"2026-02-19T09:12:01Z","run_id":"old","kind":"status","payload":{"state":"x"}}',
  '\u0000\u0001\ufffd binary \u0007',
  '{"schema_version":"1","ts":"2026-02-19T09:12:02Z","run_id":"old","kind":"message","task_id":null,"step":null,"payload":{"role":"user","text":"kept"},"metadata":{},"team_run_id":null}',
  '',
].join('\n');
const BROKEN_LINES = 6;

let mesh: MeshUnderFire;
before(async () => {
  mesh = await MeshUnderFire.open({ agents: ['calc'], delayMs: 0 });
  writeFileSync(join(mesh.dataDir, FILES.events), GARBAGE, { mode: 0o600 });
  mesh.start();
  await mesh.ready();
  await mesh.client.call('discover', { body: { wait_ms: 20_000 } });
});
after(() => mesh[Symbol.asyncDispose]());

const cli = (argv: readonly string[], stdin = '') =>
  agentmesh(argv, { env: { AGENTMESH_DATA_DIR: mesh.dataDir }, cwd: mesh.dataDir, stdin });

/** One error line with the code, the remedy of the catalogue, its exit code, and nothing on stdout. */
const assertRefused = async (argv: readonly string[], code: ErrorCode, stdin = ''): Promise<string> => {
  const done = await cli(argv, stdin);
  assert.equal(done.code, ERRORS[code].exit, `${argv.join(' ')}: ${done.stderr}`);
  assert.match(done.stderr, new RegExp(`^error: .*\\(${code}\\)$`, 'm'));
  assert.equal((done.stderr.match(/^error:/gm) ?? []).length, 1, done.stderr);
  assert.equal(done.stdout, '');
  const json = await cli([...argv, '-o', 'json'], stdin);
  assert.equal(json.code, ERRORS[code].exit);
  assert.equal((JSON.parse(json.stderr) as { readonly code: string }).code, code);
  return done.stderr;
};

const counts = async () => {
  const { head_seq, counts: now } = await mesh.client.call('healthz');
  const runs = await mesh.client.call('invocations.list', { query: {} });
  const teams = await mesh.client.call('team-runs.list', { query: {} });
  return { head_seq, agents: now.agents, runs: runs.length, teams: teams.length };
};

test('a log with garbage: good lines are events, the others are named and kept aside, none is touched', async () => {
  const { code, stdout } = await cli(['verify', '-o', 'json']);
  assert.equal(code, EXIT.ok);
  const report = JSON.parse(stdout) as {
    ok: boolean;
    lost: number[];
    rejected: { offset: number; reason: string }[];
  };
  assert.deepEqual([report.ok, report.lost, report.rejected.length], [true, [], BROKEN_LINES]);
  for (const { offset, reason } of report.rejected) {
    assert.ok(
      offset === 0 ||
        GARBAGE.charCodeAt(Buffer.from(GARBAGE).subarray(0, offset).toString().length - 1) === 10,
    );
    assert.notEqual(reason, '');
  }
  const events = await mesh.client.call('events.list', { query: { run_id: 'old' } });
  assert.deepEqual(
    events.map(({ kind, payload }) => [kind, payload]),
    [
      ['status', { text: 'working' }],
      ['message', { role: 'user', text: 'kept' }],
    ],
  );
  assert.ok(readFileSync(join(mesh.dataDir, FILES.events), 'utf8').startsWith(GARBAGE));
  const aside = readFileSync(join(mesh.dataDir, FILES.rejected), 'utf8').split('\n').slice(0, -1);
  assert.equal(aside.length, BROKEN_LINES);
});

test('a broken team.yaml leaves no run behind, and every fault is named by its line', async () => {
  const file = join(mesh.dataDir, 'team.yaml');
  const broken: readonly (readonly [string, RegExp])[] = [
    ['kind: Team\nsteps: [}', /2:9/],
    [
      'apiVersion: agentmesh/v1\nkind: Team\nname: x\nroles: {}\nsteps:\n  - { id: a, role: nobody, prompt: hi }\n',
      /nobody/,
    ],
    ['apiVersion: agentmesh/v1\nkind: Team\nname: x\nroels: {}\nsteps: []\n', /roels/],
    [`a: &a [${'x,'.repeat(9)}]\n${'b: [*a,*a,*a]\n'.repeat(3)}`, /./],
  ];
  const was = await counts();
  for (const [text, names] of broken) {
    writeFileSync(file, text);
    const said = await assertRefused(['team', 'run', file], 'invalid_template');
    assert.match(said, names);
    assert.equal((await cli(['team', 'check', file])).code, ERRORS.invalid_template.exit);
  }
  assert.deepEqual(await counts(), was);
});

test('an unknown agent is refused by name, with the nearest one, and no run begins', async () => {
  const was = await counts();
  assert.match(await assertRefused(['run', '--to', 'calk', '1+1'], 'unknown_agent'), /calc/);
  await assertRefused(['run', '--to', 'calc', '--from', 'nobody', '1+1'], 'unknown_agent');
  await assertRefused(['agents', 'get', 'nobody'], 'unknown_agent');
  assert.deepEqual(await counts(), was);
});

test('an unknown kind of event is refused and not recorded', async () => {
  const was = await counts();
  const record = (more: object): string =>
    JSON.stringify({ run_id: 'r', kind: 'message', payload: {}, ...more });
  await assertRefused(['events', 'append'], 'invalid_event', record({ kind: 'banana' }));
  await assertRefused(['events', 'append'], 'invalid_event', '{}');
  await assertRefused(['events', 'append'], 'unsupported_schema_version', record({ schema_version: '7' }));
  assert.deepEqual(await counts(), was);
});

test('a card of 10 MB is refused, and so is one that never ends', async () => {
  let cards = 0;
  const server = createServer((request, response) => {
    if (request.url !== '/.well-known/agent-card.json') {
      response.writeHead(404).end();
      return;
    }
    cards += 1;
    // The first one ends; whoever wanted the others whole would wait for ever.
    let left = cards === 1 ? CARD_BYTES : Number.POSITIVE_INFINITY;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"name":"huge","description":"');
    const piece = 'x'.repeat(1 << 16);
    const more = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= piece.length;
        if (!response.write(piece)) {
          response.once('drain', more);
          return;
        }
      }
      response.end('"}');
    };
    more();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  try {
    const was = await counts();
    const said = await assertRefused(['agents', 'add', `http://127.0.0.1:${address.port}`], 'invalid_card');
    assert.match(said, /1048576 bytes|1 MiB/);
    assert.ok(cards > 1, 'the endless card was asked for');
    assert.deepEqual(await counts(), was);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a dead agent: the run ends with agent_unreachable and is in the trace; a team fails with step, cause and what next', async () => {
  assert.equal((await cli(['run', '--to', 'calc', '1+1'])).stdout.trim(), '2');
  const [calc] = mesh.agents;
  assert.ok(calc);
  await calc.stop('SIGKILL');
  const done = await cli(['run', '--to', 'calc', '1+1']);
  assert.equal(done.code, ERRORS.agent_unreachable.exit, done.stderr);
  assert.match(done.stderr, /\(agent_unreachable\)/);
  const [run] = await mesh.client.call('invocations.list', { query: { limit: 1 } });
  assert.deepEqual([run?.state, run?.error?.code], ['failed', 'agent_unreachable']);
  const file = join(mesh.dataDir, 'team.yaml');
  writeFileSync(
    file,
    'apiVersion: agentmesh/v1\nkind: Team\nname: dead\nroles: { c: { agent: calc } }\nsteps:\n  - { id: sum, role: c, prompt: "1+1" }\n',
  );
  const team = await cli(['team', 'run', file]);
  assert.equal(team.code, EXIT.invocationFailed, team.stderr);
  const [summary] = await mesh.client.call('team-runs.list', { query: { limit: 1 } });
  assert.ok(summary);
  const { failure } = await teamRun(mesh, summary.team_run_id);
  assert.deepEqual([failure?.step, failure?.attempt, failure?.error.code], ['sum', 1, 'agent_unreachable']);
  assert.match(failure?.next ?? '', /agentmesh /);
});

test('after all of it the daemon is well, and table and file agree', async () => {
  assert.equal((await mesh.client.call('verify')).ok, true);
  await mesh.stop();
  assert.deepEqual(mesh.processesLeft(), []);
});
