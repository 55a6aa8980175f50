// A disk that is full: one clear error with its code for each write, nothing acknowledged is lost, and all goes on by
// itself once there is room.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, MeshError } from '#api/contract/client';
import { agentmesh } from '#cli/testing/fake-daemon';
import { ERRORS, EXIT } from '#machines/nouns/error-codes';
import { FILES } from '#machines/nouns/data-folder';
import { Mesh, until } from '#tests/reliability/processes/mesh';
import { smallDisk } from './small-disk.ts';

const TEXT = 'x'.repeat(60_000);
/** From one that fills quickly to one that finds the last free page. */
const SIZES = [60_000, 6_000, 600, 1];
/** Far more than fits. */
const POSTS_MOST = 5_000;

/** Fails once, then works: what it did stands in `mark`, outside the small disk. */
const agentOf = (mark: string) => ({
  name: 'second-time',
  command: ['/bin/sh', '-c', `cat > /dev/null; [ -e '${mark}' ] && echo done || { : > '${mark}'; exit 3; }`],
});
const TEAM = `apiVersion: agentmesh/v1
kind: Team
name: patient
roles: { worker: { agent: second-time } }
steps:
  - { id: one, role: worker, prompt: x, retry: { max: 1, initial: 2s, jitter: false } }
`;

test('a full disk refuses writes with one code, keeps what it acknowledged, and needs no restart to go on', async (t) => {
  await using mesh = new Mesh();
  const outside = mkdtempSync(join(tmpdir(), 'agentmesh-'));
  const disk = smallDisk(mesh.dataDir);
  t.diagnostic(`the disk is made small by ${disk.by}`);
  try {
    const bootstrap = JSON.stringify({ agents: [agentOf(join(outside, 'mark'))] });
    writeFileSync(join(mesh.dataDir, FILES.bootstrap), bootstrap, { mode: 0o600 });
    const daemon = await mesh.up({ AGENTMESH_LOG_LEVEL: 'error' });
    const client = createClient({ baseUrl: daemon.info.url });
    const { worker_pid: pid } = daemon.info;
    const acknowledged = new Map<string, string>();
    const post = async (text: string): Promise<void> => {
      const body = { run_id: 'r', kind: 'message', payload: { role: 'user', text } };
      const event = await client.call('events.append', { body });
      acknowledged.set(event.id, JSON.stringify(event));
    };
    const refused = async (attempt: () => Promise<unknown>): Promise<string> => {
      const error = await attempt().then(
        () => assert.fail('it was taken'),
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof MeshError, String(error));
      assert.equal(ERRORS[error.code].status, 507);
      return error.code;
    };

    // A step waits for its next attempt; its time comes while the disk is full.
    const start = { template: { text: TEAM, origin: 'test' }, inputs: {} };
    const { team_run_id } = await client.call('team-runs.start', { body: start });
    const statusOf = async () => (await client.call('team-runs.get', { params: { team_run_id } })).status;
    await until('a run that waits', async () => (await statusOf()) === 'retrying');
    const due = sleep(2_500);

    disk.fill(pid);
    let posts = 0;
    for (const size of SIZES) {
      let full: unknown = null;
      while (full === null) {
        assert.ok((posts += 1) < POSTS_MOST, 'the disk was never full');
        await post('x'.repeat(size)).catch((error: unknown) => (full = error));
      }
      assert.ok(full instanceof MeshError);
      assert.ok(disk.codes.includes(full.code), full.code);
    }
    assert.ok(acknowledged.size > 0);

    // Each writer hears the same; readers are served.
    assert.ok(disk.codes.includes(await refused(() => post(TEXT))));
    const line = JSON.stringify({ run_id: 'r', kind: 'message', payload: { role: 'user', text: TEXT } });
    const cli = await agentmesh(['events', 'append', '-'], {
      env: { AGENTMESH_DATA_DIR: mesh.dataDir },
      stdin: line,
    });
    assert.equal(cli.code, EXIT.storage, cli.stderr);
    assert.match(cli.stderr, /^error: .*\((disk_full|storage_failed)\)$/m);
    assert.equal((cli.stderr.match(/^error:/gm) ?? []).length, 1);
    const seen = new Set<string>();
    for await (const { id } of client.events({})) seen.add(id);
    assert.deepEqual(
      [...acknowledged.keys()].filter((id) => !seen.has(id)),
      [],
    );

    assert.ok(disk.codes.includes(await refused(() => client.call('team-runs.start', { body: start }))));
    await due;
    assert.equal(await statusOf(), 'retrying');

    disk.makeRoom(pid);
    await until('a write that is taken again', () =>
      post('room again').then(
        () => true,
        () => false,
      ),
    );
    await until('a mirror that has caught up', async () => (await client.call('healthz')).mirror.ok);
    await until('the end of the run that waited', async () => (await statusOf()) === 'completed');
    const verified = await client.call('verify');
    assert.deepEqual([verified.ok, verified.lost, verified.unindexed], [true, [], []]);
    daemon.child.kill('SIGTERM');
    assert.deepEqual(await daemon.ended, { code: 0, signal: null });
    const lines = new Set(readFileSync(join(mesh.dataDir, FILES.events), 'utf8').split('\n'));
    assert.deepEqual(
      [...acknowledged].filter(([, json]) => !lines.has(json)).map(([id]) => id),
      [],
    );
  } finally {
    for (const each of mesh.processes()) process.kill(each, 'SIGKILL');
    await mesh.empty();
    disk.remove();
    rmSync(outside, { recursive: true, force: true });
  }
});
