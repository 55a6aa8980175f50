// Installing a NanoClaw: what the plan shows is what is sent, doing it again changes nothing, and what was made is taken back.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { AgentEntrySchema } from '#machines/nouns/agent';
import { MeshError } from '#machines/nouns/error';
import type { InstallOptions, InstallPlan, InstallReceipt } from '../adapter.ts';
import { createNanoclawAdapter } from './adapter.ts';
import { FakeHost, type FakeHostOptions } from './nanoclaw.testhost.ts';
import { ports, wire } from './nanoclaw.testkit.ts';

const adapter = createNanoclawAdapter(ports);

/** What an install or uninstall tells and keeps. */
const session = (): { env: object; kept: InstallReceipt[]; notes: string[] } & Parameters<
  typeof adapter.install
>[1] => {
  const kept: InstallReceipt[] = [];
  const notes: string[] = [];
  return {
    env: {},
    kept,
    notes,
    keep(receipt) {
      kept.push(receipt);
      return Promise.resolve();
    },
    note: (line) => void notes.push(line),
  };
};

interface Bench {
  readonly host: FakeHost;
  plan(settings?: InstallOptions['settings'], receipts?: readonly InstallReceipt[]): Promise<InstallPlan>;
}

const withHost = async (options: FakeHostOptions, work: (bench: Bench) => Promise<void>): Promise<void> => {
  const root = mkdtempSync(join(tmpdir(), 'nanoclaw-install-'));
  const host = await FakeHost.start(join(root, 'nanoclaw'), options);
  try {
    await work({
      host,
      plan: (settings = {}, receipts = []) => adapter.plan({ dir: host.dir, env: {}, settings, receipts }),
    });
  } finally {
    await host.stop();
    rmSync(root, { recursive: true, force: true });
  }
};

/** The admin commands that changed something since the last look, as a person would type them. */
const sent = ({ commands }: FakeHost): string[][] =>
  commands
    .splice(0)
    .map((line) => JSON.parse(line) as { command: string; args: Record<string, unknown> })
    .filter(({ command }) => /-(?:create|add|delete|remove|update)$/.test(command))
    .map(({ command, args }) => {
      const at = command.lastIndexOf('-');
      const flags = Object.entries(args).flatMap(([name, value]) => [
        `--${name.replaceAll('_', '-')}`,
        String(value),
      ]);
      return ['bin/ncl', command.slice(0, at), command.slice(at + 1), ...flags];
    });

/** All that an install can touch. */
const tables = (host: FakeHost): unknown =>
  ['messaging_groups', 'messaging_group_agents', 'agent_destinations', 'users', 'user_roles'].map((table) =>
    host.rows(table),
  );

/** A shown command with the ids that NanoClaw gave meanwhile. */
const withIds = (host: FakeHost, command: readonly string[]): string[] =>
  command.map((word) => {
    const row = host.rows('messaging_groups').find((each) => `ID_OF_${String(each['platform_id'])}` === word);
    return row === undefined ? word : String(row['id']);
  });

