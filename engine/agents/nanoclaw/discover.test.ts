// Where NanoClaw is looked for, and what its agent groups are called.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { AgentEntrySchema } from '#machines/nouns/agent';
import { testPorts } from '../adapter.testports.ts';
import type { Found } from '../adapter.ts';
import { agentName, discover, installations, workingFolderIn } from './discover.ts';
import { FakeHost } from './nanoclaw.testhost.ts';
import { endsTurns } from './attend.ts';

const inFolder = async (work: (home: string) => Promise<void>): Promise<void> => {
  const home = mkdtempSync(join(tmpdir(), 'nanoclaw-home-'));
  try {
    await work(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
};

const checkout = (dir: string, name = 'nanoclaw'): void => {
  mkdirSync(join(dir, 'data'), { recursive: true });
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name, version: '2.4.0' }));
};

describe('nanoclaw: discovery', () => {
  it('finds installations by variable, by name, and by their services, each once', () =>
    inFolder(async (home) => {
      const named = join(home, 'somewhere', 'claw');
      const served = join(home, 'srv', 'assistant two');
      const mac = join(home, 'mac & cheese');
      for (const dir of [named, served, mac, join(home, 'nanoclaw'), join(home, 'NanoClaw-work')])
        checkout(dir);
      checkout(join(home, 'nanoclaw-notes'), 'notes');
      mkdirSync(join(home, 'nanoclaw-empty'));
      symlinkSync(join(home, 'nanoclaw'), join(home, 'nanoclaw-link'));
      const units = join(home, '.config', 'systemd', 'user');
      const agents = join(home, 'Library', 'LaunchAgents');
      mkdirSync(units, { recursive: true });
      mkdirSync(agents, { recursive: true });
      writeFileSync(
        join(units, 'nanoclaw-v2-ab12cd34.service'),
        `[Service]\nExecStart=/usr/bin/node dist/index.js\nWorkingDirectory=${served}\nRestart=always\n`,
      );
      writeFileSync(join(units, 'other.service'), `[Service]\nWorkingDirectory=${home}\n`);
      writeFileSync(
        join(agents, 'com.nanoclaw-v2-ab12cd34.plist'),
        `<dict><key>WorkingDirectory</key>\n  <string>${mac.replace('&', '&amp;')}</string></dict>`,
      );
      const found = installations({ home, env: { NANOCLAW_DIR: named } }).map(({ dir }) => dir);
      assert.deepEqual(
        found.filter((dir) => dir.startsWith(home)),
        [named, join(home, 'NanoClaw-work'), join(home, 'nanoclaw'), served, mac],
      );
      await Promise.resolve();
    }));

  it('names one agent for each group, short where it is the only one, never two alike', () =>
    inFolder(async (home) => {
      const hosts = [
        await FakeHost.start(join(home, 'nanoclaw'), { groups: ['main'] }),
        await FakeHost.start(join(home, 'nanoclaw-2'), { groups: ['main'], version: '2.0.64' }),
        await FakeHost.start(join(home, 'nanoclaw-3'), { groups: ['main', 'family'] }),
      ];
      checkout(join(home, 'nanoclaw-stopped'));
      const all: Found[] = [];
      try {
        const signal = AbortSignal.timeout(2_000);
        for await (const each of discover(testPorts.clock, signal, { home, env: {} })) all.push(each);
      } finally {
        for (const host of hosts) await host.stop();
      }
      const own = all.filter(({ entry }) => entry.dir?.startsWith(home));
      assert.deepEqual(own.map(({ entry }) => entry.name).sort(), [
        'nanoclaw',
        'nanoclaw-family',
        'nanoclaw-main',
        'nanoclaw@nanoclaw-2',
      ]);
      for (const { entry, detail } of own) {
        assert.deepEqual(AgentEntrySchema.parse(entry), entry);
        assert.notEqual(detail, '');
      }
    }));

  it('makes a name out of any folder', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 80 }), (folder) => {
        const group = { id: 'g', name: 'g', folder };
        const name = agentName([group, { ...group, id: 'h' }], group);
        AgentEntrySchema.parse({ name, kind: 'nanoclaw', dir: '/x' });
      }),
    );
  });

  it('reads the working folder of a unit, and of nothing else', () => {
    assert.equal(workingFolderIn('WorkingDirectory=/opt/a\n'), '/opt/a');
    assert.equal(workingFolderIn('WorkingDirectory="/opt/a b"\n'), '/opt/a b');
    assert.equal(workingFolderIn('# WorkingDirectory=/opt/a\n'), null);
    assert.equal(workingFolderIn('WorkingDirectory=~/x\n'), null);
    fc.assert(fc.property(fc.string(), (text) => typeof workingFolderIn(text) !== 'number'));
  });

  it('knows which runners end a turn for a command', () => {
    assert.deepEqual(
      ['2.0.64', '2.1.0', '2.1.1', '2.4.0', '3.0.0', '2.1.1-beta', 'nonsense', ''].map(endsTurns),
      [false, false, true, true, true, true, false, false],
    );
  });
});