for (const version of ['2.0.64', '2.4.0'] as const) {
  describe(`nanoclaw ${version}: install`, () => {
    it('sends the commands that the plan shows, no other, and takes back all that they made', () =>
      withHost({ version, groups: ['main', 'family'] }, async ({ host, plan }) => {
        const before = tables(host);
        const first = await plan({ group: 'main' });
        assert.deepEqual(first.obstacles, []);
        assert.ok(first.found?.some((line) => line.includes(version)));
        assert.equal(first.steps.length, version === '2.0.64' ? 3 : 6);
        assert.deepEqual(sent(host), [], 'a plan changes nothing');
        const told = session();
        const receipt = await adapter.install(first, told);
        assert.deepEqual(
          sent(host),
          first.steps.map(({ command = [] }) => withIds(host, command)),
        );
        assert.deepEqual(told.kept, [receipt]);
        assert.deepEqual(receipt.agents, [
          { name: 'nanoclaw-main', kind: 'nanoclaw', dir: host.dir, settings: { agent: 'main' } },
        ]);
        for (const entry of receipt.agents ?? []) assert.deepEqual(AgentEntrySchema.parse(entry), entry);
        assert.deepEqual((await plan({}, [receipt])).steps, [], 'nothing is left to do');
        const undone = session();
        await adapter.uninstall(receipt, undone);
        assert.equal(sent(host).length, version === '2.0.64' ? 3 : 9);
        assert.deepEqual(tables(host), before);
        assert.ok(undone.notes.some((line) => line.includes('took the messaging group mesh:main away')));
        assert.ok(!undone.notes.some((line) => line.startsWith('left')));
        await adapter.uninstall(receipt, session());
        assert.deepEqual(sent(host), []);
      }));

    it('knows what an earlier install did: a second group comes to it, and both go together', () =>
      withHost({ version, groups: ['main', 'family'] }, async ({ host, plan }) => {
        const before = tables(host);
        const one = await adapter.install(await plan({ group: 'main' }), session());
        const second = await plan({ group: 'family' }, [one]);
        assert.ok(second.steps.every(({ change }) => change.startsWith('family')));
        const both = await adapter.install(second, session());
        assert.deepEqual(
          both.agents?.map(({ name }) => name),
          ['nanoclaw-main', 'nanoclaw-family'],
        );
        assert.deepEqual((await plan({ group: '*' }, [both])).steps, []);
        // What somebody took away by hand comes back, and only that.
        const gone = host.rows('messaging_group_agents').at(-1);
        host.exec(`DELETE FROM messaging_group_agents WHERE id = '${String(gone?.['id'])}'`);
        const repair = await plan({}, [both]);
        assert.ok(repair.steps.length === 1 && repair.steps[0]?.change.includes('wires it'));
        const whole = await adapter.install(repair, session());
        assert.deepEqual((await plan({}, [whole])).steps, []);
        await adapter.uninstall(whole, session());
        assert.deepEqual(tables(host), before);
      }));

    it('leaves what was there before, and what somebody else uses', () =>
      withHost({ version }, async ({ host, plan }) => {
        await wire(host, 'main');
        const before = tables(host);
        const receipt = await adapter.install(await plan(), session());
        const undone = session();
        await adapter.uninstall(receipt, undone);
        assert.deepEqual(tables(host), before);
        assert.match(
          undone.notes.join('\n'),
          /left mesh:main wired to the agent group main: it was so before/,
        );
        // The agent already calls somebody else by the name that we would have.
        assert.deepEqual((await plan()).steps, []);
      }));

    it('proves it by a word, and says what NanoClaw keeps of it', () =>
      withHost({ version }, async ({ host, plan }) => {
        const told = session();
        const receipt = await adapter.install(await plan({ test: true }), told);
        assert.match(told.notes.at(-1) ?? '', /the agent group main answered: /);
        const undone = session();
        await adapter.uninstall(receipt, undone);
        assert.ok(undone.notes.some((line) => /left the messaging group mesh:main.*sessions/.test(line)));
        assert.deepEqual(host.rows('messaging_group_agents'), []);
        assert.deepEqual(host.rows('agent_destinations'), []);
        // What is left is used again.
        const again = await plan();
        assert.ok(!again.steps.some(({ change }) => change === 'main: makes a messaging group for the mesh'));
        await adapter.install(again, session());
        assert.deepEqual((await plan()).steps, []);
      }));
  });
}

describe('nanoclaw: what is in the way of an install', () => {
  const home = mkdtempSync(join(tmpdir(), 'nanoclaw-way-'));
  const stopped = join(home, 'stopped');
  mkdirSync(join(stopped, 'data'), { recursive: true });
  writeFileSync(join(stopped, 'package.json'), '{"name":"nanoclaw","version":"2.4.0"}');
  const check = async (options: Partial<InstallOptions>, message: RegExp, remedy: RegExp): Promise<void> => {
    const plan = await adapter.plan({ env: {}, settings: {}, receipts: [], ...options });
    const [obstacle] = plan.obstacles;
    assert.match(obstacle?.message ?? '', message);
    assert.match(obstacle?.remedy ?? '', remedy);
    assert.deepEqual(plan.steps, []);
  };

  it('nothing there, several of them, another folder, a path that is none', async () => {
    await check({ env: { HOME: join(home, 'nobody') } }, /No NanoClaw was found/, /--dir/);
    await check({ dir: join(home, 'nobody') }, /There is no folder/, /--dir/);
    await check({ dir: home }, /There is no NanoClaw in/, /--dir/);
    await check({ env: { NANOCLAW_DIR: 'nanoclaw' } }, /not a whole path/, /--dir/);
    for (const name of ['nanoclaw', 'nanoclaw-2']) {
      mkdirSync(join(home, name));
      writeFileSync(join(home, name, 'package.json'), '{"name":"nanoclaw","version":"2.4.0"}');
    }
    await check(
      { env: { HOME: home } },
      /more than one NanoClaw/,
      /--dir \S*nanoclaw or --dir \S*nanoclaw-2/,
    );
  });

  it('a host that does not run', () =>
    check({ dir: stopped }, /does not run/, /systemctl --user start nanoclaw-v2-[0-9a-f]{8}|launchctl/));

  it('an agent group that is not said, not there, or none at all; a choice that is none', () =>
    withHost({ groups: ['main', 'family'] }, async ({ host }) => {
      const { dir } = host;
      await check({ dir }, /several agent groups: family, main/, /--group/);
      await check({ dir, settings: { group: 'main,nobody' } }, /no agent group nobody/, /family, main/);
      await check({ dir, settings: { group: 'main', colour: 'red' } }, /knows no colour/, /group, at_once/);
      await check({ dir, settings: { group: 'main', at_once: 99 } }, /1 to 16 tasks/, /--at-once/);
      await withHost({ groups: [] }, async (empty) => {
        await check({ dir: empty.host.dir }, /no agent group yet/, /groups create/);
      });
      await withHost({ version: '2.0.64' }, async (early) => {
        await check({ dir: early.host.dir, settings: { at_once: 2 } }, /session of its own/, /--at-once/);
      });
    }));

  it('a wiring that somebody changed', () =>
    withHost({}, async ({ host }) => {
      await wire(host, 'main');
      host.exec("UPDATE messaging_group_agents SET session_mode = 'shared'");
      await check({ dir: host.dir }, /must be .* per-thread/, /wirings delete --id/);
    }));

  it('how many tasks at once is a choice, and conversations are never taken away by another number', () =>
    withHost({}, async ({ host, plan }) => {
      const two = await adapter.install(await plan({ at_once: 2 }), session());
      assert.equal(host.rows('messaging_groups').length, 2);
      const five = await adapter.install(await plan({ at_once: 5 }, [two]), session());
      assert.equal(host.rows('messaging_groups').length, 5);
      const less = await plan({ at_once: 1 }, [five]);
      assert.deepEqual(less.steps, []);
      assert.ok(less.found?.some((line) => line.includes('5 tasks at once')));
      await adapter.uninstall(five, session());
      assert.equal(host.rows('messaging_groups').length, 0);
    }));

  it('is told what it takes for conversations to be cleared', async () => {
    await withHost({ admins: [] }, async ({ plan }) => {
      const { found = [] } = await plan();
      assert.ok(found.some((line) => /roles grant --user cli:local --role admin --group ag-/.test(line)));
    });
    await withHost({}, async ({ plan }) => {
      assert.ok(!(await plan()).found?.some((line) => line.includes('roles grant')));
    });
  });

  it('a host that goes away in the middle: the receipt was kept, and uninstall takes back what was done', () =>
    withHost({}, async ({ host, plan }) => {
      const before = tables(host);
      const told = session();
      const first = await plan();
      host.refuseAfter(2);
      await assert.rejects(adapter.install(first, told), (error: unknown) => {
        assert.ok(error instanceof MeshError);
        assert.equal(error.code, 'install_failed');
        return true;
      });
      host.refuseAfter(null);
      const [kept] = told.kept;
      assert.ok(kept !== undefined);
      await adapter.uninstall(kept, session());
      assert.deepEqual(tables(host), before);
      await host.closeDoors();
      await assert.rejects(adapter.uninstall(kept, session()), /does not run/);
      await adapter.uninstall({ ...kept, dir: join(home, 'gone') }, session());
    }));
});
